// A stored set of instances: one byte for each token, in memory, for training over epochs and for
// tests of a fixed size.

import { ConfigError } from '../../base/errors';
import { Random } from '../../engine/random/random';
import {
  ArithmeticGenerator,
  type ArithmeticOptions,
  arithmeticLength,
  type ResolvedArithmeticOptions,
  resolveArithmeticOptions,
} from './generator';
import { hashTokens } from './split';

/** Instances of fixed width. */
export interface ArithmeticSet {
  readonly options: ResolvedArithmeticOptions;
  readonly count: number;
  /** Width of a row. */
  readonly time: number;
  /** Token ids, `<pad>` after each `<eos>`: [count, time]. */
  readonly ids: Uint8Array;
  /** Tokens of each instance through its first `=`, [count]. */
  readonly promptLengths: Uint16Array;
  /** Operators of each instance, [count]. */
  readonly operators: Uint8Array;
}

/** Options of a set. */
export interface ArithmeticSetOptions extends ArithmeticOptions {
  readonly count: number;
  readonly seed: number;
  /**
   * Drops duplicates, as in Feng et al.'s sets; their places are filled with instances of all
   * operators. There are few of the shortest instances (473 of one operator modulo 11), so far
   * fewer of them remain. Default: no.
   */
  readonly distinct?: boolean;
}

/** Most instances of a set. */
export const mostInstances = 2 ** 27;

/** Duplicates in a row after which there are no more instances. */
const patience = 100_000;

/**
 * Draws a set. With the mix `under`, instances of i operators get the share i / (1 + ... + n) of
 * the rows, exactly, in ascending order: shuffle before training (`StoredArithmeticBatches` does).
 *
 * @throws ConfigError if an option is out of range, or there are not that many distinct instances
 */
export function generateArithmeticSet(options: ArithmeticSetOptions): ArithmeticSet {
  const { count, seed, distinct = false } = options;
  if (!Number.isInteger(count) || count < 0 || count > mostInstances)
    throw new ConfigError(`arithmetic count ${count}: must be an integer from 0 to ${mostInstances}`);
  const resolved = resolveArithmeticOptions(options);
  const generator = new ArithmeticGenerator(
    resolved,
    Random.fromSeed(seed).fork(`arithmetic ${resolved.split}`),
  );
  const time = arithmeticLength(resolved.operators);
  const set: ArithmeticSet = {
    options: resolved,
    count,
    time,
    ids: new Uint8Array(count * time),
    promptLengths: new Uint16Array(count),
    operators: new Uint8Array(count),
  };
  const seen = distinct ? new RowIndex(set) : undefined;
  let row = 0;
  const draw = (operators: number): boolean => {
    set.ids.fill(0, row * time, (row + 1) * time);
    generator.draw(set.ids, row * time, operators);
    if (seen?.add(row) === false) return false;
    set.promptLengths[row] = generator.promptLength;
    set.operators[row] = operators;
    row += 1;
    return true;
  };
  for (const [index, share] of shares(resolved, count).entries())
    for (let drawn = 0; drawn < share; drawn += 1) draw(index + 1);
  for (let misses = 0; row < count;) {
    misses = draw(resolved.operators) ? 0 : misses + 1;
    if (misses === patience)
      throw new ConfigError(
        `arithmetic: found only ${row} distinct instances of ${resolved.operators} operators modulo ${resolved.modulus}; ask for fewer`,
      );
  }
  return set;
}

/**
 * Numbers of instances of 1, 2, ... operators to draw first; the rest, from rounding down, have all
 * operators.
 */
function shares({ operators, mix }: ResolvedArithmeticOptions, count: number): number[] {
  if (mix === 'exact') return [];
  const total = (operators * (operators + 1)) / 2;
  return Array.from({ length: operators }, (_, index) => Math.floor((count * (index + 1)) / total));
}

/** Finds equal rows: a hash table of row numbers, compared token by token. */
class RowIndex {
  readonly #slots: Int32Array;

  constructor(private readonly set: ArithmeticSet) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * set.count + 2))).fill(-1);
  }

  /** Adds a row unless an equal one was added. Returns whether it was new. */
  add(row: number): boolean {
    const { ids, time } = this.set;
    const mask = this.#slots.length - 1;
    let slot = hashTokens(ids, row * time, (row + 1) * time) & mask;
    for (;;) {
      const other = this.#slots[slot] ?? -1;
      if (other < 0) {
        this.#slots[slot] = row;
        return true;
      }
      if (this.#equal(row, other)) return false;
      slot = (slot + 1) & mask;
    }
  }

  #equal(row: number, other: number): boolean {
    const { ids, time } = this.set;
    for (let token = 0; token < time; token += 1)
      if (ids[row * time + token] !== ids[other * time + token]) return false;
    return true;
  }
}
