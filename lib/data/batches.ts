// Batches for training: plain arrays, from a source whose state can be saved and restored; and what
// sources have in common.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { parseWith } from '../base/schema';
import { Random } from '../engine/random/random';

/** The values of one tensor of a batch. */
export interface BatchArray {
  readonly values: Int32Array | Float32Array;
  readonly shape: readonly number[];
}

/** A batch. Shapes should be the same, or few, from batch to batch: each is a graph of its own. */
export interface Batch {
  readonly arrays: Readonly<Record<string, BatchArray>>;
  /** Number of predictions that the loss is summed over. */
  readonly weight: number;
  /** Number of tokens computed, padding included: for the throughput. */
  readonly tokens: number;
}

/** An endless sequence of batches that can be continued exactly. */
export interface BatchSource<Next extends Batch = Batch> {
  readonly next: () => Next | Promise<Next>;
  /** The state of the source as JSON, including random generators. */
  readonly state: () => unknown;
  /**
   * Restores a `state()`.
   *
   * @throws ConfigError if it is no state, or that of another source
   */
  readonly restore: (state: unknown) => void;
}

/** A batch of padded sequences. */
export interface PaddedBatch extends Batch {
  readonly arrays: {
    /** Token ids: [batch, time]. */
    readonly ids: { readonly values: Int32Array; readonly shape: readonly [number, number] };
    /** Weight of each token in the loss: [batch, time]. */
    readonly mask: { readonly values: Float32Array; readonly shape: readonly [number, number] };
  };
}

/** Checks the state of a random stream, for states of sources. */
export const randomStateSchema = z.strictObject({
  generator: z.literal('xoroshiro128plus'),
  key: z.string(),
  words: z.array(z.int()),
});

/** The data that batches are drawn from: a run is not resumed on others. */
export interface BatchOrigin {
  /** The name of their identity in the state. */
  readonly field: 'corpus' | 'text';
  readonly identity: string;
  /** The message about a state of others. */
  readonly other: string;
}

/**
 * Makes batches from a random stream, without end.
 *
 * @param what words for messages: `text batches`
 */
export function drawnBatches(
  random: Random,
  draw: (random: Random) => Batch,
  what: string,
  origin?: BatchOrigin,
): BatchSource {
  const own: Readonly<Record<string, string>> = origin ? { [origin.field]: origin.identity } : {};
  const schema = z.strictObject({
    ...Object.fromEntries(Object.keys(own).map((field) => [field, z.string()])),
    random: randomStateSchema,
  });
  let stream = random;
  return {
    next: () => draw(stream),
    state: () => ({ ...own, random: stream.state() }),
    restore: (saved) => {
      const { random: place, ...from } = parseWith(schema, saved, `state of ${what}`);
      if (origin !== undefined && (from as typeof own)[origin.field] !== origin.identity)
        throw new ConfigError(origin.other);
      stream = Random.fromState(place);
    },
  };
}

/** The order in which rows are trained on: all of them once in an epoch, newly shuffled in each. */
export class EpochOrder {
  /** Rows drawn so far, the whole state. */
  drawn = 0;
  private epoch = -1;
  private rows: Int32Array = new Int32Array(0);

  /** @param random each epoch's order is that of a fork, so that it depends on the epoch alone */
  constructor(
    private readonly count: number,
    private readonly random: Random,
  ) {}

  /** Draws the next row. */
  next(): number {
    const epoch = Math.floor(this.drawn / this.count);
    if (epoch !== this.epoch) {
      this.rows = this.random.fork(`epoch ${epoch}`).permutation(this.count);
      this.epoch = epoch;
    }
    const row = this.rows[this.drawn % this.count] ?? 0;
    this.drawn += 1;
    return row;
  }
}

/**
 * The shortest length that holds `longest` tokens: one or several of `lengths` equal parts of
 * `maxTokens`.
 */
export function batchLength(longest: number, maxTokens: number, lengths: number): number {
  for (let parts = 1; parts < lengths; parts += 1) {
    const length = Math.ceil((parts * maxTokens) / lengths);
    if (length >= longest) return length;
  }
  return maxTokens;
}
