// Reads and writes whole files. A file is never left half written, and an error of reading is one
// line that says why.

import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync } from 'node:fs';
import {
  access,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { DataError, MachineError, messageOf, systemCode } from './errors';
import { cellInterrupt } from './interrupt';
import { formatBytes } from './format';
import { displayPath } from './paths';

let temporaryCount = 0;

/** A temporary name beside `path`, unique in this process and among processes. */
export function temporaryPath(path: string): string {
  temporaryCount += 1;
  return `${path}.${process.pid}-${temporaryCount}.partial`;
}

const temporaryName = /\.\d+-\d+\.partial$/;

/**
 * Deletes unfinished files in a folder, if it exists. The caller must hold a lock, so that nobody
 * else writes there.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(folder, error);
  });
  for (const name of names.filter((name) => temporaryName.test(name))) {
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
      await writeFlushed(temporary, (file) => file.writeFile(content));
    }
    for (const { path, temporary } of written) {
      current = path;
      await rename(temporary, path);
    }
  } catch (error) {
    // The cause of the failed write may hinder this too; the first error is the one to report.
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(current, error);
  }
}

/**
 * Makes a folder with its missing parents.
 *
 * Node.js's own `recursive` never returns where a folder exists but none can be made in it, as
 * under /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    await mkdir(folder).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
  }
  // ENOTDIR where a file has the name.
  await access(`${path}/.`);
}

/**
 * Makes sure that a folder can be written or made, and leaves no trace: for commands that compute
 * before they write.
 *
 * @throws MachineError if it cannot
 */
export async function checkWritable(folder: string): Promise<void> {
  let place = resolve(folder);
  try {
    // A broken link exists, and is no folder; above a missing drive there is nothing.
    while (lstatSync(place, { throwIfNoEntry: false }) === undefined && dirname(place) !== place)
      place = dirname(place);
    await rmdir(await mkdtemp(join(place, '.writable-')));
  } catch (error) {
    throw writeError(folder, error);
  }
}

/**
 * Writes a whole file or nothing, piece by piece.
 *
 * @param write gets the open file; what it throws is thrown as it is, but for system errors
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function writeFileInPieces<T>(
  path: string,
  write: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const temporary = temporaryPath(path);
  try {
    const result = await writeFlushed(temporary, write);
    await rename(temporary, path);
    return result;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw systemCode(error) === undefined ? error : writeError(path, error);
  }
}

async function writeFlushed<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  await makeFolder(dirname(path));
  const file = await open(path, 'w');
  try {
    const result = await write(file);
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

const notWritable = 'not writable by this user; change its permissions or write elsewhere';

/** Reasons of failed writes and reads by the system's code, each with its remedy. */
const writeFailures: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOSPC', 'the disk is full; free some space and run the same command again'],
  ['ENOTDIR', 'a file stands where a folder should be; choose another name'],
  ['EACCES', notWritable],
  ['EPERM', notWritable],
  ['EROFS', notWritable],
]);
const readFailures: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOENT', 'no such file; check the path'],
  ['EISDIR', 'is a folder; name a file in it'],
  ['EACCES', 'not readable by this user; change its permissions'],
]);

/** The error for a failed write, in one line. */
export function writeError(path: string, error: unknown): MachineError {
  const why = writeFailures.get(systemCode(error)) ?? `could not be written (${messageOf(error)})`;
  return new MachineError(`${displayPath(path)}: ${why}`, { cause: error });
}

/** The error for a failed read, in one line. */
export function readError(path: string, error: unknown): DataError {
  const why = readFailures.get(systemCode(error)) ?? `could not be read (${messageOf(error)})`;
  return new DataError(`${displayPath(path)}: ${why}`, { cause: error });
}

/**
 * Plain files under a folder, no links: sorted paths relative to it, with forward slashes.
 *
 * @throws DataError if it cannot be read
 */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw readError(folder, error);
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return paths.map((path) => relative(folder, path).split(sep).join('/')).sort();
}

/** Opens a file to read it. @throws DataError in one line, if it cannot be opened */
export async function openForReading(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: unknown) => {
    throw readError(path, error);
  });
}

/**
 * Bytes of the longest text that is read in one piece. JavaScript's own limit is twice that, and
 * decoding takes several times the size.
 */
const mostText = 2 ** 28;

/**
 * The text of a UTF-8 file, without a byte-order mark.
 *
 * @param most bytes
 * @throws DataError if it is missing, a folder, too long, or not UTF-8 (with the offset of the
 *   first bad byte)
 */
export async function readTextFile(path: string, most = mostText): Promise<string> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  const pieces: string[] = [];
  let read = size;
  if (size <= most) {
    read = 0;
    for await (const piece of readTextPieces(path)) {
      pieces.push(piece);
      // A file without a size, such as a pipe, can be long too.
      read += piece.length;
      if (read > most) break;
    }
  }
  if (read > most)
    throw new DataError(
      `${displayPath(path)}: ${formatBytes(read)} of text, and at most ${formatBytes(most)} are read at once; split it`,
    );
  return pieces.join('');
}

/**
 * Yields the text of a UTF-8 file of any length in pieces, cut between characters, without a
 * byte-order mark.
 *
 * @param bytesAtOnce approximate length of a piece
 * @param notUtf8     message about a wrong byte, without the path
 * @throws DataError as `readTextFile`, at the piece that is wrong
 */
export async function* readTextPieces(
  path: string,
  bytesAtOnce = 1 << 20,
  notUtf8 = notUtf8At,
): AsyncGenerator<string> {
  let held: Uint8Array = new Uint8Array(0); // of a character whose other bytes have not come yet
  let offset = 0;
  const decode = (bytes: Uint8Array): string => {
    try {
      // A byte-order mark counts at the beginning only.
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: offset > 0 }).decode(bytes);
      offset += bytes.length;
      return text;
    } catch (error) {
      const why = notUtf8(offset + firstInvalidByte(bytes));
      throw new DataError(`${displayPath(path)}: ${why}`, { cause: error });
    }
  };
  try {
    for await (const read of createReadStream(path, {
      highWaterMark: bytesAtOnce,
    }) as AsyncIterable<Buffer>) {
      const bytes = held.length === 0 ? read : Buffer.concat([held, read]);
      const end = endOfCharacters(bytes);
      held = bytes.subarray(end);
      if (end > 0) yield decode(bytes.subarray(0, end));
    }
  } catch (error) {
    throw error instanceof DataError ? error : readError(path, error);
  }
  if (held.length > 0) yield decode(held);
}

function notUtf8At(byte: number): string {
  return `not UTF-8 text (byte ${byte}); convert it, e.g. with iconv -t utf-8`;
}

/** The end of the last character of which all bytes are present. */
function endOfCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/**
 * Yields the lines of a UTF-8 file of any length, without their `\n` or `\r\n`. They end at `\n`
 * alone: Node.js's `readline` would also cut at U+2028, which JSON may contain. Throws as
 * `readTextPieces`.
 */
export async function* readTextLines(path: string, notUtf8 = notUtf8At): AsyncGenerator<string> {
  let begun: string[] = []; // of a line whose end has not come yet
  for await (const piece of readTextPieces(path, undefined, notUtf8)) {
    const [first = '', ...rest] = piece.split('\n');
    begun.push(first);
    for (const next of rest) {
      yield begun.join('').replace(/\r$/, '');
      begun = [next];
    }
  }
  yield begun.join('').replace(/\r$/, '');
}

function firstInvalidByte(bytes: Uint8Array): number {
  // The longest prefix that may still become valid, by bisection; then without the character it
  // ends inside.
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

/**
 * Adds a file's bytes to a hash, streamed.
 *
 * @throws DataError if it cannot be read
 */
export async function hashFile(hash: Hash, path: string): Promise<Hash> {
  try {
    const pieces = createReadStream(path, { signal: cellInterrupt() });
    for await (const piece of pieces as AsyncIterable<Buffer>) hash.update(piece);
  } catch (error) {
    throw readError(path, error);
  }
  return hash;
}

/** SHA-256 of a file as lower-case hex, streamed. */
export async function sha256File(path: string): Promise<string> {
  return (await hashFile(createHash('sha256'), path)).digest('hex');
}

/** SHA-256 of text or bytes as lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Reads bytes of a file.
 *
 * @param atOnce bytes of one read at most, below 2 GiB; a large tensor takes several reads
 * @throws Error if the file ends too early
 */
export async function readBytes(
  file: Pick<FileHandle, 'read'>,
  position: number,
  length: number,
  atOnce = 1 << 30,
): Promise<Buffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length;) {
    const count = Math.min(length - done, atOnce);
    const { bytesRead } = await file.read(bytes, done, count, position + done);
    if (bytesRead === 0) throw new Error('the file ends early');
    done += bytesRead;
  }
  return bytes;
}

/**
 * Makes sure that the disk has room for so many bytes of a file, whose folder must be there.
 *
 * @throws MachineError if it has not
 */
export async function checkRoom(path: string, needed: number): Promise<void> {
  // What this user may still write there.
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (free < needed)
    throw new MachineError(
      `${displayPath(path)}: needs ${formatBytes(needed)} of disk, ${formatBytes(free)} are free; free some space and run the same command again`,
    );
}
