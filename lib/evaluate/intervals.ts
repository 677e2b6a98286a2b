// Confidence intervals: of a share by Wilson, valid near 0 and 1 too, where accuracies often are;
// of a mean; and of a mean over parts of different sizes, such as the loss of tokens that come in
// documents.

import { ConfigError } from '../base/errors';
import { quantiles } from '../base/statistics';
import { standardNormalQuantile } from '../engine/random/normal-quantile';
import { type Random } from '../engine/random/random';

/** A share of trials with a confidence interval. */
export interface Proportion {
  readonly successes: number;
  readonly trials: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Estimates a share with its score interval (Wilson 1927, "Probable inference, the law of
 * succession, and statistical inference").
 *
 * @param level probability that the interval contains the true share; default 0.95
 * @throws ConfigError if there are no trials, or the level is not between 0 and 1
 */
export function proportion(successes: number, trials: number, level = 0.95): Proportion {
  if (!(trials > 0 && successes >= 0 && successes <= trials))
    throw new ConfigError(
      `a share of ${successes} in ${trials}: give at least one trial, and no more successes`,
    );
  if (!(level > 0 && level < 1)) throw new ConfigError(`level ${level}: must lie between 0 and 1`);
  const z = standardNormalQuantile((1 + level) / 2);
  const share = successes / trials;
  const spread = (z * z) / trials;
  const centre = (share + spread / 2) / (1 + spread);
  const reach = (z * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials))) / (1 + spread);
  // At the ends the exact bound is 0 or 1; rounding must neither exceed nor miss it.
  return {
    successes,
    trials,
    share,
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === trials ? 1 : Math.min(1, centre + reach),
  };
}

/** A mean with a confidence interval. */
export interface Mean {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Estimates a mean of independent values with its normal interval, for many values: such as the
 * shares of some hundred words, where the places of one word are not independent of each other.
 *
 * @param level probability that the interval contains the true mean; default 0.95
 * @throws ConfigError if there are fewer than two values, or the level is not between 0 and 1
 */
export function meanWithInterval(values: readonly number[], level = 0.95): Mean {
  if (values.length < 2)
    throw new ConfigError(`a mean of ${values.length} with an interval: give two values at least`);
  if (!(level > 0 && level < 1)) throw new ConfigError(`level ${level}: must lie between 0 and 1`);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const reach = standardNormalQuantile((1 + level) / 2) * Math.sqrt(variance / values.length);
  return { mean, low: mean - reach, high: mean + reach };
}

/** A part of a measurement, such as a document. */
export interface Part {
  /** Contribution to the total. */
  readonly sum: number;
  /** Number of things in it over which the mean is taken, above 0. */
  readonly count: number;
}

/** Options of an interval. */
export interface PartsOptions {
  /** Draws the samples. */
  readonly random: Random;
  /** Probability that the interval contains the true value; default 0.95. */
  readonly level?: number;
  /** Number of bootstrap samples; default 2,000. */
  readonly resamples?: number;
}

/**
 * Fewest parts: fewer do not show how parts differ, and the interval would be as wide as the
 * measured value.
 */
const fewestParts = 5;

/**
 * Estimates the mean sum / count over all parts, with an interval for that of the population of
 * parts: parts, not their contents, are independent of each other.
 *
 * It is the symmetric bootstrap-t (Hall 1988, "On symmetric bootstrap confidence intervals"): parts
 * are resampled, and each sample's distance from the mean is measured in its own standard error.
 * Percentiles of the samples' means would be too narrow: with 20 parts they contain the truth 91
 * times of 100, this interval 95 times. docs/language-models.md has the numbers.
 *
 * @returns undefined for fewer than five parts, or if nearly all parts are alike, so that samples
 *   are not informative
 * @throws ConfigError if the level is not between 0 and 1
 */
export function meanOfParts(parts: readonly Part[], options: PartsOptions): Mean | undefined {
  return studentized([columnOf(parts, 1)], options);
}

/**
 * Estimates the difference between two means measured on the same parts, with its interval. Parts
 * are resampled with both measurements: variation that both share cancels.
 *
 * @param first, second of the same parts in the same order; counts may differ
 * @returns as `meanOfParts`
 * @throws ConfigError as `meanOfParts`
 */
export function differenceOfMeans(
  first: readonly Part[],
  second: readonly Part[],
  options: PartsOptions,
): Mean | undefined {
  return studentized([columnOf(first, 1), columnOf(second, -1)], options);
}

/** One measurement of all parts, and whether its mean is added or subtracted. */
interface Column {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly sign: 1 | -1;
}

function columnOf(parts: readonly Part[], sign: 1 | -1): Column {
  return {
    sums: Float64Array.from(parts, ({ sum }) => sum),
    counts: Float64Array.from(parts, ({ count }) => count),
    sign,
  };
}

/** The sum of the columns' means with their signs. */
function studentized(columns: readonly Column[], options: PartsOptions): Mean | undefined {
  return studentizedInterval((places) => sumOfMeans(columns, places), columns[0]?.sums.length ?? 0, options);
}

/**
 * Estimates any smooth statistic of parts with its interval, as `meanOfParts` does for a mean.
 *
 * @param statistic the estimate and its standard error, from the parts at some indices
 * @param parts     number of parts
 * @returns as `meanOfParts`
 * @throws ConfigError as `meanOfParts`
 */
export function studentizedInterval(
  statistic: (places: Int32Array) => Estimated,
  parts: number,
  options: PartsOptions,
): Mean | undefined {
  return studentizedIntervalOfKinds(([places = new Int32Array()]) => statistic(places), [parts], options);
}

/** An estimate with its standard error from the same parts. */
export interface Estimated {
  readonly mean: number;
  readonly error: number;
}

/**
 * As `studentizedInterval` for several kinds of parts, such as the documents of several tasks: each
 * kind is resampled separately.
 *
 * @param statistic of the parts at some indices of each kind
 * @param parts     number of parts of each kind
 * @returns undefined also if one kind has fewer than five
 * @throws ConfigError as `meanOfParts`
 */
export function studentizedIntervalOfKinds(
  statistic: (places: readonly Int32Array[]) => Estimated,
  parts: readonly number[],
  { random, level = 0.95, resamples = 2000 }: PartsOptions,
): Mean | undefined {
  if (!(level > 0 && level < 1)) throw new ConfigError(`level ${level}: must lie between 0 and 1`);
  if (parts.some((count) => count < fewestParts)) return undefined;
  const places = parts.map((count) => Int32Array.from({ length: count }, (_, place) => place));
  const { mean, error } = statistic(places);
  // All equal up to rounding.
  if (error <= 1e-12 * (1 + Math.abs(mean))) return { mean, low: mean, high: mean };
  const distances = Float64Array.from({ length: resamples }, () => {
    for (const drawn of places)
      for (let draw = 0; draw < drawn.length; draw += 1) drawn[draw] = random.integer(0, drawn.length);
    const sample = statistic(places);
    const away = Math.abs(sample.mean - mean);
    // A sample of one part only has no error, but for rounding.
    return sample.error <= 1e-9 * away ? Infinity : away / sample.error;
  });
  const [reach = Infinity] = quantiles(distances, [level]);
  return Number.isFinite(reach) ? { mean, low: mean - reach * error, high: mean + reach * error } : undefined;
}

/** The sum over the parts at some indices with its standard error: that of a ratio of sums. */
function sumOfMeans(columns: readonly Column[], places: Int32Array): Estimated {
  let mean = 0;
  const excess = new Float64Array(places.length);
  for (const { sums, counts, sign } of columns) {
    let [sum, count] = [0, 0];
    for (const place of places) {
      sum += sums[place] ?? 0;
      count += counts[place] ?? 0;
    }
    const own = sum / count;
    mean += sign * own;
    // The deviation of each part from the mean.
    for (let index = 0; index < places.length; index += 1) {
      const place = places[index] ?? 0;
      excess[index] =
        (excess[index] ?? 0) + (sign * ((sums[place] ?? 0) - own * (counts[place] ?? 0))) / count;
    }
  }
  let squares = 0;
  for (const one of excess) squares += one * one;
  return { mean, error: Math.sqrt((squares * places.length) / (places.length - 1)) };
}
