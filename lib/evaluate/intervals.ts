// How sure a measured share is: Wilson's interval, which holds near 0 and 1 too, where accuracies often are; how sure a mean is; and how
// sure a mean over what comes in parts of different sizes, such as the loss of a token, where tokens come in documents.

import { ConfigError } from '../base/errors';
import { quantiles } from '../base/statistics';
import { standardNormalQuantile } from '../engine/normal-quantile';
import { type Random } from '../engine/random';

/** A share of trials and the interval that holds the true one. */
export interface Proportion {
  readonly successes: number;
  readonly trials: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A share with its score interval (Wilson 1927, "Probable inference, the law of succession, and statistical inference").
 *
 * @param level how often the interval holds the true share; default 0.95
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
  // At the ends the exact bound is 0 or 1; rounding must not pass it, nor fall short of it.
  return {
    successes,
    trials,
    share,
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === trials ? 1 : Math.min(1, centre + reach),
  };
}

/** A mean and the interval that holds the true one. */
export interface Mean {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A mean of independent values with its normal interval, for many of them: such as a share of each of some hundred words, where the
 * places of one word are not independent of each other.
 *
 * @param level how often the interval holds the true mean; default 0.95
 * @throws ConfigError if there are not two values, or the level is not between 0 and 1
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

/** A part of what is measured, such as a document. */
export interface Part {
  /** What it adds to the total. */
  readonly sum: number;
  /** How many of the things that the mean is over it holds, above 0. */
  readonly count: number;
}

/** How the interval is found. */
export interface PartsOptions {
  /** Draws the samples. */
  readonly random: Random;
  /** How often the interval holds the true mean; default 0.95. */
  readonly level?: number;
  /** Default 2,000. */
  readonly resamples?: number;
}

/** Fewer parts say nothing about how parts differ: the interval would be as wide as what is measured. */
const fewestParts = 5;

/**
 * The mean sum / count over all parts, with the interval that holds that of all such parts there could be: parts, not what is in them,
 * are independent of each other.
 *
 * It is the symmetric bootstrap-t (Hall 1988, "On symmetric bootstrap confidence intervals"): parts are drawn anew, and each sample's
 * distance from the mean is measured in its own standard error. Percentiles of the samples' means would be too close together: at 20
 * parts they hold the truth 92 times of 100, where this holds it 95 times. Parts that differ much in size and whose means lean to one side, or go with their
 * size, are hard for either: docs/perplexity.md has the numbers.
 *
 * @returns undefined for fewer than five parts, or where all but a few are so much alike that samples tell nothing
 * @throws ConfigError if the level is not between 0 and 1
 */
export function meanOfParts(
  parts: readonly Part[],
  { random, level = 0.95, resamples = 2000 }: PartsOptions,
): Mean | undefined {
  if (!(level > 0 && level < 1)) throw new ConfigError(`level ${level}: must lie between 0 and 1`);
  if (parts.length < fewestParts) return undefined;
  const counts = Float64Array.from(parts, ({ count }) => count);
  const whole = total(counts);
  const mean = total(parts.map(({ sum }) => sum)) / whole;
  // What each part has more than the mean would give it; their sum is 0.
  const excess = Float64Array.from(parts, ({ sum, count }) => sum - mean * count);
  const error = standardError(parts.length, whole, total(excess.map((one) => one * one)));
  // All alike, but for rounding.
  if (error <= 1e-12 * Math.abs(mean)) return { mean, low: mean, high: mean };
  const drawn = Float64Array.from({ length: resamples }, () => {
    let [e, c, ee, ec, cc] = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < parts.length; draw += 1) {
      const place = random.integer(0, parts.length);
      const [more, count] = [excess[place] ?? 0, counts[place] ?? 0];
      e += more;
      c += count;
      ee += more * more;
      ec += more * count;
      cc += count * count;
    }
    const away = e / c;
    const own = standardError(parts.length, c, Math.max(0, ee - 2 * away * ec + away * away * cc));
    // A part drawn again and again knows no error; rounding leaves a little of one.
    return own <= 1e-9 * Math.abs(away) ? Infinity : Math.abs(away) / own;
  });
  const [reach = Infinity] = quantiles(drawn, [level]);
  return Number.isFinite(reach) ? { mean, low: mean - reach * error, high: mean + reach * error } : undefined;
}

/** Of a ratio of sums, from the squares of what parts have more than the ratio gives them. */
function standardError(parts: number, whole: number, squares: number): number {
  return Math.sqrt((squares * parts) / (parts - 1)) / whole;
}

function total(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
