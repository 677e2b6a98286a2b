// Summaries of a value that was measured once for each seed.

import { type Range } from '../base/format';

/** The mean of some values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Summary of a value over seeds: of several the mean, the least and the most; of one its own
 * interval.
 */
export function overSeeds(ranges: readonly Range[]): Range {
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined) return only;
  const centres = ranges.map(({ centre }) => centre);
  return { centre: mean(centres), low: Math.min(...centres), high: Math.max(...centres) };
}
