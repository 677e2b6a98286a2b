// Lets one process work at a time: two downloads into the same partial file would damage each
// other.

import { dirname } from 'node:path';
// Shared by lib and the set-up, which runs before lib is compiled.
import { type HeldLock, takeLock } from '#lock';
import { LockedError } from '../../base/errors';
import { makeFolder, writeError } from '../../base/files';
import { displayPath } from '../../base/paths';

/**
 * Runs `work` while this process alone holds the lock at `path`. A lock of a dead process is taken
 * over, and one of another machine that has given no sign of life for ten minutes.
 *
 * @param what the work, for the message: `this run`
 * @param work is given a check to make before it writes, which throws LockedError if the lock was
 *   taken over, as it is while a process is suspended
 * @throws LockedError if another process holds it, or this one does, for other work
 */
export async function withLock<T>(
  path: string,
  what: string,
  work: (checkHeld: () => void) => Promise<T>,
): Promise<T> {
  const { release, isHeld } = await lockOrThrow(path, what);
  try {
    return await work(() => {
      if (isHeld()) return;
      throw new LockedError(
        `${displayPath(path)}: this process was silent for so long that another one is at work on ${what} now`,
      );
    });
  } finally {
    release();
  }
}

async function lockOrThrow(path: string, what: string): Promise<HeldLock> {
  let lock: ReturnType<typeof takeLock>;
  try {
    await makeFolder(dirname(path));
    lock = takeLock(path);
  } catch (error) {
    throw writeError(path, error);
  }
  const { holder } = lock;
  if (holder === undefined) return lock;
  throw new LockedError(
    holder.isSelf
      ? `${displayPath(path)}: ${holder.name}, this very one, is at work on ${what} already; wait until that has ended`
      : `${displayPath(path)}: ${holder.name} is at work on ${what}; wait for it, or delete this lock if it is gone`,
  );
}
