// One process at a time: two downloads into the same partial file would spoil each other.

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { MachineError, systemCode } from '../base/errors';
import { writeError } from '../base/files';
import { displayPath } from '../base/paths';

/**
 * Runs `work` while this process alone holds `path`. A lock left by a process that is gone is taken over.
 *
 * @throws MachineError if another process holds it
 */
export async function withLock<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw writeError(path, error);
  });
  if (!(await tryLock(path))) {
    const owner = await ownerOf(path);
    if (owner.alive)
      throw new MachineError(
        `${displayPath(path)}: process ${owner.name} is at work on ${what}; wait for it, or delete this file if it is gone`,
      );
    await rm(path, { force: true });
    if (!(await tryLock(path)))
      throw new MachineError(
        `${displayPath(path)}: another process took ${what} at the same moment; run the same command again`,
      );
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${process.pid} ${hostname()}`);
    await file.close();
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw writeError(path, error);
  }
}

async function ownerOf(path: string): Promise<{ name: string; alive: boolean }> {
  const name = await readFile(path, 'utf8').catch(() => '');
  const [pid, host] = name.split(' ');
  if (host !== hostname()) return { name, alive: host !== undefined };
  try {
    process.kill(Number(pid), 0);
    return { name, alive: true };
  } catch (error) {
    return { name, alive: systemCode(error) === 'EPERM' };
  }
}
