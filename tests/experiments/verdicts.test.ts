import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liesBelow } from '../../lib/experiments/charts/verdicts';

describe('an interval against a bound', () => {
  it.each([
    ['below it', 1, 2, true],
    ['that ends at it', 2, 3, null],
    ['across it, mostly below', 1, 3.1, null],
    ['across it, mostly above', 2.9, 5, null],
    ['that begins at it', 3, 4, null],
    ['above it', 4, 5, false],
    ['of one point, at it', 3, 3, null],
    ['without ends', NaN, NaN, null],
    ['that reaches as far as there are numbers', -Infinity, Infinity, null],
  ])('%s', (_, low, high, below) => {
    expect(liesBelow({ low, high }, 3)).toBe(below);
    expect(liesBelow(3, { low, high })).toBe(below === null ? null : !below);
  });
});

it('of two intervals, one lies below if each of its points is below each of the other', () => {
  const ends = fc
    .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 9 }))
    .map(([low, reach]) => ({ low, high: low + reach }));
  fc.assert(
    fc.property(ends, ends, (first, second) => {
      const points = ({ low, high }: typeof first): number[] =>
        Array.from({ length: high - low + 1 }, (_, index) => low + index);
      const pairs = points(first).flatMap((a) => points(second).map((b) => a - b));
      const wanted = pairs.every((difference) => difference < 0)
        ? true
        : pairs.every((difference) => difference > 0)
          ? false
          : null;
      expect(liesBelow(first, second)).toBe(wanted);
    }),
  );
});
