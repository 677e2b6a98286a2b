// KERPLE's logarithmic kernel: a penalty that grows with the logarithm of the distance, its shape
// trained in each head. Chi et al. 2022, "KERPLE: Kernelized Relative Positional Embedding" (arXiv
// 2205.09921), equation 4.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Encoding } from './encoding';
import { type EncodingKind, trained } from './kind';
import { distancesBack } from './spans';

const schema = z.strictObject({
  kind: z.literal('kerple'),
});

/** No settings. */
export type KerpleConfig = z.infer<typeof schema>;

const names = { r1: 'model.kerple.log_r1', r2: 'model.kerple.log_r2' } as const;

/**
 * KERPLE: adds -r1 ln(1 + r2 d) to the score at distance d, with r1 and r2 of each head above 0.
 *
 * Their logarithms are trained, which keeps them positive. The source draws r1 from (0, 2) and r2
 * from (0, 1); here they start at equal steps over these ranges, ascending over the heads.
 */
export function kerple(): Encoding {
  const spread = (heads: number, largest: number): Float32Array =>
    Float32Array.from({ length: heads }, (_, head) => Math.log((largest * (head + 0.5)) / heads));
  return {
    name: 'kerple',
    levels: 1,
    parameters: ({ numHeads }) => [
      { name: names.r1, shape: [numHeads], initial: spread(numHeads, 2) },
      { name: names.r2, shape: [numHeads], initial: spread(numHeads, 1) },
    ],
    apply: ([tokens], [keys], { numHeads }, parameters) => ({
      bias: (querySpan, keySpan) =>
        tf.tidy(() => {
          const ofHeads = (name: string): tf.Tensor4D =>
            tf.exp(trained(parameters, name).reshape<tf.Tensor4D>([1, numHeads, 1, 1]));
          const distance = distancesBack(tokens, keys, querySpan, keySpan);
          return tf.mul(tf.neg(ofHeads(names.r1)), tf.log1p(tf.mul(ofHeads(names.r2), distance)));
        }),
    }),
  };
}

/** KERPLE for the registry. */
export const kerpleKind: EncodingKind<KerpleConfig> = {
  kind: 'kerple',
  schema,
  create: kerple,
};
