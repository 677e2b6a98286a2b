import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../lib/base/histogram';

const values = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 300 });

/**
 * Also those that a count is exactly: there a value is one of the share, and the next one is not.
 */
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 0.75, 1));

function histogramOf(numbers: readonly number[]): Histogram {
  const histogram = new Histogram();
  histogram.addAll(numbers);
  return histogram;
}

describe('Histogram', () => {
  it('gives the quantiles of the sorted values', () => {
    fc.assert(
      fc.property(values, share, (numbers, probability) => {
        const sorted = [...numbers].sort((a, b) => a - b);
        const rank = Math.max(1, Math.ceil(probability * sorted.length));
        expect(histogramOf(numbers).quantile(probability)).toBe(sorted[rank - 1]);
      }),
    );
  });

  it('gives the share below a limit and the mean', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 220 }), (numbers, limit) => {
        const histogram = histogramOf(numbers);
        const below = numbers.filter((value) => value < limit).length;
        expect(histogram.shareBelow(limit)).toBe(below / numbers.length);
        expect(histogram.mean).toBeCloseTo(
          numbers.reduce((sum, value) => sum + value, 0) / numbers.length,
          9,
        );
      }),
    );
  });

  it('is the same after a round trip through its pairs', () => {
    fc.assert(
      fc.property(values, (numbers) => {
        const histogram = histogramOf(numbers);
        expect(Histogram.of(histogram.pairs).pairs).toEqual(histogram.pairs);
        expect(Histogram.of(histogram.pairs).total).toBe(numbers.length);
      }),
    );
  });

  it('has no quantile, share or mean of nothing', () => {
    const empty = new Histogram();
    expect([empty.quantile(0.5), empty.shareBelow(3), empty.mean]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});
