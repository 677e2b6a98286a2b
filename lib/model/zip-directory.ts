// Where the files of a zip archive are, for archives whose files are stored as they are: what PyTorch writes. The format is
// PKWARE's (APPNOTE 6.3), with the 64-bit fields that archives over 4 GB need.

import { type FileHandle } from 'node:fs/promises';
import { CheckpointError } from '../base/errors';
import { readBytes } from './tensor-file';

/** Where a file's bytes are. */
export interface ZipEntry {
  readonly begin: number;
  readonly bytes: number;
}

const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locatorSignature = 0x07064b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** What a 32-bit field says whose value stands in a 64-bit one. */
const elsewhere = 0xffffffff;

/**
 * The files of an archive by name.
 *
 * @param where the archive's name, as the message's first words
 * @throws CheckpointError if it is no zip archive, is cut short, or holds compressed files
 */
export async function zipDirectory(file: FileHandle, where: string): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const { position, bytes } = await directoryPlace(file, size, where);
  if (position + bytes > size) throw damaged(where);
  const directory = await readBytes(file, position, bytes);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= directory.length;) {
    const entry = centralEntry(directory, at, where);
    const begin = await contentStart(file, entry.header, size, where);
    if (begin + entry.bytes > size) throw damaged(where);
    entries.set(entry.name, { begin, bytes: entry.bytes });
    at = entry.next;
  }
  return entries;
}

/** Finds the record at the archive's end, behind which a comment may stand, and in it the directory's place. */
async function directoryPlace(
  file: FileHandle,
  size: number,
  where: string,
): Promise<{ position: number; bytes: number }> {
  const tailBytes = Math.min(size, 22 + 0xffff + 20);
  const tail = await readBytes(file, size - tailBytes, tailBytes);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at -= 1;
  if (at < 0)
    throw new CheckpointError(`${where}: not a file of PyTorch 1.6 or newer, or cut short; get it again`);
  const [bytes, position] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (at < 20 || tail.readUInt32LE(at - 20) !== locatorSignature) return { position, bytes };
  const end64 = await readBytes(file, Number(tail.readBigUInt64LE(at - 12)), 56);
  if (end64.readUInt32LE(0) !== end64Signature) throw damaged(where);
  return { position: Number(end64.readBigUInt64LE(48)), bytes: Number(end64.readBigUInt64LE(40)) };
}

function centralEntry(
  directory: Buffer,
  at: number,
  where: string,
): { name: string; bytes: number; header: number; next: number } {
  if (directory.readUInt32LE(at) !== entrySignature) throw damaged(where);
  if (directory.readUInt16LE(at + 10) !== 0)
    throw new CheckpointError(
      `${where}: a zip archive of compressed files; PyTorch writes none, check the path`,
    );
  const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
  const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
  const next = extraEnd + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw damaged(where);
  const wide = wideFields(directory.subarray(nameEnd, extraEnd));
  // In the extra field stand those that do not fit, in this order: size, stored size, place.
  const fields = [24, 20, 42].map((offset) => {
    const value = directory.readUInt32LE(at + offset);
    return value === elsewhere ? (wide.shift() ?? value) : value;
  });
  const [bytes = 0, , header = 0] = fields;
  return { name: directory.toString('utf8', at + 46, nameEnd), bytes, header, next };
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

/** The content begins behind the file's own header, whose extra field may differ from the directory's. */
async function contentStart(file: FileHandle, header: number, size: number, where: string): Promise<number> {
  if (header + 30 > size) throw damaged(where);
  const local = await readBytes(file, header, 30);
  if (local.readUInt32LE(0) !== localSignature) throw damaged(where);
  return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
}

function damaged(where: string): CheckpointError {
  return new CheckpointError(`${where}: the archive is damaged; get it again`);
}
