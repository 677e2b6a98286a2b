// Source of every random number of the workbench: one seed, named streams that do not disturb each
// other, and a state that can be saved, so that a run gives the same numbers on every backend and
// after a resume. No Math.random, no tf.random*. Sampling uses only +, -, *, / and the square root,
// which IEEE 754 rounds in one way only; Math.log and similar functions may differ between
// JavaScript engines.

import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { UsageError } from '../../base/errors';
import { sha256Hex } from '../../base/sha256';
import { standardNormalQuantile } from './normal-quantile';

/** Arrays that `shuffle` can reorder. */
export type ShuffleableArray =
  unknown[] | Int32Array | Uint32Array | Uint8Array | Float32Array | Float64Array;

/** A generator's exact state, as plain JSON. */
export interface RandomState {
  readonly generator: 'xoroshiro128plus';
  /** The stream's identity: the hash from which its forks are derived, 64 hex digits. */
  readonly key: string;
  /** The place in the stream: four 32-bit integers. */
  readonly words: readonly number[];
}

/**
 * A seeded stream of random numbers (xoroshiro128+, Blackman and Vigna 2018, from pure-rand).
 *
 * `fork(name)` gives a stream that depends on the seed and the names alone, not on what was drawn
 * before: a new consumer with a name of its own changes nobody else's numbers.
 */
export class Random {
  private constructor(
    private readonly key: string,
    private readonly source: ReturnType<typeof xoroshiro128plusFromState>,
  ) {}

  /**
   * Makes the stream of a seed.
   *
   * @throws UsageError if the seed is not an integer from 0 to 2^53 - 1
   */
  static fromSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new UsageError(`seed ${seed}: must be an integer from 0 to 2^53 - 1`);
    return Random.fromKey(sha256Hex(`seed ${seed}`));
  }

  /**
   * Restores a stream from its `state()`.
   *
   * @throws UsageError if it is not such a state
   */
  static fromState(state: RandomState): Random {
    const valid =
      (state.generator as string) === 'xoroshiro128plus' &&
      /^[0-9a-f]{64}$/.test(state.key) &&
      state.words.length === 4 &&
      state.words.every((word) => Number.isInteger(word) && word === (word | 0)) &&
      state.words.some((word) => word !== 0);
    if (!valid)
      throw new UsageError('random state: not one that Random.state() gave; take it from a checkpoint again');
    return new Random(state.key, xoroshiro128plusFromState(state.words));
  }

  private static fromKey(key: string): Random {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) =>
      Number.parseInt(key.slice(2 * index, 2 * index + 2), 16),
    );
    const view = new DataView(bytes.buffer);
    const words = [0, 4, 8, 12].map((offset) => view.getInt32(offset, true));
    return new Random(key, xoroshiro128plusFromState(words));
  }

  /**
   * Makes an independent stream for one purpose (`'data'`, `'initialization'`, ...). Draws nothing
   * from this one.
   */
  fork(name: string): Random {
    return Random.fromKey(sha256Hex(`${this.key} ${name}`));
  }

  /** The exact state, for a checkpoint. */
  state(): RandomState {
    return { generator: 'xoroshiro128plus', key: this.key, words: [...this.source.getState()] };
  }

  /** A number in [low, high), with 52 random bits. */
  uniform(low = 0, high = 1): number {
    checkInterval('uniform', low, high);
    return low + (high - low) * (this.bits52() / 2 ** 52);
  }

  /**
   * A normally distributed number, from one uniform number (by the inverse distribution function).
   */
  normal(mean = 0, deviation = 1): number {
    checkDeviation('normal', deviation);
    return mean + deviation * this.standardNormal();
  }

  /** An integer in [low, high), each equally likely; at most 2^32 of them. */
  integer(low: number, high: number): number {
    checkIntegerRange(low, high);
    return low + this.below(high - low);
  }

  /** One of the items. */
  choice<T>(items: readonly T[]): T {
    if (items.length === 0) throw new UsageError('random choice: no items to choose from');
    return items[this.below(items.length)] as T;
  }

  /** Reorders the items in place, every order equally likely (Fisher and Yates). */
  shuffle<T extends ShuffleableArray>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const held = items[last];
      items[last] = items[other];
      items[other] = held;
    }
    return items;
  }

  /** The integers below `size` in random order, [size]. */
  permutation(size: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: checkSize(size) }, (_, index) => index));
  }

  /** `size` numbers in [low, high), rounded to float32 (for 0 and 1: never rounded up to 1). */
  uniformArray(size: number, low = 0, high = 1): Float32Array {
    checkInterval('uniformArray', low, high);
    const values = new Float32Array(checkSize(size));
    // 24 bits are what a float32 below 1 holds; more would round up to 1.
    for (let i = 0; i < size; i++) values[i] = low + (high - low) * ((this.source.next() >>> 8) / 2 ** 24);
    return values;
  }

  /** `size` normally distributed numbers. */
  normalArray(size: number, mean = 0, deviation = 1): Float32Array {
    checkDeviation('normalArray', deviation);
    const values = new Float32Array(checkSize(size));
    for (let i = 0; i < size; i++) values[i] = mean + deviation * this.standardNormal();
    return values;
  }

  /** `size` integers in [low, high), each in the range of int32. */
  integerArray(size: number, low: number, high: number): Int32Array {
    checkIntegerRange(low, high);
    if (low < -(2 ** 31) || high > 2 ** 31)
      throw new UsageError(`random integers in [${low}, ${high}): an int32 holds -2^31 to 2^31 - 1 only`);
    const values = new Int32Array(checkSize(size));
    for (let i = 0; i < size; i++) values[i] = low + this.below(high - low);
    return values;
  }

  private standardNormal(): number {
    // The middle of one of 2^52 equal parts of (0, 1): never 0, never 1, exactly representable.
    return standardNormalQuantile((2 * this.bits52() + 1) / 2 ** 53);
  }

  /**
   * 52 random bits as an integer: the upper bits of each word, since the lowest of xoroshiro128+
   * are the weakest.
   */
  private bits52(): number {
    return (this.source.next() >>> 6) * 2 ** 26 + (this.source.next() >>> 6);
  }

  /**
   * An integer below `count` (1 to 2^32): as many upper bits as needed, drawn again while too
   * large.
   */
  private below(count: number): number {
    if (count === 1) return 0;
    const shift = Math.clz32(count - 1);
    for (;;) {
      const value = this.source.next() >>> shift;
      if (value < count) return value;
    }
  }
}

function checkInterval(what: string, low: number, high: number): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new UsageError(`random ${what} in [${low}, ${high}): the lower bound must be below the upper one`);
}

function checkDeviation(what: string, deviation: number): void {
  if (!(Number.isFinite(deviation) && deviation >= 0))
    throw new UsageError(`random ${what}: the deviation is ${deviation}; it must be 0 or more`);
}

function checkIntegerRange(low: number, high: number): void {
  if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && high - low <= 2 ** 32)) {
    throw new UsageError(
      `random integer in [${low}, ${high}): both must be integers, the lower one below the upper one, at most 2^32 apart`,
    );
  }
}

function checkSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new UsageError(`random array: the size is ${size}; it must be an integer of 0 or more`);
  return size;
}
