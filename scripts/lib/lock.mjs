// One process at a time: the only lock of the project, for the set-up, which runs before lib is
// compiled, and for lib (`#lock` in package.json).
//
// A lock is a folder with one entry, whose name says who holds it. Everything that decides is one
// step of the file system:
// - A folder of one's own, entry included, is renamed to the lock's name. That fails as long as the
//   name has an entry in it, so a lock is never half there and never taken from anybody.
// - What a process that is gone has left is removed by its entry's name, which no other lock has:
//   whoever is late removes nothing. So there is nothing to look at twice, and no hard links are
//   needed, which some file systems do not have.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Beside locks: folders that are to become one, each with the name of its entry. */
const beginning = '.lock-';

const host = hostname()
  .replace(/[^\w.-]/g, '_')
  .slice(0, 64);

/**
 * Takes the lock at `path`, whose folder is there, if nobody holds it. A lock of a process that is
 * gone counts for nothing.
 *
 * @returns `release`, or who holds it: `isSelf` if it is this very process
 * @throws the file system's error, if it cannot be written
 */
export function takeLock(path) {
  const entry = `${process.pid}-${startOf(process.pid)}-${randomBytes(4).toString('hex')}-${host}`;
  const own = join(dirname(path), beginning + entry);
  try {
    mkdirSync(own);
    writeFileSync(join(own, entry), '');
    while (!becomes(own, path)) {
      const holder = holderOf(path);
      if (holder !== undefined && !isGone(holder)) return { holder: described(holder) };
      remove(path, holder?.entry);
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  removeBegun(dirname(path));
  return { release: () => remove(path, entry) };
}

/**
 * Takes the lock at `path`, and waits for it while another process has it.
 *
 * @param tell told once who holds it, if anybody does
 * @returns `release`
 * @throws as `takeLock`
 */
export async function waitForLock(path, tell) {
  for (let told = false; ; told = true) {
    const { holder, release } = takeLock(path);
    if (release !== undefined) return release;
    if (!told) tell(holder);
    await sleep(1000);
  }
}

/** Whether a folder took this name: it does not where a folder with an entry has it, or a file. */
function becomes(folder, path) {
  return done(() => renameSync(folder, path), ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', ...windows]);
}

/** There, a folder does not take the name of an empty one either. */
const windows = process.platform === 'win32' ? ['EPERM', 'EACCES'] : [];

/** Who has the lock; undefined if nobody has. */
function holderOf(path) {
  let entries = [];
  if (!done(() => (entries = readdirSync(path)), ['ENOENT', 'ENOTDIR'])) return holderInFile(path);
  const [entry] = entries;
  return entry === undefined ? undefined : (parsed(entry) ?? {});
}

function parsed(entry) {
  const [, pid, start, host] = /^(\d+)-([\w.]*)-[0-9a-f]{8}-(.+)$/.exec(entry) ?? [];
  return pid === undefined ? undefined : { entry, pid: Number(pid), start, host };
}

/**
 * Of a lock of before they were folders: a file that says the process and its host, unless it is
 * still being written.
 */
function holderInFile(path) {
  let text = '';
  if (!done(() => (text = readFileSync(path, 'utf8')), ['ENOENT', 'EISDIR'])) return undefined;
  const [, pid, host] = /^(\d+) (\S+)$/.exec(text) ?? [];
  return pid === undefined ? {} : { pid: Number(pid), start: '', host };
}

/** A holder that cannot be read, or is on another machine, may be at work. */
function isGone(holder) {
  if (holder.host !== host) return false;
  if (!isRunning(holder.pid)) return true;
  const start = startOf(holder.pid);
  if (start === hasEnded) return true;
  // Files do not say when their process began; but this one holds none.
  if (holder.start === '' || start === '') return holder.entry === undefined && holder.pid === process.pid;
  // The number belongs to another process by now, as that of a container's first process does after
  // each start.
  return holder.start !== start;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * What stands for the beginning of a process that has ended, and only waits for its parent to
 * notice.
 */
const hasEnded = 'ended';

/**
 * When a process began, in letters that no other process of this number has; empty where it cannot
 * be known.
 */
function startOf(pid) {
  if (process.platform === 'linux') return startOnLinux(pid);
  if (process.platform === 'win32') return '';
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  return (stdout ?? '').trim().replace(/\W+/g, '_');
}

function startOnLinux(pid) {
  try {
    const own = readFileSync('/proc/self/stat', 'utf8');
    // A /proc of other process numbers than ours, as of a container's host, says nothing about the
    // others.
    if (pid !== process.pid && Number.parseInt(own) !== process.pid) return '';
    const stat = pid === process.pid ? own : readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    // The name before it, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(fields[0]) ? hasEnded : `${fields[19]}.${boot}`;
  } catch {
    return '';
  }
}

function described({ pid, start, host: where }) {
  if (pid === undefined) return { name: 'another process, which it does not name,', isSelf: false };
  const isHere = where === host;
  return {
    name: `process ${pid}${isHere ? '' : ` of ${where}`}`,
    isSelf: isHere && pid === process.pid && start === startOf(pid),
  };
}

/**
 * Removes a lock by its entry, or one that is a file, and nothing else, whatever has taken the name
 * by now.
 */
function remove(path, entry) {
  if (entry === undefined) {
    const isFile = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
    // On a folder it fails, so that a lock which came in between stays.
    if (isFile) done(() => unlinkSync(path), ['ENOENT', 'EISDIR', 'EPERM']);
  } else {
    done(() => unlinkSync(join(path, entry)), ['ENOENT', 'ENOTDIR']);
  }
  done(() => rmdirSync(path), ['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);
}

/** What processes left that were killed while they took a lock in this folder. */
function removeBegun(folder) {
  for (const name of readdirSync(folder)) {
    const holder = name.startsWith(beginning) ? parsed(name.slice(beginning.length)) : undefined;
    if (holder !== undefined && isGone(holder)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Whether something was done; false if it failed in one of these ways. */
function done(action, codes) {
  try {
    action();
    return true;
  } catch (error) {
    if (codes.includes(error.code)) return false;
    throw error;
  }
}
