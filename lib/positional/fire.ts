// FIRE: a bias computed by a small network from the distance, relative to the query's own position,
// on a logarithmic scale. Li et al. 2024, "Functional Interpolation for Relative Positions" (arXiv
// 2310.04418), equation 4, and appendix.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { countUpTo } from '../base/schema';
import { projected } from '../engine/products';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings, trained } from './kind';
import { distancesBack, positionsIn } from './spans';

const schema = z.strictObject({
  kind: z.literal('fire'),
  /** Hidden units of the network; 32 if left out. */
  width: countUpTo(2 ** 20).exactOptional(),
  /**
   * Initial value of L: below it, distances count in full; a quarter of the training length if left
   * out.
   */
  threshold: z.number().positive().exactOptional(),
});

/** Settings. */
export type FireConfig = z.infer<typeof schema>;

/** As in the source's code: Linear(1, width), ReLU, Linear(width, heads). */
const names = {
  firstWeight: 'model.fire.mlp.0.weight',
  firstBias: 'model.fire.mlp.0.bias',
  secondWeight: 'model.fire.mlp.2.weight',
  secondBias: 'model.fire.mlp.2.bias',
  c: 'model.fire.c',
  multiplier: 'model.fire.L_multiplier',
} as const;

/** Keeps the division defined if training moves c or L to 0 (the source's code). */
const tiny = 1e-6;

/**
 * FIRE: adds f(ln(|c| (m - n) + 1) / ln(|c| max(m, |L|) + 1)) to the score of a query at m and a
 * key at n. f is a network with one hidden layer and an output for each head; f, c and L are
 * trained, L as a multiple of `threshold`.
 *
 * The hidden units start as hinges at equal steps between 0 and 1, the range of their input,
 * instead of at random.
 */
export function fire({ width = 32, threshold }: Settings<FireConfig> = {}): Encoding {
  return {
    name: 'fire',
    levels: 1,
    parameters: ({ numHeads }) => [
      { name: names.firstWeight, shape: [width, 1], initial: 1 },
      {
        name: names.firstBias,
        shape: [width],
        initial: Float32Array.from({ length: width }, (_, unit) => -unit / width),
      },
      { name: names.secondWeight, shape: [numHeads, width], initial: 'normal' },
      { name: names.secondBias, shape: [numHeads], initial: 0 },
      { name: names.c, shape: [1], initial: 0.1 },
      { name: names.multiplier, shape: [1], initial: 1 },
    ],
    apply: ([tokens], [keys], { numHeads, trainLength }, parameters) => ({
      bias: (querySpan, keySpan) =>
        tf.tidy(() => {
          const c = tf.abs(trained(parameters, names.c) as tf.Tensor1D);
          const scale = (positions: tf.Tensor): tf.Tensor => tf.log1p(tf.mul(c, positions));

          const longest = tf.mul(tf.abs(trained(parameters, names.multiplier)), threshold ?? trainLength / 4);
          // The maximum; TensorFlow.js's own has no gradient for shapes that differ.
          const queryPlaces = tf.add(tf.relu(tf.sub(positionsIn(tokens, querySpan), longest)), longest);
          const distance = distancesBack(tokens, keys, querySpan, keySpan);
          const whole = tf.add(scale(queryPlaces), tiny).expandDims(1).expandDims(3);
          const share = tf.div(scale(distance), whole);

          const [batch, , queries, count] = share.shape as [number, number, number, number];
          const weight = (name: string): tf.Tensor2D => trained(parameters, name) as tf.Tensor2D;
          const hidden = tf.relu(
            tf.add(
              tf.mul(share.reshape([-1, 1]), weight(names.firstWeight).reshape([1, width])),
              trained(parameters, names.firstBias),
            ),
          );
          const biases = tf.add(
            projected(hidden as tf.Tensor2D, [weight(names.secondWeight)]),
            trained(parameters, names.secondBias),
          );
          return tf.transpose(biases.reshape<tf.Tensor4D>([batch, queries, count, numHeads]), [0, 3, 1, 2]);
        }),
    }),
  };
}

/** FIRE for the registry. */
export const fireKind: EncodingKind<FireConfig> = {
  kind: 'fire',
  schema,
  create: fire,
};
