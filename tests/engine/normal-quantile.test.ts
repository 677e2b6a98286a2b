import fc from 'fast-check';
import { errorFunction } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { naturalLogarithm, standardNormalQuantile } from '../../lib/engine/random/normal-quantile';

describe('naturalLogarithm', () => {
  it('agrees with Math.log to the last digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -1000, max: 2 ** 1000, noNaN: true }), (x) => {
        const expected = Math.log(x);
        return Math.abs(naturalLogarithm(x) - expected) <= 4e-16 * Math.max(Math.abs(expected), 1);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('standardNormalQuantile', () => {
  it.each([
    // Wichura's own test values (AS 241) and the usual table.
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167813],
    [1e-20, -9.26234008979841],
    [0.975, 1.959963984540054],
    [0.5, 0],
  ])('of %d is %d', (p, quantile) => {
    expect(Math.abs(standardNormalQuantile(p) - quantile)).toBeLessThan(1e-14);
  });

  it('is the inverse of the distribution', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        const back = (1 + errorFunction(standardNormalQuantile(p) / Math.SQRT2)) / 2;
        return Math.abs(back - p) < 2e-7; // simple-statistics' error function is good to 1.2e-7
      }),
    );
  });

  it('is symmetric and grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 20 - 2 }), (k) => {
        const p = k / 2 ** 21;
        expect(standardNormalQuantile(1 - p)).toBe(-standardNormalQuantile(p));
        expect(standardNormalQuantile(p + 2 ** -21)).toBeGreaterThan(standardNormalQuantile(p));
      }),
    );
  });
});
