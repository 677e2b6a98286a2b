// Summaries of samples: quantiles, intervals, fitted power laws.

import { linearRegression, quantileSorted } from 'simple-statistics';
import { ConfigError } from './errors';

/**
 * Quantiles in the order asked for, interpolated linearly between the two nearest values (type 7 of
 * Hyndman and Fan 1996, as numpy's `quantile`).
 *
 * @param shares from 0 (least) to 1 (greatest)
 * @throws ConfigError if there are no values or one is NaN
 */
export function quantiles(values: ArrayLike<number>, shares: readonly number[]): number[] {
  const order = Float64Array.from(values).sort();
  if (order.length === 0) throw new ConfigError('quantiles of no values; give at least one');
  if (order.some(Number.isNaN)) throw new ConfigError('quantiles: a value is NaN; leave such values out');
  // simple-statistics only indexes its argument, so a typed array will do.
  return shares.map((share) => quantileSorted(order as unknown as number[], share));
}

/** An estimate and the interval that contains it. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Fits y = factor x^exponent by least squares of the logarithms. All numbers must be above 0, and
 * two x differ.
 */
export function fitPower(points: readonly (readonly [x: number, y: number])[]): {
  readonly exponent: number;
  readonly factor: number;
} {
  const { m, b } = linearRegression(points.map(([x, y]) => [Math.log(x), Math.log(y)]));
  return { exponent: m, factor: Math.exp(b) };
}
