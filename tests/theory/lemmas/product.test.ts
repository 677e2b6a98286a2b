import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { float32, float64 } from '../../../lib/theory/lemmas/certificate';
import {
  bestProductScale,
  certifyProduct,
  multiply,
  productError,
  productErrorsByScale,
  productMlp,
  productRounding,
  productScale,
  productTruncation,
  smallestProductError,
} from '../../../lib/theory/lemmas/product';
import { MlpBuilder } from '../../../lib/theory/network/mlp';
import { tampered } from './tampered';

const bounds = fc.double({ min: 0.1, max: 50, noNaN: true });
/** An error relative to the largest product. */
const relative = fc.double({ min: -8, max: -0.5, noNaN: true }).map((power) => 10 ** power);

describe('Lemma 1.1', () => {
  it('multiplies with 4 units to the error asked for, whatever the bound', () => {
    fc.assert(
      fc.property(bounds, relative, (bound, share) => {
        const certificate = certifyProduct({ bound, epsilon: share * bound ** 2 }, { grid: 21 });
        expect(certificate).toMatchObject({ hidden: 4, holds: true });
        // The bound is not idle: the corner comes near it.
        expect(certificate.measured).toBeGreaterThan(0.7 * certificate.bound);
      }),
      { numRuns: 40 },
    );
  });

  it('is 0 where a factor is', () => {
    fc.assert(
      fc.property(bounds, relative, fc.double({ min: -1, max: 1, noNaN: true }), (bound, share, place) => {
        const mlp = productMlp({ bound, epsilon: share * bound ** 2 });
        // u - u in four roundings of values up to 1 / (4 c scale).
        expect(Math.abs(productError(mlp, place * bound, 0))).toBeLessThan(
          1e-5 * share * bound ** 2 + 1e-10 * bound ** 2,
        );
      }),
    );
  });

  it('has weights that grow as the fourth power of the bound and the first of 1 / error', () => {
    const norm = (bound: number, epsilon: number): number =>
      certifyProduct({ bound, epsilon }, { grid: 3 }).weightNorm.largest;
    expect(Math.log2(norm(8, 1e-3) / norm(4, 1e-3))).toBeCloseTo(4, 2);
    expect(Math.log10(norm(4, 1e-4) / norm(4, 1e-3))).toBeCloseTo(1, 2);
  });

  it('is caught when a weight is wrong', () => {
    const options = { bound: 2, epsilon: 1e-4 };
    const mlp = productMlp(options);
    for (const wrong of [...tampered(mlp, 1e-3), { ...mlp, activation: 'relu' as const }]) {
      const { measured, bound, holds } = certifyProduct(options, { mlp: wrong, grid: 21 });
      expect(measured).toBeGreaterThan(bound);
      expect(holds).toBe(false);
    }
  });

  it('is not certified with a bump between the points of the grid, which no search has to find', () => {
    const options = { bound: 1, epsilon: 1e-3 };
    const own = productMlp(options);
    // One unit more, which is above 0 in a corner of the box only, between points of the grid.
    const builder = new MlpBuilder('gelu');
    multiply(builder, 0, 1, 2, productScale(options));
    for (const [bias, weight] of [
      [-0.0374, 1],
      [-0.0376, -2],
      [-0.0378, 1],
    ] as const)
      builder.unit([[0, 1e5]], bias * 1e5, [[2, (weight * 1e-5) / 2e-4]]);
    const bumped = builder.build();
    const { measured, bound, holds } = certifyProduct(options, { mlp: bumped, grid: 5 });
    expect(Math.abs(productError(bumped, 0.0376, 0))).toBeGreaterThan(0.5);
    expect(measured).toBeLessThanOrEqual(bound);
    expect(holds).toBe(false);
    expect(certifyProduct(options, { mlp: structuredClone(own), grid: 5 }).holds).toBe(true);
  });

  it('holds in float32 down to the error it says, and refuses a smaller one', () => {
    for (const bound of [0.5, 1, 7]) {
      const least = smallestProductError(bound, float32);
      expect(least / bound ** 2).toBeGreaterThan(1e-5);
      expect(least / bound ** 2).toBeLessThan(1e-3);
      expect(certifyProduct({ bound, epsilon: least, precision: float32 }, { grid: 41 }).holds).toBe(true);
      expect(() => productMlp({ bound, epsilon: 0.9 * least, precision: float32 })).toThrow(UsageError);
    }
    expect(smallestProductError(1, float64)).toBeLessThan(1e-9);
  });

  it('is proved best at the scale it says', () => {
    fc.assert(
      fc.property(
        bounds,
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(float32, float64),
        (bound, terms, precision) => {
          const proved = (scale: number): number =>
            productTruncation(scale, bound, terms) + productRounding(scale, bound, precision, terms);
          const best = bestProductScale(bound, precision, terms);
          for (const factor of [0.5, 0.99, 1.01, 2]) expect(proved(best)).toBeLessThan(proved(factor * best));
        },
      ),
    );
  });

  it('has a best scale: smaller ones are rounded away, larger ones bend', () => {
    const scales = Array.from({ length: 13 }, (_, index) => 10 ** (-4 + index / 3));
    for (const precision of [float32, float64]) {
      const errors = productErrorsByScale(scales, { bound: 1, precision, grid: 11 });
      for (const { measured, truncation, rounding } of errors)
        expect(measured).toBeLessThanOrEqual(truncation + rounding);
    }
    const errors = productErrorsByScale(scales, { bound: 1, precision: float32, grid: 11 }).map(
      ({ measured }) => measured,
    );
    const least = Math.min(...errors);
    expect(errors[0]).toBeGreaterThan(10 * least);
    expect(errors.at(-1)).toBeGreaterThan(10 * least);
  });
});
