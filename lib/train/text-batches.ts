// Batches of windows from one long text, each beginning at a random token.

import { z } from 'zod';
import { parseWith } from '../base/schema';
import { Random } from '../engine/random';
import { type BatchSource } from './batches';

/** The shape of batches, and where windows begin. */
export interface TextBatchOptions {
  readonly batch: number;
  /** Tokens of a window; of them, the first is not predicted. */
  readonly time: number;
  readonly random: Random;
}

const stateSchema = z.strictObject({
  generator: z.literal('xoroshiro128plus'),
  key: z.string(),
  words: z.array(z.int()),
});

/**
 * Windows of a text.
 *
 * @param ids the text, at least `time` tokens
 * @returns batches with `ids`, [batch, time] int32
 */
export function textBatches(ids: Int32Array, { batch, time, random }: TextBatchOptions): BatchSource {
  let stream = random;
  return {
    next: () => {
      const values = new Int32Array(batch * time);
      for (let row = 0; row < batch; row += 1) {
        const start = stream.integer(0, ids.length - time + 1);
        values.set(ids.subarray(start, start + time), row * time);
      }
      return {
        arrays: { ids: { values, shape: [batch, time] } },
        weight: batch * (time - 1),
        tokens: batch * time,
      };
    },
    state: () => stream.state(),
    restore: (saved) => {
      stream = Random.fromState(parseWith(stateSchema, saved, 'state of text batches'));
    },
  };
}
