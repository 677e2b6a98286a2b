// The project's only lock, so that one process works at a time: for the set-up, which runs before
// lib is compiled, and for lib (`#lock` in package.json).
//
// A lock is a folder with one entry, whose name says who holds it. Every decision is one step of
// the file system:
// - A new folder with its entry is renamed to the lock's name. That fails while the folder of that
//   name has an entry, so a lock is never half taken, and never taken from its holder.
// - The lock of a dead process is removed by its entry's name, which no other lock has, so a late
//   process removes nothing. No hard links are needed, which some file systems do not have.
//
// Whether a process of another machine is dead, nobody here can see. So a lock is a lease: its
// holder writes to the entry every so often, and another machine takes it over after a long
// silence. Times are compared as the file system has them, that of the entry with that of a new
// file, so a wrong clock matters only where each machine sets the times of the files it writes.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
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
import { Worker } from 'node:worker_threads';

/** Prefix of folders beside locks that are to become one, each with the name of its entry. */
const beginning = '.lock-';

/** Content of a new entry: one without any is an older version's, whose holder writes nothing. */
const leased = 'lease\n';

/**
 * Milliseconds of silence after which other machines take a lock over: clearly longer than the
 * pause between two signs of life (lease.mjs), what two clocks may differ by, and what a shared
 * file system may delay.
 */
const longestSilence = 10 * 60_000;

const host = hostname()
  .replace(/[^\w.-]/g, '_')
  .slice(0, 64);

/**
 * Takes the lock at `path`, in an existing folder, if nobody holds it. The lock of a dead process
 * does not count, nor one of another machine that has been silent for long.
 *
 * @returns `release` and `isHeld`, which tells whether another machine has taken the lock over; or
 *   the holder: `isSelf` if it is this process
 * @throws the file system's error if it cannot be written
 */
export function takeLock(path) {
  const entry = `${process.pid}-${startOf(process.pid)}-${randomBytes(4).toString('hex')}-${host}`;
  const own = join(dirname(path), beginning + entry);
  try {
    mkdirSync(own);
    writeFileSync(join(own, entry), leased);
    while (!becomes(own, path)) {
      const holder = holderOf(path);
      if (holder !== undefined && !isGone(holder) && !hasLapsed(path, holder, join(own, entry)))
        return { holder: described(holder) };
      remove(path, holder?.entry);
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  removeBegun(dirname(path));
  const held = join(path, entry);
  leases().postMessage({ hold: held });
  return {
    isHeld: () => existsSync(held),
    release: () => {
      leases().postMessage({ release: held });
      remove(path, entry);
    },
  };
}

let thread;

/** The thread that gives signs of life, also while this one computes or waits for a program. */
function leases() {
  if (thread === undefined) {
    thread = new Worker(new URL('lease.mjs', import.meta.url), { execArgv: [], env: {} });
    // Without it, locks are held as long as before, if other machines do not take them over.
    thread.on('error', () => undefined);
    thread.unref();
  }
  return thread;
}

/**
 * Tells whether the holder of a lock has been silent for so long that other machines take it over.
 *
 * @param heardAt its last sign of life, milliseconds
 * @param now     the time of whoever asks
 */
export function isSilent(heardAt, now) {
  return now - heardAt > longestSilence;
}

/**
 * Checks that a holder on another machine has been silent for long.
 *
 * @param fresh a file that was written just now, which tells the file system's time
 */
function hasLapsed(path, holder, fresh) {
  if (holder.entry === undefined || holder.host === host) return false;
  try {
    const { size, mtimeMs } = seen(join(path, holder.entry));
    return size > 0 && isSilent(mtimeMs, seen(fresh).mtimeMs);
  } catch (error) {
    // Released, or taken over, in this moment.
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * A file's times and size. It is opened, so that a network file system asks its server for them.
 */
function seen(path) {
  const file = openSync(path, 'r');
  try {
    return fstatSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Takes the lock at `path`, and waits for it while another process holds it.
 *
 * @param tell is called once with the holder, if there is one
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

/** Renames a folder to this name; false if a folder with an entry, or a file, has it. */
function becomes(folder, path) {
  return done(() => renameSync(folder, path), ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', ...windows]);
}

/** Windows does not replace even an empty folder. */
const windows = process.platform === 'win32' ? ['EPERM', 'EACCES'] : [];

/** The holder of the lock; undefined if there is none, empty if it cannot be read. */
function holderOf(path) {
  let entries = [];
  try {
    entries = readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return {};
    if (error.code !== 'ENOENT') throw error;
  }
  const [entry] = entries;
  return entry === undefined ? undefined : (parsed(entry) ?? {});
}

function parsed(entry) {
  const [, pid, start, host] = /^(\d+)-([\w.]*)-[0-9a-f]{8}-(.+)$/.exec(entry) ?? [];
  return pid === undefined ? undefined : { entry, pid: Number(pid), start, host };
}

/**
 * Checks that a holder is dead. One that cannot be read, or is on another machine, may be at work.
 */
function isGone(holder) {
  if (holder.host !== host) return false;
  if (!isRunning(holder.pid)) return true;
  const start = startOf(holder.pid);
  if (start === hasEnded) return true;
  if (holder.start === '' || start === '') return false;
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

/** The start of a process that has ended but is not yet collected by its parent. */
const hasEnded = 'ended';

/**
 * The start time of a process, which distinguishes it from others of the same number; empty if
 * unknown.
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
    // A /proc with other process numbers than ours, such as a container's host's, does not describe
    // our processes.
    if (pid !== process.pid && Number.parseInt(own) !== process.pid) return '';
    const stat = pid === process.pid ? own : readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    // The program's name in brackets comes before, and may hold anything.
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

/** Removes a lock by its entry, and no other lock that has taken the name by now. */
function remove(path, entry) {
  if (entry !== undefined) done(() => unlinkSync(join(path, entry)), ['ENOENT', 'ENOTDIR']);
  done(() => rmdirSync(path), ['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);
}

/** Removes what processes left that were killed while they took a lock in this folder. */
function removeBegun(folder) {
  for (const name of readdirSync(folder)) {
    const holder = name.startsWith(beginning) ? parsed(name.slice(beginning.length)) : undefined;
    if (holder !== undefined && isGone(holder)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Does something; false if it failed with one of these codes. */
function done(action, codes) {
  try {
    action();
    return true;
  } catch (error) {
    if (codes.includes(error.code)) return false;
    throw error;
  }
}
