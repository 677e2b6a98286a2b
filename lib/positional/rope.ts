// Rotary position embedding: queries and keys turn with their position, so that their product
// depends on the difference alone. Su et al. 2021, "RoFormer" (arXiv 2104.09864), equation 34, in
// the layout of Llama's code.

import { z } from 'zod';
import { frequencies } from './by-distance';
import { type Encoding, type EncodingShape } from './encoding';
import { type EncodingKind, halfOf, type Settings } from './kind';
import { rotate, type Rotation, rotationAt } from './rotation';
import { ropeScalingSchema, scaledRates } from './rope-scaling';

const schema = z.strictObject({
  kind: z.literal('rope'),
  /** Base of the wavelengths; 10,000 if left out. */
  base: z.number().gt(1).exactOptional(),
  /** Scaling for positions beyond the training length. */
  scaling: ropeScalingSchema.exactOptional(),
});

/** Settings. */
export type RopeConfig = z.infer<typeof schema>;

/**
 * Angle per position of each pair of dimensions, [headDim / 2], and the factor on queries and keys.
 *
 * @param length tokens of the present sequence, on which dynamic scaling depends
 */
export function ropeFrequencies(
  { base = 10_000, scaling }: Settings<RopeConfig>,
  { headDim, trainLength }: Pick<EncodingShape, 'headDim' | 'trainLength'>,
  length: number = trainLength,
): [rates: Float64Array, factor: number] {
  return scaling === undefined
    ? [frequencies(headDim, base), 1]
    : scaledRates(scaling, { headDim, base, trainLength, length });
}

/**
 * RoPE: the score of a query at m and a key at n is q^T R(n - m) k, where R rotates pair i by the
 * angle (n - m) base^(-2i / headDim).
 */
export function rope(settings: Settings<RopeConfig> = {}): Encoding {
  const { scaling } = settings;
  return {
    name: scaling === undefined ? 'rope' : `rope_${scaling.type}`,
    levels: 1,
    // Up to this length nothing is scaled; beyond, the base of all keys grows with each token.
    ...(scaling?.type === 'dynamic' && {
      seesLength: true,
      cacheLimit: ({ trainLength }) => scaling.originalLength ?? trainLength,
    }),
    parameters: (shape) => {
      halfOf(shape.headDim, 'rope', 'the width of a head');
      ropeFrequencies(settings, shape);
      return [];
    },
    apply: ([tokens], [keys], shape) => {
      const rotation: Rotation = rotationAt(tokens, ...ropeFrequencies(settings, shape, keys.shape[1]));
      return {
        queries: (queries) => rotate(queries, rotation),
        keys: (vectors) => rotate(vectors, rotation),
      };
    },
  };
}

/** RoPE for the registry. */
export const ropeKind: EncodingKind<RopeConfig> = {
  kind: 'rope',
  schema,
  create: rope,
};
