// Common parts of batches for training: padded sequences, and the order of stored rows.

import { type Random } from '../engine/random/random';

/** A batch of padded sequences in the trainer's form. */
export interface PaddedBatch {
  readonly arrays: {
    /** Token ids: [batch, time]. */
    readonly ids: { readonly values: Int32Array; readonly shape: readonly [number, number] };
    /** Weight of each token in the loss: [batch, time]. */
    readonly mask: { readonly values: Float32Array; readonly shape: readonly [number, number] };
  };
  /** Total weight of predicted tokens. */
  readonly weight: number;
  /** batch x time. */
  readonly tokens: number;
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
