// RoPE beyond its training length, by slower rotation: position interpolation, dynamic NTK-aware
// scaling, and YaRN. "YaRN" is Peng et al. 2023 (arXiv 2309.00071), whose sections 2 and 3 describe
// all three.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { frequencies } from './by-distance';

const factor = z.number().min(1);
const length = z.number().int().positive();

const linear = z.strictObject({ type: z.literal('linear'), factor });

/**
 * Position interpolation: all positions are divided by `factor`. Chen et al. 2023 (arXiv
 * 2306.15595).
 */
export type LinearScaling = z.infer<typeof linear>;

const dynamic = z.strictObject({
  type: z.literal('dynamic'),
  /** 1 if left out: as much as the length needs. */
  factor: factor.exactOptional(),
  /** Tokens up to which nothing is scaled; the training length if left out. */
  originalLength: length.exactOptional(),
});

/**
 * Dynamic NTK-aware scaling: beyond the training length the base grows with the length, which
 * interpolates low frequencies and leaves high ones almost unchanged (YaRN, section 3.3; Hugging
 * Face's formula).
 *
 * The length is that of the keys: every further token changes the rotation of all of them, so no
 * cache goes beyond the original length.
 */
export type DynamicScaling = z.infer<typeof dynamic>;

const yarn = z
  .strictObject({
    type: z.literal('yarn'),
    factor,
    /** Pairs with fewer turns over the original length are fully interpolated; 1 if left out. */
    alpha: z.number().positive().exactOptional(),
    /** Pairs with more turns are unchanged; 32 if left out. */
    beta: z.number().positive().exactOptional(),
    /**
     * The length, in positions, at which the model was trained; the training length if left out.
     * Between segments, a position is a segment.
     */
    originalLength: length.exactOptional(),
    /**
     * The ramp between both bands is linear in the number of turns, as in the paper's equation (if
     * left out), or in the index of the pair between whole indices, as in its released code and
     * Hugging Face's. By `pairs`, with a length so short that not even the fastest pair makes
     * `alpha` turns (3 or 4 positions for heads of 64), the released code's bounds are swapped and
     * it interpolates nothing; here every pair but the first is interpolated.
     */
    ramp: z.enum(['turns', 'pairs']).exactOptional(),
  })
  .refine(({ alpha = defaultAlpha, beta = defaultBeta }) => alpha < beta, 'alpha must be below beta');

/** YaRN: interpolation by frequency band, and an attention temperature. */
export type YarnScaling = z.infer<typeof yarn>;

/** Checks a scaling. */
export const ropeScalingSchema = z.discriminatedUnion('type', [linear, dynamic, yarn]);

/** A scaling of RoPE; `type` and `factor` are named as in Hugging Face's `rope_scaling`. */
export type RopeScaling = z.infer<typeof ropeScalingSchema>;

const defaultAlpha = 1;
const defaultBeta = 32;

/** The rotation to be scaled. */
export interface ScaledRope {
  readonly headDim: number;
  readonly base: number;
  readonly trainLength: number;
  /** Length of the present sequence. */
  readonly length: number;
}

/**
 * Angle per position of each pair, [headDim / 2], and the factor on queries and keys.
 *
 * @throws ConfigError if the head is too narrow
 */
export function scaledRates(scaling: RopeScaling, rope: ScaledRope): [rates: Float64Array, factor: number] {
  switch (scaling.type) {
    case 'linear':
      return [frequencies(rope.headDim, rope.base).map((rate) => rate / scaling.factor), 1];
    case 'dynamic':
      return [frequencies(rope.headDim, dynamicBase(scaling, rope)), 1];
    case 'yarn':
      return [yarnRates(scaling, rope), yarnTemperature(scaling.factor)];
  }
}

/** base x (s L / L' - (s - 1))^(d / (d - 2)) for a length L beyond the original length L'. */
function dynamicBase({ factor = 1, originalLength }: DynamicScaling, rope: ScaledRope): number {
  const { headDim, base, length, trainLength } = rope;
  if (headDim < 4)
    throw new ConfigError(`encoding rope: dynamic scaling needs heads of width 4 or more, not ${headDim}`);
  const stretch = Math.max(1, (factor * length) / (originalLength ?? trainLength) - (factor - 1));
  return base * stretch ** (headDim / (headDim - 2));
}

/**
 * YaRN's "NTK-by-parts": rate x ((1 - g) / s + g), g rising from 0 for pairs of fewer than alpha
 * turns over the original length to 1 for those of more than beta (YaRN, section 3.2).
 */
function yarnRates(scaling: YarnScaling, { headDim, base, trainLength }: ScaledRope): Float64Array {
  const { alpha = defaultAlpha, beta = defaultBeta, originalLength = trainLength, ramp = 'turns' } = scaling;
  const kept = (rate: number, pair: number): number => {
    if (ramp === 'turns') return clamp(((originalLength * rate) / (2 * Math.PI) - alpha) / (beta - alpha));
    const pairOfTurns = (turns: number): number =>
      (headDim * Math.log(originalLength / (turns * 2 * Math.PI))) / (2 * Math.log(base));
    const first = Math.max(0, Math.floor(pairOfTurns(beta)));
    const last = Math.min(headDim - 1, Math.ceil(pairOfTurns(alpha)));
    return 1 - clamp((pair - first) / Math.max(last - first, 0.001));
  };
  return frequencies(headDim, base).map((rate, pair) => {
    const share = kept(rate, pair);
    return rate * ((1 - share) / scaling.factor + share);
  });
}

/**
 * sqrt(1 / t) = 0.1 ln(s) + 1, on queries and on keys, so that scores grow by its square (YaRN,
 * equation 22).
 */
function yarnTemperature(factor: number): number {
  return 0.1 * Math.log(factor) + 1;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
