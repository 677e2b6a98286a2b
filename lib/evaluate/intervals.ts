// How sure a measured share is: Wilson's interval, which holds near 0 and 1 too, where accuracies often are; and how sure a mean is.

import { ConfigError } from '../base/errors';
import { standardNormalQuantile } from '../engine/normal-quantile';

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
