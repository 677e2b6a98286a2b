// The safetensors format (github.com/huggingface/safetensors): the length of the header in eight
// bytes, the header as JSON (type, shape and place of each tensor), then the numbers. Read tensor
// by tensor and written as a stream, so that a file may be larger than memory; needs no tensor
// backend.

import { type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { CheckpointError } from '../../base/errors';
import { openForReading, readBytes, readError, writeFileInPieces } from '../../base/files';
import { displayPath } from '../../base/paths';
import { elementCount, formatShape } from '../../base/shape';
import { countGarbage } from '../../engine/native/garbage';
import {
  bytesPerNumber,
  decodeNumbers,
  isNumberType,
  type Numbers,
  type NumberType,
  type PassedOver,
  type TensorFile,
} from './tensor-file';

/** The entry of a tensor in a file's header. */
export interface TensorEntry {
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** The range of its bytes, from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** An opened file with a correct header. */
export interface SafetensorsFile extends TensorFile {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Text by name (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that other readers accept too. */
const maxHeaderBytes = 100_000_000;

const placeSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

type Place = z.infer<typeof placeSchema>;

/**
 * Opens a file and checks its header against its size.
 *
 * @param passedOver tensors to ignore; none if left out
 * @throws DataError if there is no such file, or it cannot be read
 * @throws CheckpointError if it is not safetensors, or is truncated
 */
export async function openSafetensors(
  path: string,
  passedOver: PassedOver = () => false,
): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  try {
    return await openHandle(file, path, passedOver);
  } catch (error) {
    await file.close();
    throw error instanceof CheckpointError ? error : readError(path, error);
  }
}

async function openHandle(file: FileHandle, path: string, passedOver: PassedOver): Promise<SafetensorsFile> {
  const where = displayPath(path);
  const { size } = await file.stat();
  const headerBytes = await headerLength(file, size, where);
  const { entries, metadata } = parseHeader(await readBytes(file, 8, headerBytes), where);
  const dataStart = 8 + headerBytes;
  checkPlaces(entries, size - dataStart, where);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, place] of entries)
    if (!passedOver(name)) tensors.set(name, tensorEntry(place, `${where}: ${name}`));
  return {
    tensors,
    metadata,
    async read(name) {
      const entry = tensors.get(name);
      if (entry === undefined) throw new CheckpointError(`${where}: has no tensor ${name}`);
      const bytes = await readBytes(file, dataStart + entry.begin, entry.end - entry.begin);
      return { shape: entry.shape, values: decodeNumbers(bytes, entry.type, `${where}: ${name}`) };
    },
    close: () => file.close(),
  };
}

async function headerLength(file: FileHandle, size: number, where: string): Promise<number> {
  if (size < 8) throw notSafetensors(where, `it has ${size} bytes`);
  const length = Number((await readBytes(file, 0, 8)).readBigUInt64LE());
  if (length < 2 || length > maxHeaderBytes)
    throw notSafetensors(where, 'it does not begin with the length of a header');
  if (8 + length > size)
    throw cutShort(where, `its header alone takes ${8 + length} bytes, and it has ${size}`);
  return length;
}

function parseHeader(
  bytes: Buffer,
  where: string,
): Pick<SafetensorsFile, 'metadata'> & { entries: Map<string, Place> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw notSafetensors(where, 'its header is not JSON', error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw notSafetensors(where, 'its header lists no tensors');
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  const text = z.record(z.string(), z.string()).safeParse(metadata);
  if (!text.success) throw notSafetensors(where, 'its metadata is not text');
  const places = Object.entries(entries).map(
    ([name, entry]) => [name, placeOf(entry, `${where}: ${name}`)] as const,
  );
  return { entries: new Map(places), metadata: text.data };
}

function placeOf(value: unknown, where: string): Place {
  const parsed = placeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CheckpointError(
    `${where}: type, shape or place is missing from the header; the file is damaged, get it again`,
  );
}

function tensorEntry({ dtype, shape, data_offsets: offsets }: Place, where: string): TensorEntry {
  if (!isNumberType(dtype))
    throw new CheckpointError(
      `${where}: numbers of type ${dtype} are not supported; convert it to ${Object.keys(bytesPerNumber).join(', ')}`,
    );
  const [begin, end] = offsets;
  const bytes = bytesPerNumber[dtype] * elementCount(shape);
  if (end - begin !== bytes)
    throw new CheckpointError(
      `${where}: takes ${end - begin} bytes, but ${dtype} ${formatShape(shape)} needs ${bytes}; the file is damaged, get it again`,
    );
  return { type: dtype, shape, begin, end };
}

/**
 * Makes sure that tensors fill the file without gaps or overlaps, so that it can be read in one way
 * only.
 */
function checkPlaces(entries: ReadonlyMap<string, Place>, dataBytes: number, where: string): void {
  const places = [...entries].map(([name, { data_offsets: offsets }]) => [name, ...offsets] as const);
  let position = 0;
  for (const [name, begin, end] of places.sort(([, a, c], [, b, d]) => a - b || c - d)) {
    if (begin !== position)
      throw new CheckpointError(
        `${where}: ${name} begins at byte ${begin}, not where the tensor before it ends (${position}); the file is damaged, get it again`,
      );
    position = end;
  }
  if (position > dataBytes)
    throw cutShort(where, `its tensors take ${position} bytes, and it has ${dataBytes} of them`);
  if (position < dataBytes)
    throw notSafetensors(where, `${dataBytes - position} bytes follow its last tensor`);
}

function notSafetensors(where: string, why: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${where}: not a safetensors file: ${why}; check the path or get it again`, {
    cause,
  });
}

function cutShort(where: string, why: string): CheckpointError {
  return new CheckpointError(`${where}: cut short: ${why}; get it again`);
}

/** A tensor to be written; its numbers are requested in turn, at once or in pieces. */
export interface TensorSource {
  readonly name: string;
  readonly type: 'F32' | 'I32';
  readonly shape: readonly number[];
  readonly values: () => Numbers | Promise<Numbers> | AsyncIterable<Numbers>;
}

/**
 * Writes a whole file or nothing, a tensor at a time.
 *
 * @throws MachineError if the disk is full or the folder cannot be written; what `values` throws,
 *   as it is
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileInPieces(path, async (file) => {
    await file.writeFile(headerBytes(tensors, metadata));
    for (const tensor of tensors) await writeNumbers(file, tensor);
  });
}

async function writeNumbers(file: FileHandle, { name, type, shape, values }: TensorSource): Promise<void> {
  const given = await values();
  let written = 0;
  for await (const piece of Symbol.asyncIterator in given ? given : [given]) {
    await file.writeFile(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    written += piece.byteLength;
    countGarbage(piece.byteLength);
  }
  if (written !== byteLength(type, shape))
    throw new Error(`${name}: ${written} bytes for ${type} ${formatShape(shape)}`);
}

/**
 * The length, and the header padded with spaces so that the numbers begin at a multiple of eight
 * bytes.
 */
function headerBytes(tensors: readonly TensorSource[], metadata: Readonly<Record<string, string>>): Buffer {
  let position = 0;
  const entries = tensors.map(({ name, type, shape }) => {
    const begin = position;
    position += byteLength(type, shape);
    return [name, { dtype: type, shape, data_offsets: [begin, position] }] as const;
  });
  const header = JSON.stringify({
    ...(Object.keys(metadata).length > 0 && { __metadata__: metadata }),
    ...Object.fromEntries(entries),
  });
  const text = Buffer.from(header);
  const padded = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  text.copy(padded, 8);
  return padded;
}

function byteLength(type: NumberType, shape: readonly number[]): number {
  return bytesPerNumber[type] * elementCount(shape);
}
