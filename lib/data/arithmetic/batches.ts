// Batches of arithmetic instances for training: drawn without end, or from a stored set in a new
// order each epoch. The instances of one update are ordered by length before they are divided into
// batches, and each batch is cut to its longest, so that little of it is padding: an instance has
// half as many tokens as the longest on average. The instances of an update stay those that were
// drawn together, a random sample.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { canonicalJson } from '../../base/json';
import { present } from '../../base/present';
import { parseWith } from '../../base/schema';
import { Random, type RandomState } from '../../engine/random/random';
import { batchLength, type BatchSource, EpochOrder, type PaddedBatch, randomStateSchema } from '../batches';
import { ArithmeticGenerator, type ArithmeticOptions } from './generator';
import { type ArithmeticSet } from './set';
import { arithmeticIds, type ArithmeticVocabulary, arithmeticVocabulary } from './vocabulary';

/** Batches without end. */
export interface ArithmeticBatchSource extends BatchSource {
  /** Tokens of the longest instance: no batch is longer. */
  readonly time: number;
  readonly vocabulary: ArithmeticVocabulary;
  /**
   * The next batch, in arrays of its own: `<pad>` after each `<eos>`, and as the mask `lossMask`.
   */
  readonly next: () => PaddedBatch;
}

/** Batches of padded rows have one of so many lengths, since a captured step has fixed shapes. */
const batchLengths = 12;

const given = z.int().min(0).default(0);

const storedStateSchema = z.object({
  /** Identity of the source: its options and seed, as JSON. */
  source: z.string(),
  /** Instances drawn before the group. */
  drawn: z.int().min(0),
  /** Batches of the group that were given. */
  given,
});

const streamStateSchema = storedStateSchema.extend({ random: randomStateSchema });

/** Shape and order of batches. */
export interface ArithmeticBatchOptions {
  /** Instances of a batch. */
  readonly batch: number;
  /**
   * Batches whose instances are drawn together and divided by length, the shortest first: those of
   * one update. Default 1.
   */
  readonly together?: number;
  readonly seed: number;
}

/**
 * Makes batches of new instances, without end and without memory of them.
 *
 * @throws ConfigError if an option is out of range
 */
export function streamArithmeticBatches(
  options: ArithmeticOptions & ArithmeticBatchOptions,
): ArithmeticBatchSource {
  const { seed } = options;
  let random = Random.fromSeed(seed).fork('arithmetic batches');
  let generator = new ArithmeticGenerator(options, random);
  const { vocabulary, time } = generator;
  const source = canonicalJson({ stream: generator.options, seed });
  let drawn = 0;
  return batchesByLength(options, {
    time,
    vocabulary,
    draw: (into, offset) => {
      drawn += 1;
      return generator.draw(into, offset);
    },
    place: () => ({ source, drawn, random: random.state() }),
    restore: (saved) => {
      const state = checkState(streamStateSchema, saved, source);
      random = Random.fromState(state.random);
      generator = new ArithmeticGenerator(options, random);
      ({ drawn } = state);
      return state.given;
    },
  });
}

/**
 * Makes batches of a stored set, every instance once in an epoch, in an order that depends on seed
 * and epoch. A group of batches that reaches the end of an epoch is filled from the next one.
 *
 * @throws ConfigError if the set is empty or an option is out of range
 */
export function storedArithmeticBatches(
  set: ArithmeticSet,
  options: ArithmeticBatchOptions,
): ArithmeticBatchSource {
  const { seed } = options;
  if (set.count === 0)
    throw new ConfigError('arithmetic batches of an empty set; generate at least one instance');
  const { time } = set;
  const order = new EpochOrder(set.count, Random.fromSeed(seed).fork('arithmetic order'));
  const source = canonicalJson({ stored: set.options, count: set.count, seed });
  return batchesByLength(options, {
    time,
    vocabulary: arithmeticVocabulary(set.options.modulus),
    draw: (into, offset) => {
      const row = order.next();
      const tokens = set.ids.subarray(row * time, (row + 1) * time);
      into.set(tokens, offset);
      return tokens.indexOf(arithmeticIds.eos) + 1;
    },
    place: () => ({ source, drawn: order.drawn }),
    restore: (saved) => {
      const state = checkState(storedStateSchema, saved, source);
      order.drawn = state.drawn;
      return state.given;
    },
  });
}

/** Instances one after another. */
interface Instances {
  /** Tokens of the longest. */
  readonly time: number;
  readonly vocabulary: ArithmeticVocabulary;
  /** Writes the next one; elements after its `<eos>` stay as they are, or become `<pad>`. */
  readonly draw: (into: Int32Array, offset: number) => number;
  /** The place in the sequence; plain JSON. */
  readonly place: () => { readonly source: string; readonly drawn: number; readonly random?: RandomState };
  /** Goes to the place of a state. @returns the batches of the group there that were given */
  readonly restore: (state: unknown) => number;
}

/** Groups of batches: drawn in order, then divided by length. */
function batchesByLength(
  { batch, together = 1 }: ArithmeticBatchOptions,
  { time, vocabulary, draw, place, restore }: Instances,
): ArithmeticBatchSource {
  for (const [name, value] of Object.entries({ batch, together }))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`arithmetic ${name} ${value}: must be an integer from 1`);
  /** The place before the group that is being given, and what of it is left. */
  let begin = place();
  let left: PaddedBatch[] = [];
  const drawGroup = (): PaddedBatch[] => {
    begin = place();
    const ids = new Int32Array(batch * together * time);
    const rows = Array.from({ length: batch * together }, (_, row) => {
      const start = row * time;
      return ids.subarray(start, start + draw(ids, start));
    });
    // Stable: instances of one length stay in the order in which they were drawn.
    rows.sort((a, b) => a.length - b.length);
    return Array.from({ length: together }, (_, index) =>
      cutBatch(rows.slice(index * batch, (index + 1) * batch), time),
    );
  };
  return {
    time,
    vocabulary,
    next: () => {
      if (left.length === 0) left = drawGroup();
      return present(left.shift(), 'batch of the group');
    },
    state: () => (left.length === 0 ? { ...place(), given: 0 } : { ...begin, given: together - left.length }),
    restore: (saved) => {
      const given = restore(saved);
      if (given >= together)
        throw new ConfigError(
          `arithmetic batches: ${given} batches of an update were given, which here has ${together}; resume with the same accumulation`,
        );
      left = given === 0 ? [] : drawGroup().slice(given);
    },
  };
}

/** Instances side by side, as long as the longest needs. */
function cutBatch(rows: readonly Int32Array[], longest: number): PaddedBatch {
  const time = batchLength(Math.max(...rows.map(({ length }) => length)), longest, batchLengths);
  const ids = new Int32Array(rows.length * time);
  rows.forEach((row, index) => {
    ids.set(row, index * time);
  });
  const mask = lossMask(ids, time);
  const shape = [rows.length, time] as const;
  return {
    arrays: { ids: { values: ids, shape }, mask: { values: mask, shape } },
    weight: mask.reduce((sum, counted) => sum + counted, 0),
    tokens: ids.length,
  };
}

/**
 * Marks tokens that a model is trained to predict: those after the first `=` of each row, through
 * `<eos>` (Feng et al. 2023).
 *
 * @param ids [rows, time]
 * @returns 1 or 0, [rows, time]
 */
export function lossMask(ids: ArrayLike<number>, time: number): Float32Array {
  const mask = new Float32Array(ids.length);
  for (let start = 0; start < ids.length; start += time) {
    let asked = false;
    for (let place = start; place < start + time; place += 1) {
      const token = ids[place];
      if (asked) mask[place] = 1;
      if (token === arithmeticIds.equals) asked = true;
      if (token === arithmeticIds.eos) break;
    }
  }
  return mask;
}

function checkState<State extends { readonly source: string }>(
  schema: z.ZodType<State>,
  saved: unknown,
  source: string,
): State {
  const state = parseWith(schema, saved, 'state of arithmetic batches');
  if (state.source === source) return state;
  throw new ConfigError(
    `arithmetic batches: the state to resume from is of ${state.source}, this source is ${source}; resume with the same options and seed`,
  );
}
