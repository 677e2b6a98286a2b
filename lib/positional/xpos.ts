// RoPE whose pairs also shrink with the distance, the fast ones more. Sun et al. 2022, "A
// Length-Extrapolatable Transformer" (arXiv 2212.10554), section 2 and Algorithm 1.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { frequencies } from './by-distance';
import { type Encoding } from './encoding';
import { type EncodingKind, halfOf, type Settings } from './kind';
import { angles, rotate, type Rotation, rotationAt } from './rotation';

const schema = z.strictObject({
  kind: z.literal('xpos'),
  /** Base of the wavelengths; 10,000 if left out. */
  base: z.number().gt(1).exactOptional(),
  /** Distance over which pair i shrinks by zeta(i); 512 if left out. */
  scaleBase: z.number().positive().exactOptional(),
  /** In zeta(i) = (2i / headDim + gamma) / (1 + gamma); 0.4 if left out. */
  gamma: z.number().positive().exactOptional(),
});

/** Settings. */
export type XposConfig = z.infer<typeof schema>;

/**
 * xPos: the score of a query at m and a key at n is RoPE's with pair i multiplied by zeta(i)^((m -
 * n) / scaleBase).
 *
 * Queries are scaled by zeta^(m / scaleBase) and keys by its inverse. Both fit into float32 up to a
 * position of about 35,000 with the default settings.
 */
export function xpos(settings: Settings<XposConfig> = {}): Encoding {
  const { base = 10_000, scaleBase = 512, gamma = 0.4 } = settings;
  const limit = Math.floor((largestExponent * scaleBase) / Math.log((1 + gamma) / gamma));
  return {
    name: 'xpos',
    levels: 1,
    highestPosition: limit,
    parameters: ({ headDim }) => {
      halfOf(headDim, 'xpos', 'the width of a head');
      return [];
    },
    apply: ([tokens], [keys], { headDim }) => {
      if (keys.shape[1] > limit) {
        throw new ConfigError(
          `encoding xpos: ${keys.shape[1]} tokens; with scaleBase ${scaleBase} float32 holds positions up to ${limit}: raise scaleBase`,
        );
      }
      const rotation = rotationAt(tokens, frequencies(headDim, base));
      const growth = angles(tokens, decayRates(headDim, gamma, scaleBase)).expandDims<tf.Tensor4D>(1);
      const [ofQueries, ofKeys] = [tf.exp(growth), tf.exp(tf.neg(growth))];
      const rotations = [ofQueries, ofKeys].map((scale): Rotation => ({
        cos: tf.mul(rotation.cos, scale),
        sin: tf.mul(rotation.sin, scale),
      })) as [Rotation, Rotation];
      return {
        queries: (queries) => rotate(queries, rotations[0]),
        keys: (vectors) => rotate(vectors, rotations[1]),
      };
    },
  };
}

/**
 * A little under the logarithm of float32's largest number and of the inverse of its smallest
 * normal one.
 */
const largestExponent = 87;

/** ln(zeta(i)) / scaleBase for each pair, [headDim / 2]. */
function decayRates(headDim: number, gamma: number, scaleBase: number): Float64Array {
  return Float64Array.from(
    { length: headDim / 2 },
    (_, pair) => Math.log(((2 * pair) / headDim + gamma) / (1 + gamma)) / scaleBase,
  );
}

/** xPos for the registry. */
export const xposKind: EncodingKind<XposConfig> = {
  kind: 'xpos',
  schema,
  create: xpos,
};
