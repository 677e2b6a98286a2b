// Common interface of files of tensors in any format: tensors by name, each read on request, and
// the types of their numbers.

import { CheckpointError } from '../../base/errors';

/**
 * Bytes of a number, by the types that can be read. Those of 16 bits are widened to float32 on
 * reading.
 */
export const bytesPerNumber = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 } as const;

/** A type of numbers in a file. */
export type NumberType = keyof typeof bytesPerNumber;

/** True if a type can be read. */
export function isNumberType(name: string): name is NumberType {
  return Object.hasOwn(bytesPerNumber, name);
}

/**
 * Selects tensors to ignore by name: their type does not matter, and an opened file does not list
 * them.
 */
export type PassedOver = (name: string) => boolean;

/** Numbers as they are read and written. */
export type Numbers = Float32Array | Int32Array;

/** Numbers and their shape. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Numbers;
}

/** An opened file of tensors. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, { readonly type: NumberType; readonly shape: readonly number[] }>;
  /**
   * Reads a tensor's numbers: float32 for F32, F16 and BF16, int32 for I32 and I64.
   *
   * @throws CheckpointError if there is no such tensor, or an I64 does not fit
   */
  read(name: string): Promise<StoredTensor>;
  close(): Promise<void>;
}

/** Decodes little-endian numbers of a type. `where` begins the message if one does not fit. */
export function decodeNumbers(bytes: Buffer, type: NumberType, where: string): Numbers {
  const { buffer } = bytes;
  switch (type) {
    case 'F32':
      return new Float32Array(buffer as ArrayBuffer);
    case 'I32':
      return new Int32Array(buffer as ArrayBuffer);
    case 'F16':
      return fromFloat16(new Uint16Array(buffer as ArrayBuffer));
    case 'BF16':
      return fromBfloat16(new Uint16Array(buffer as ArrayBuffer));
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer as ArrayBuffer), (value) => toInt32(value, where));
  }
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/**
 * Converts float16 by a table of all 65,536 values: computing each number of a model would take
 * long.
 */
function fromFloat16(halves: Uint16Array): Float32Array {
  float16Table ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => float16(half));
  const numbers = new Float32Array(halves.length);
  for (let index = 0; index < halves.length; index += 1)
    numbers[index] = float16Table[halves[index] ?? 0] ?? NaN;
  return numbers;
}

let float16Table: Float32Array | undefined;

/** One sign bit, five of exponent, ten of fraction (IEEE 754). */
function float16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function toInt32(value: bigint, where: string): number {
  if (value === BigInt.asIntN(32, value)) return Number(value);
  throw new CheckpointError(`${where}: holds ${value}, which does not fit into 32 bits`);
}
