// Attention with linear biases: a penalty that grows with the distance, at a slope of its own in each head. Press, Smith
// and Lewis 2022, "Train Short, Test Long" (arXiv 2108.12409), section 3, and its released code for other head counts.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings } from './kind';
import { positionsIn } from './spans';

/** What can be set. */
export interface AlibiConfig {
  readonly kind: 'alibi';
  /** On all slopes; 1 if left out. Between segments, BiPE takes 96 (released code). */
  readonly slopeFactor?: number;
}

/**
 * The score gets -slope x (m - n) for a query at m and a key at n.
 *
 * It is given as slope x (n - m'), m' the last query of the span: the same up to a constant of each query, which the
 * softmax ignores. So it is a row of keys only, and exact where distances are small.
 */
export function alibi({ slopeFactor = 1 }: Settings<AlibiConfig> = {}): Encoding {
  return {
    name: 'alibi',
    levels: 1,
    parameters: () => [],
    apply: ([tokens], [keys], { numHeads }) => ({
      bias: (querySpan, keySpan) =>
        tf.tidy(() => {
          const slopes = tf.tensor4d(
            alibiSlopes(numHeads).map((slope) => slope * slopeFactor),
            [1, numHeads, 1, 1],
          );
          const reference = positionsIn(tokens, { start: querySpan.end - 1, end: querySpan.end });
          const offset = tf.sub<tf.Tensor2D>(positionsIn(keys, keySpan), reference);
          return tf.mul(slopes, offset.reshape<tf.Tensor4D>([offset.shape[0], 1, 1, offset.shape[1]]));
        }),
    }),
  };
}

/**
 * The slope of each head: 2^(-8/n), 2^(-16/n), ..., 2^-8 for n heads, n a power of two; otherwise those of the next
 * lower power, and then every other one of the next higher.
 */
export function alibiSlopes(heads: number): number[] {
  const slopes = (count: number): number[] =>
    Array.from({ length: count }, (_, head) => 2 ** ((-8 * (head + 1)) / count));
  const lower = 2 ** Math.floor(Math.log2(heads));
  const between = slopes(2 * lower).filter((_, head) => head % 2 === 0);
  return [...slopes(lower), ...between.slice(0, heads - lower)];
}

/** ALiBi for the registry. */
export const alibiKind: EncodingKind<AlibiConfig> = {
  kind: 'alibi',
  schema: z.strictObject({ kind: z.literal('alibi'), slopeFactor: z.number().positive().exactOptional() }),
  create: alibi,
};
