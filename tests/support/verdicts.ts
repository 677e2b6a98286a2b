// How a finding is judged by an interval, tried at all places that the interval can have beside a
// bound. One helper for all items.

import { expect } from 'vitest';

/** An interval and its estimate. */
export interface Judged {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** What a claim is about: that a number lies below another, or above it. */
export type Side = 'below' | 'above';

/**
 * Expects that a claim holds, does not hold or is inconclusive as the interval lies beside a bound:
 * it does on its own side, it does not on the other, and nothing is told by an interval across the
 * bound, or one that touches it, wherever its estimate is.
 *
 * @param judge  the verdict where the interval was found
 * @param bound  a number, or the interval of the other number
 * @param spread how long intervals are that are tried, in the unit of the bound
 */
export function expectVerdicts(
  judge: (interval: Judged) => boolean | null | undefined,
  bound: number | Pick<Judged, 'low' | 'high'>,
  side: Side,
  spread: number,
): void {
  const { low, high } = typeof bound === 'number' ? { low: bound, high: bound } : bound;
  const reach = (start: number, end: number, share = 0.5): Judged => ({
    low: start,
    estimate: start + share * (end - start),
    high: end,
  });
  const cases = {
    'below the bound': [reach(low - 3 * spread, low - spread), true],
    'just below it': [reach(low - 3 * spread, low - 1e-6 * spread), true],
    'with its end at it': [reach(low - 3 * spread, low), null],
    'across it, with the estimate below': [reach(low - spread, high + spread, 0.01), null],
    'across it, with the estimate above': [reach(low - spread, high + spread, 0.99), null],
    'of one point, at it': [reach(low, low), null],
    'with its beginning at it': [reach(high, high + 3 * spread), null],
    'just above it': [reach(high + 1e-6 * spread, high + 3 * spread), false],
    'above it': [reach(high + spread, high + 3 * spread), false],
  } as const satisfies Readonly<Record<string, readonly [Judged, boolean | null]>>;
  for (const [where, [interval, below]] of Object.entries(cases)) {
    const holds = below === null ? null : below === (side === 'below');
    expect(judge(interval), `an interval ${where}, ${low} to ${high}`).toBe(holds);
  }
}
