// RoPE on a share of each head's components; the others carry no position. Black et al. 2022,
// "GPT-NeoX-20B" (arXiv 2204.06745), section 2.1, which rotates a quarter of them.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { frequencies } from './by-distance';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings } from './kind';
import { rotate, rotationAt } from './rotation';

const schema = z.strictObject({
  kind: z.literal('partial_rope'),
  /** The share of a head's components that is rotated, its first ones; a quarter if left out. */
  share: z.number().positive().max(1).exactOptional(),
  /** Base of the wavelengths; 10,000 if left out. */
  base: z.number().gt(1).exactOptional(),
});

/** Settings. */
export type PartialRopeConfig = z.infer<typeof schema>;

/**
 * Partial RoPE: rotates the first `share` of each head's components as RoPE does in a head of that
 * width, so pair i of w rotated components turns by base^(-2i / w) a position.
 */
export function partialRope({ share = 0.25, base = 10_000 }: Settings<PartialRopeConfig> = {}): Encoding {
  return {
    name: 'partial_rope',
    levels: 1,
    parameters: ({ headDim }) => {
      const width = share * headDim;
      if (width % 2 !== 0)
        throw new ConfigError(
          `encoding partial_rope: ${share} of a head of width ${headDim} is ${width} components; it must be an even number, because components turn in pairs`,
        );
      return [];
    },
    apply: ([tokens], _keys, { headDim }) => {
      const width = share * headDim;
      const rotation = rotationAt(tokens, frequencies(width, base));
      const encode = (vectors: tf.Tensor4D): tf.Tensor4D => {
        if (width === headDim) return rotate(vectors, rotation);
        const [turned, plain] = tf.split(vectors, [width, headDim - width], 3) as [tf.Tensor4D, tf.Tensor4D];
        return tf.concat([rotate(turned, rotation), plain], 3);
      };
      return { queries: encode, keys: encode };
    },
  };
}

/** Partial RoPE for the registry. */
export const partialRopeKind: EncodingKind<PartialRopeConfig> = {
  kind: 'partial_rope',
  schema,
  create: partialRope,
};
