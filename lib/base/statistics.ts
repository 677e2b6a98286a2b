// Summaries of samples: quantiles, the empirical distribution function, intervals by the bootstrap, and fitted powers.

import { linearRegression, quantileSorted } from 'simple-statistics';
import { ConfigError } from './errors';

function sorted(values: ArrayLike<number>, what: string): Float64Array {
  const copy = Float64Array.from(values);
  if (copy.length === 0) throw new ConfigError(`${what} of no values; give at least one`);
  if (copy.some(Number.isNaN)) throw new ConfigError(`${what}: a value is NaN; leave such values out`);
  return copy.sort();
}

/**
 * Quantiles in the order asked for, interpolated linearly between the two nearest values (type 7 of Hyndman and Fan
 * 1996, as numpy's `quantile`).
 *
 * @param shares from 0 (least) to 1 (greatest)
 * @throws ConfigError if there are no values or one is NaN
 */
export function quantiles(values: ArrayLike<number>, shares: readonly number[]): number[] {
  // simple-statistics only indexes its argument, so a typed array will do.
  const order = sorted(values, 'quantiles') as unknown as number[];
  return shares.map((share) => quantileSorted(order, share));
}

/** The distribution function of a sample: `share[i]` of the values are at most `x[i]`. */
export interface EmpiricalDistribution {
  /** The distinct values, ascending. */
  readonly x: Float64Array;
  /** Ascending, the last 1. */
  readonly share: Float64Array;
}

/**
 * The empirical distribution function at every distinct value.
 *
 * @throws ConfigError if there are no values or one is NaN
 */
export function empiricalDistribution(values: ArrayLike<number>): EmpiricalDistribution {
  const order = sorted(values, 'distribution');
  const lasts: number[] = [];
  order.forEach((value, index) => {
    if (index === order.length - 1 || order[index + 1] !== value) lasts.push(index);
  });
  return {
    x: Float64Array.from(lasts, (index) => order[index] ?? 0),
    share: Float64Array.from(lasts, (index) => (index + 1) / order.length),
  };
}

/** An estimate and the interval that contains it. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** How an interval is found. */
export interface BootstrapOptions {
  /** Uniform in [0, 1); seeded by the caller, so that the interval is the same every time. */
  readonly random: () => number;
  /** Default 0.95. */
  readonly level?: number;
  /** Default 2,000. */
  readonly resamples?: number;
}

/**
 * The percentile bootstrap (Efron 1979): `statistic` of the sample, and between which values it lies in `level` of
 * the samples drawn from it with replacement.
 *
 * @throws ConfigError if there are no values, or the level is not between 0 and 1
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  statistic: (sample: Float64Array) => number,
  options: BootstrapOptions,
): Interval {
  const { random, level = 0.95, resamples = 2000 } = options;
  if (values.length === 0) throw new ConfigError('bootstrap of no values; give at least one');
  if (!(level > 0 && level < 1)) throw new ConfigError(`bootstrap level ${level}: must lie between 0 and 1`);
  const sample = Float64Array.from(values);
  const resample = new Float64Array(sample.length);
  const estimates = Float64Array.from({ length: resamples }, () => {
    for (let index = 0; index < resample.length; index += 1)
      resample[index] = sample[Math.floor(random() * sample.length)] ?? 0;
    return statistic(resample);
  });
  const [low = 0, high = 0] = quantiles(estimates, [(1 - level) / 2, (1 + level) / 2]);
  return { estimate: statistic(sample), low, high };
}

/** y = factor x^exponent, by least squares of the logarithms; all numbers are above 0, and two x differ. */
export function fitPower(points: readonly (readonly [x: number, y: number])[]): {
  readonly exponent: number;
  readonly factor: number;
} {
  const { m, b } = linearRegression(points.map(([x, y]) => [Math.log(x), Math.log(y)]));
  return { exponent: m, factor: Math.exp(b) };
}
