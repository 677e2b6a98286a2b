import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { fitPower, quantiles } from '../../lib/base/statistics';

const sample = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });

describe('quantiles', () => {
  it('rise with the share asked for, from the least to the greatest value', () => {
    fc.assert(
      fc.property(sample, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (values, shares) => {
        const ascending = [0, ...shares.sort((a, b) => a - b), 1];
        const found = quantiles(values, ascending);
        expect(found[0]).toBe(Math.min(...values));
        expect(found.at(-1)).toBe(Math.max(...values));
        found.slice(1).forEach((value, index) => {
          expect(value).toBeGreaterThanOrEqual((found[index] ?? 0) - 1e-9);
        });
      }),
    );
  });

  it('are those of numpy', () => {
    // numpy.quantile([7, 1, 4, 10], [0.05, 0.25, 0.5, 0.95])
    quantiles([7, 1, 4, 10], [0.05, 0.25, 0.5, 0.95]).forEach((value, index) => {
      expect(value).toBeCloseTo([1.45, 3.25, 5.5, 9.55][index] ?? 0, 12);
    });
  });

  it('leave the sample as it was', () => {
    const values = new Int32Array([3, 1, 2]);
    expect(quantiles(values, [1, 0, 0.5])).toEqual([3, 1, 2]);
    expect([...values]).toEqual([3, 1, 2]);
  });

  it('refuse an empty sample and NaN', () => {
    expect(() => quantiles([], [0.5])).toThrow(ConfigError);
    expect(() => quantiles([1, Number.NaN], [0.5])).toThrow(/NaN/);
  });
});

describe('a fitted power', () => {
  it('is the one that the points were made with', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (exponent, factor) => {
          const points = [1, 2, 5, 30].map((x) => [x, factor * x ** exponent] as const);
          const fitted = fitPower(points);
          expect(fitted.exponent).toBeCloseTo(exponent, 8);
          expect(fitted.factor / factor).toBeCloseTo(1, 8);
        },
      ),
    );
  });
});
