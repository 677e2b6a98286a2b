// Finds the files of a zip archive. The format is PKWARE's (APPNOTE 6.3), with the 64-bit fields
// that archives over 4 GB need.

import { type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readBytes } from '../../base/files';

/** Place and description of a file's bytes. */
export interface ZipEntry {
  /** Start of its stored bytes. */
  readonly begin: number;
  readonly storedBytes: number;
  /** Bytes when unpacked. */
  readonly bytes: number;
  /** Method of storage: 0 uncompressed, 8 deflated; others are rare. */
  readonly method: number;
  /** The CRC-32 of the unpacked bytes. */
  readonly crc32: number;
}

/** A file that cannot be read as an archive; the reader makes a message for the user. */
export class ZipFailure extends Error {
  /**
   * @param kind `none`: it is no archive, or its end is missing; `damaged`: it contradicts itself
   */
  constructor(readonly kind: 'none' | 'damaged') {
    super(kind === 'none' ? 'not a zip archive, or cut short' : 'the archive is damaged');
  }
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locatorSignature = 0x07064b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** Value of a 32-bit field whose actual value is in a 64-bit one. */
const elsewhere = 0xffffffff;

/**
 * Lists the files of an archive by name, with folders, whose names end in a slash.
 *
 * @throws ZipFailure if it is no zip archive, is truncated, or contradicts itself
 */
export async function zipDirectory(file: FileHandle): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const { position, bytes } = await directoryPlace(file, size);
  if (position + bytes > size) throw new ZipFailure('damaged');
  const directory = await readBytes(file, position, bytes);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= directory.length;) {
    const { name, header, next, ...stored } = centralEntry(directory, at);
    const begin = await contentStart(file, header, size);
    const { storedBytes, bytes: unpackedBytes, method } = stored;
    // An uncompressed file has one size; with another one, a reader would take the bytes after it
    // for a part of it.
    if (begin + storedBytes > size || (method === 0 && storedBytes !== unpackedBytes))
      throw new ZipFailure('damaged');
    entries.set(name, { begin, ...stored });
    at = next;
  }
  return entries;
}

const pieceBytes = 1 << 20;

/** The CRC-32 of a file's stored bytes: that of the file, if it is uncompressed. */
export async function storedChecksum(file: FileHandle, { begin, storedBytes }: ZipEntry): Promise<number> {
  let checksum = 0;
  for (let done = 0; done < storedBytes; done += pieceBytes)
    checksum = crc32(await readBytes(file, begin + done, Math.min(pieceBytes, storedBytes - done)), checksum);
  return checksum;
}

/**
 * Finds the record at the archive's end, which a comment may follow, and in it the directory's
 * place.
 */
async function directoryPlace(file: FileHandle, size: number): Promise<{ position: number; bytes: number }> {
  const tailBytes = Math.min(size, 22 + 0xffff + 20);
  const tail = await readBytes(file, size - tailBytes, tailBytes);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at -= 1;
  if (at < 0) throw new ZipFailure('none');
  const [bytes, position] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (at < 20 || tail.readUInt32LE(at - 20) !== locatorSignature) return { position, bytes };
  const place = Number(tail.readBigUInt64LE(at - 12));
  if (place + 56 > size) throw new ZipFailure('damaged');
  const end64 = await readBytes(file, place, 56);
  if (end64.readUInt32LE(0) !== end64Signature) throw new ZipFailure('damaged');
  return { position: Number(end64.readBigUInt64LE(48)), bytes: Number(end64.readBigUInt64LE(40)) };
}

function centralEntry(
  directory: Buffer,
  at: number,
): Omit<ZipEntry, 'begin'> & { name: string; header: number; next: number } {
  if (directory.readUInt32LE(at) !== entrySignature) throw new ZipFailure('damaged');
  const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
  const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
  const next = extraEnd + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw new ZipFailure('damaged');
  const wide = wideFields(directory.subarray(nameEnd, extraEnd));
  // The extra field has those that do not fit, in this order: size, stored size, place.
  const fields = [24, 20, 42].map((offset) => {
    const value = directory.readUInt32LE(at + offset);
    return value === elsewhere ? (wide.shift() ?? value) : value;
  });
  const [bytes = 0, storedBytes = 0, header = 0] = fields;
  return {
    name: directory.toString('utf8', at + 46, nameEnd),
    bytes,
    storedBytes,
    method: directory.readUInt16LE(at + 10),
    crc32: directory.readUInt32LE(at + 16),
    header,
    next,
  };
}

/** The 64-bit fields of an extra field (header 1). */
function wideFields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const count = Math.min(extra.readUInt16LE(at + 2), extra.length - at - 4) >> 3;
    return Array.from({ length: count }, (_, index) => Number(extra.readBigUInt64LE(at + 4 + 8 * index)));
  }
  return [];
}

/**
 * The content begins after the file's own header, whose extra field may differ from the
 * directory's.
 */
async function contentStart(file: FileHandle, header: number, size: number): Promise<number> {
  if (header + 30 > size) throw new ZipFailure('damaged');
  const local = await readBytes(file, header, 30);
  if (local.readUInt32LE(0) !== localSignature) throw new ZipFailure('damaged');
  return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
}
