// Attention with linear biases: a penalty that grows with the distance, at a slope of its own in
// each head. Press, Smith and Lewis 2022, "Train Short, Test Long" (arXiv 2108.12409), section 3,
// and its released code for other head counts.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { alibiSlopes } from './by-distance';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings } from './kind';

const schema = z.strictObject({
  kind: z.literal('alibi'),
  /** Factor on all slopes; 1 if left out. Between segments, BiPE uses 96 (released code). */
  slopeFactor: z.number().positive().exactOptional(),
});

/** Settings. */
export type AlibiConfig = z.infer<typeof schema>;

/**
 * ALiBi: -slope x (m - n) is added to the score of a query at m and a key at n, by `linearRow` in
 * bias.ts or `Scores` in native/attention.inc.h.
 */
export function alibi({ slopeFactor = 1 }: Settings<AlibiConfig> = {}): Encoding {
  return {
    name: 'alibi',
    levels: 1,
    parameters: () => [],
    apply: ([tokens], [keys], { numHeads }) => ({
      linearBias: {
        slopes: tf.tensor1d(alibiSlopes(numHeads).map((slope) => slope * slopeFactor)),
        tokens,
        keys,
      },
    }),
  };
}

/** ALiBi for the registry. */
export const alibiKind: EncodingKind<AlibiConfig> = {
  kind: 'alibi',
  schema,
  create: alibi,
};
