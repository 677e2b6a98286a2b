// RoPE and ALiBi as plain numbers: the rate of each pair, the slope of each head, and the score
// that they give at a distance. It imports nothing, so that a small page can compute with it;
// `rope.ts` and `alibi.ts` have the same on tensors.

/** Angle per position of each pair, base^(-2i / width) for i from 0: [width / 2]. */
export function frequencies(width: number, base: number): Float64Array {
  return Float64Array.from({ length: width / 2 }, (_, pair) => base ** ((-2 * pair) / width));
}

/**
 * The slope of each head: 2^(-8/n), 2^(-16/n), ..., 2^-8 for n heads, n a power of two; otherwise
 * those of the next lower power, then every other one of the next higher.
 */
export function alibiSlopes(heads: number): number[] {
  const slopes = (count: number): number[] =>
    Array.from({ length: count }, (_, head) => 2 ** ((-8 * (head + 1)) / count));
  const lower = 2 ** Math.floor(Math.log2(heads));
  const between = slopes(2 * lower).filter((_, head) => head % 2 === 0);
  return [...slopes(lower), ...between.slice(0, heads - lower)];
}

/**
 * The factor on ALiBi's slopes between segments in BiPE-ALiBi (released code).
 */
export const segmentSlopeFactor = 96;

/**
 * The score of a query and a key under RoPE, if their product is 1 and all pairs of components are
 * alike: the mean of cos(rate x distance).
 *
 * @param rates    angle a position, [pairs]
 * @param distance positions between the two, in tokens or, for BiPE-RoPE, in segments
 */
export function rotaryScore(rates: Float64Array, distance: number): number {
  return rates.reduce((sum, rate) => sum + Math.cos(rate * distance), 0) / rates.length;
}

/** The score of a query and a key under ALiBi, if their product is 1: 1 - slope x distance. */
export function linearScore(slope: number, distance: number): number {
  return 1 - slope * distance;
}
