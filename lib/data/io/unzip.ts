// Unpacks a file of a zip archive piece by piece to the disk: it may be larger than memory. The
// caller, never the archive, decides the path.

import { type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { DataError, messageOf, systemCode } from '../../base/errors';
import { checkRoom, makeFolder, openForReading, readError, writeFileInPieces } from '../../base/files';
import { formatBytes } from '../../base/format';
import { heedStop } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { type ZipEntry, zipDirectory, ZipFailure } from './zip-directory';

/** An opened archive. */
export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Unpacks a file, completely or not at all; an existing one is replaced.
   *
   * @param onProgress called with the number of bytes written
   * @throws DataError if it is larger than `maxBytes`, packed by an unsupported method, does not
   *   match its checksum, or cannot be read
   * @throws MachineError if the disk is full or cannot be written
   */
  extract(
    name: string,
    to: string,
    limits: { readonly maxBytes: number; readonly onProgress?: (bytes: number) => void },
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens an archive.
 *
 * @throws DataError if it is none, is damaged, or one of its files would be outside of the folder
 *   it is unpacked in
 */
export async function openZip(path: string): Promise<ZipArchive> {
  const where = displayPath(path);
  const file = await openForReading(path);
  try {
    const entries = await zipDirectory(file);
    const outside = [...entries.keys()].find((name) => !isInside(name));
    if (outside !== undefined)
      throw new DataError(
        `${where}: holds '${outside}', which lies outside of its folder; it is not what it should be, delete it`,
      );
    return {
      entries,
      extract: async (name, to, { maxBytes, onProgress }) => {
        const entry = entries.get(name);
        if (entry === undefined) throw new DataError(`${where}: has no ${name}; get it again`);
        if (entry.bytes > maxBytes)
          throw new DataError(
            `${where}: ${name} has ${formatBytes(entry.bytes)}, more than the ${formatBytes(maxBytes)} allowed`,
          );
        await makeFolder(dirname(to));
        await checkRoom(to, entry.bytes);
        await writeUnpacked({ file, path }, entry, to, `${where}: ${name}`, onProgress);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    if (!(error instanceof ZipFailure)) throw error;
    throw new DataError(`${where}: ${error.message}; get it again`, { cause: error });
  }
}

/** True if a name is a relative path that only goes down. */
function isInside(name: string): boolean {
  return !/^[/\\]|^[a-z]:|\\|\0/i.test(name) && !name.split('/').includes('..');
}

/** An archive's file, and its path for messages. */
interface ArchiveFile {
  readonly file: FileHandle;
  readonly path: string;
}

async function writeUnpacked(
  archive: ArchiveFile,
  entry: ZipEntry,
  to: string,
  where: string,
  onProgress?: (bytes: number) => void,
): Promise<void> {
  await writeFileInPieces(to, async (file) => {
    let [written, checksum] = [0, 0];
    for await (const piece of unpacked(archive, entry, where)) {
      await heedStop();
      written += piece.length;
      // A bomb: more than the archive's own directory states.
      if (written > entry.bytes) throw wrong(where);
      checksum = crc32(piece, checksum);
      await file.writeFile(piece);
      onProgress?.(written);
    }
    if (written !== entry.bytes || checksum !== entry.crc32) throw wrong(where);
  });
}

/** Yields the unpacked bytes of a file, in pieces. */
async function* unpacked(archive: ArchiveFile, entry: ZipEntry, where: string): AsyncGenerator<Buffer> {
  const stored = Readable.from(storedPieces(archive, entry));
  if (entry.method === 0) {
    yield* stored as AsyncIterable<Buffer>;
    return;
  }
  if (entry.method !== 8)
    throw new DataError(
      `${where}: packed by method ${entry.method}, which is not supported; unpack it by hand`,
    );
  const inflate = createInflateRaw();
  stored.on('error', (error) => inflate.destroy(error));
  try {
    yield* stored.pipe(inflate) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(systemCode(error) ?? '').startsWith('Z_')) throw error;
    throw new DataError(`${where}: cannot be unpacked (${messageOf(error)}); get the archive again`, {
      cause: error,
    });
  }
}

const pieceBytes = 1 << 20;

async function* storedPieces(
  { file, path }: ArchiveFile,
  { begin, storedBytes }: ZipEntry,
): AsyncGenerator<Buffer> {
  for (let done = 0; done < storedBytes;) {
    const piece = Buffer.alloc(Math.min(pieceBytes, storedBytes - done));
    const { bytesRead } = await file
      .read(piece, 0, piece.length, begin + done)
      .catch((error: unknown): never => {
        throw readError(path, error);
      });
    if (bytesRead === 0) return;
    done += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

function wrong(where: string): DataError {
  return new DataError(`${where}: is not what its size and checksum say; get the archive again`);
}
