// Reading and writing whole files: nothing is ever half written, and what cannot be read says why in one line.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DataError, MachineError, messageOf, systemCode } from './errors';
import { displayPath } from './paths';

let temporaryCount = 0;

/** A name beside `path` for what is not finished yet; unique in this process and among processes. */
export function temporaryPath(path: string): string {
  temporaryCount += 1;
  return `${path}.${process.pid}-${temporaryCount}.partial`;
}

const temporaryName = /\.\d+-\d+\.partial$/;

/**
 * Deletes what was not finished in a folder, if the folder is there: for who knows, by a lock, that nobody else writes in it.
 *
 * @param except what belongs to this file stays, e.g. to the lock, which others may be waiting for
 */
export async function removeLeftovers(folder: string, except?: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(folder, error);
  });
  const left = names.filter((name) => temporaryName.test(name) && name.replace(temporaryName, '') !== except);
  for (const name of left) {
    const path = join(folder, name);
    await rm(path, { force: true }).catch((error: unknown) => {
      throw writeError(path, error);
    });
  }
}

/**
 * Writes a whole file or nothing: to a temporary name, flushed to the disk, then renamed.
 *
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await writeFilesAtomic([[path, content]]);
}

/**
 * Writes files that belong together: none takes its name before all are on the disk.
 *
 * @throws MachineError if the disk is full or a folder cannot be written
 */
export async function writeFilesAtomic(
  files: readonly (readonly [path: string, content: string | Uint8Array])[],
): Promise<void> {
  const written = files.map(([path, content]) => ({ path, content, temporary: temporaryPath(path) }));
  let current = '';
  try {
    for (const { path, content, temporary } of written) {
      current = path;
      await writeFlushed(temporary, content);
    }
    for (const { path, temporary } of written) {
      current = path;
      await rename(temporary, path);
    }
  } catch (error) {
    // What hinders the write may hinder this too; the first error is the one to tell.
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(current, error);
  }
}

/**
 * Makes a folder and those above it that are missing.
 *
 * Node.js's own `recursive` never comes back where a folder is there but none can be made in it, as under /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    await mkdir(folder).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
  }
}

async function writeFlushed(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The one line for a write that failed. */
export function writeError(path: string, error: unknown): MachineError {
  const where = displayPath(path);
  const code = systemCode(error);
  if (code === 'ENOSPC')
    return new MachineError(`${where}: the disk is full; free some space and run the same command again`, {
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new MachineError(
      `${where}: not writable by this user; change its permissions or write elsewhere`,
      { cause: error },
    );
  }
  return new MachineError(`${where}: could not be written (${messageOf(error)})`, { cause: error });
}

/** The one line for a read that failed. */
export function readError(path: string, error: unknown): DataError {
  const where = displayPath(path);
  const code = systemCode(error);
  if (code === 'ENOENT') return new DataError(`${where}: no such file; check the path`, { cause: error });
  if (code === 'EISDIR') return new DataError(`${where}: is a folder; name a file in it`, { cause: error });
  if (code === 'EACCES')
    return new DataError(`${where}: not readable by this user; change its permissions`, { cause: error });
  return new DataError(`${where}: could not be read (${messageOf(error)})`, { cause: error });
}

/**
 * The text of a UTF-8 file, without a byte-order mark.
 *
 * @throws DataError if it is missing, a folder, or not UTF-8 (with the offset of the first bad byte)
 */
export async function readTextFile(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw readError(path, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(
      `${displayPath(path)}: not UTF-8 text (byte ${firstInvalidByte(bytes)}); convert it, e.g. with iconv -t utf-8`,
      { cause: error },
    );
  }
}

function firstInvalidByte(bytes: Uint8Array): number {
  // The longest prefix that may still become valid, by bisection; then without the character it ends inside.
  const decode = (end: number): string =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end), {
      stream: true,
    });
  let [valid, invalid] = [0, bytes.length + 1];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    try {
      decode(middle);
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  return Buffer.byteLength(decode(valid));
}

/** SHA-256 of a file as lower-case hex, streamed. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw readError(path, error);
  }
  return hash.digest('hex');
}

/** SHA-256 of text or bytes as lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** One read of a file is of less than 2 GiB, so a large tensor takes several. */
const bytesAtOnce = 1 << 30;

/** Bytes of a file. */
export async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length;) {
    const count = Math.min(length - done, bytesAtOnce);
    const { bytesRead } = await file.read(bytes, done, count, position + done);
    if (bytesRead === 0) throw new Error('the file ends early');
    done += bytesRead;
  }
  return bytes;
}

/** Bytes that this user may still write into a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
