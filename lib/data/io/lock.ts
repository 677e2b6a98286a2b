// Lets one process work at a time: two downloads into the same partial file would damage each
// other.

import { dirname } from 'node:path';
// Shared by lib and the set-up, which runs before lib is compiled.
import { takeLock } from '#lock';
import { LockedError } from '../../base/errors';
import { makeFolder, writeError } from '../../base/files';
import { displayPath } from '../../base/paths';

/**
 * Runs `work` while this process alone holds the lock at `path`. A lock of a dead process is taken
 * over.
 *
 * @param what the work, for the message: `this run`
 * @throws LockedError if another process holds it, or this one does, for other work
 */
export async function withLock<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  const release = await lockOrThrow(path, what);
  try {
    return await work();
  } finally {
    release();
  }
}

async function lockOrThrow(path: string, what: string): Promise<() => void> {
  let lock: ReturnType<typeof takeLock>;
  try {
    await makeFolder(dirname(path));
    lock = takeLock(path);
  } catch (error) {
    throw writeError(path, error);
  }
  const { holder, release } = lock;
  if (holder === undefined) return release;
  throw new LockedError(
    holder.isSelf
      ? `${displayPath(path)}: ${holder.name}, this very one, is at work on ${what} already; wait until that has ended`
      : `${displayPath(path)}: ${holder.name} is at work on ${what}; wait for it, or delete this lock if it is gone`,
  );
}
