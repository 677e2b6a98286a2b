// Batches of arithmetic instances for training: drawn without end, or from a stored set in a new
// order each epoch. All have one shape, so that a step can be captured as a graph, and a source
// continues exactly from a saved state.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { canonicalJson } from '../../base/json';
import { parseWith } from '../../base/schema';
import { Random } from '../../engine/random/random';
import { EpochOrder, type PaddedBatch } from '../batches';
import { ArithmeticGenerator, type ArithmeticOptions } from './generator';
import { type ArithmeticSet } from './set';
import { arithmeticIds, type ArithmeticVocabulary, arithmeticVocabulary } from './vocabulary';

/** Batches without end: a `BatchSource` of the trainer. */
export interface ArithmeticBatchSource {
  readonly batch: number;
  readonly time: number;
  readonly vocabulary: ArithmeticVocabulary;
  /**
   * The next batch, in arrays of its own: `<pad>` after each `<eos>`, and as the mask `lossMask`.
   */
  readonly next: () => PaddedBatch;
  /** State of the source for a checkpoint; plain JSON. */
  readonly state: () => unknown;
  /**
   * Continues from a state.
   *
   * @throws ConfigError if it is no state, or that of a source with other options or another seed
   */
  readonly restore: (state: unknown) => void;
}

const stateSchema = z.object({
  /** Identity of the source: its options and seed, as JSON. */
  source: z.string(),
  /** Instances given so far. */
  drawn: z.int().min(0),
});

const streamStateSchema = stateSchema.extend({
  random: z.object({
    generator: z.literal('xoroshiro128plus'),
    key: z.string(),
    words: z.array(z.int()),
  }),
});

/** Shape and order of batches. */
export interface ArithmeticBatchOptions {
  readonly batch: number;
  readonly seed: number;
  /** Tokens of a row; default: those of the longest instance. */
  readonly time?: number;
}

/**
 * Makes batches of new instances, without end and without memory of them.
 *
 * @throws ConfigError if an option is out of range
 */
export function streamArithmeticBatches(
  options: ArithmeticOptions & ArithmeticBatchOptions,
): ArithmeticBatchSource {
  const { batch, seed } = options;
  let random = Random.fromSeed(seed).fork('arithmetic batches');
  let generator = new ArithmeticGenerator(options, random);
  const { vocabulary } = generator;
  const time = checkShape(batch, options.time, generator.time);
  const source = canonicalJson({ stream: generator.options, seed });
  let drawn = 0;
  return {
    batch,
    time,
    vocabulary,
    next: () => {
      const ids = new Int32Array(batch * time);
      for (let row = 0; row < batch; row += 1) generator.draw(ids, row * time);
      drawn += batch;
      return makeBatch(ids, batch, time);
    },
    state: () => ({ source, drawn, random: random.state() }),
    restore: (saved) => {
      const state = checkState(streamStateSchema, saved, source);
      random = Random.fromState(state.random);
      generator = new ArithmeticGenerator(options, random);
      drawn = state.drawn;
    },
  };
}

/**
 * Makes batches of a stored set, every instance once in an epoch, in an order that depends on seed
 * and epoch. A batch that reaches the end of an epoch is filled from the next one.
 *
 * @throws ConfigError if the set is empty or an option is out of range
 */
export function storedArithmeticBatches(
  set: ArithmeticSet,
  options: ArithmeticBatchOptions,
): ArithmeticBatchSource {
  const { batch, seed } = options;
  if (set.count === 0)
    throw new ConfigError('arithmetic batches of an empty set; generate at least one instance');
  const time = checkShape(batch, options.time, set.time);
  const order = new EpochOrder(set.count, Random.fromSeed(seed).fork('arithmetic order'));
  const source = canonicalJson({ stored: set.options, count: set.count, seed });
  return {
    batch,
    time,
    vocabulary: arithmeticVocabulary(set.options.modulus),
    next: () => {
      const ids = new Int32Array(batch * time);
      for (let place = 0; place < batch; place += 1) {
        const row = order.next();
        ids.set(set.ids.subarray(row * set.time, (row + 1) * set.time), place * time);
      }
      return makeBatch(ids, batch, time);
    },
    state: () => ({ source, drawn: order.drawn }),
    restore: (saved) => {
      order.drawn = checkState(stateSchema, saved, source).drawn;
    },
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

function checkShape(batch: number, time: number | undefined, longest: number): number {
  if (!Number.isInteger(batch) || batch < 1)
    throw new ConfigError(`arithmetic batch ${batch}: must be an integer from 1`);
  if (time !== undefined && (!Number.isInteger(time) || time < longest))
    throw new ConfigError(
      `arithmetic time ${time}: the longest instance has ${longest} tokens; give that or more, or leave it out`,
    );
  return time ?? longest;
}

function makeBatch(ids: Int32Array, batch: number, time: number): PaddedBatch {
  const mask = lossMask(ids, time);
  const shape = [batch, time] as const;
  return {
    arrays: { ids: { values: ids, shape }, mask: { values: mask, shape } },
    weight: mask.reduce((sum, counted) => sum + counted, 0),
    tokens: ids.length,
  };
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
