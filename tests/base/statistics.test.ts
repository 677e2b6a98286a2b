import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { bootstrapInterval, empiricalDistribution, fitPower, quantiles } from '../../lib/base/statistics';

const sample = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

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

describe('empiricalDistribution', () => {
  it('counts, at every distinct value, the values up to it', () => {
    fc.assert(
      fc.property(sample, (values) => {
        const { x, share } = empiricalDistribution(values);
        expect([...x]).toEqual([...new Set(values)].sort((a, b) => a - b));
        x.forEach((value, index) => {
          expect(share[index]).toBe(values.filter((other) => other <= value).length / values.length);
        });
      }),
    );
  });
});

describe('bootstrapInterval', () => {
  it('is the same for the same seed, and contains the estimate of a mean', () => {
    const random = generator(7);
    const values = Float64Array.from({ length: 200 }, () => random() * 10);
    const interval = (seed: number): object => bootstrapInterval(values, mean, { random: generator(seed) });
    expect(interval(1)).toEqual(interval(1));
    expect(interval(1)).not.toEqual(interval(2));
    const { low, estimate, high } = bootstrapInterval(values, mean, { random: generator(1) });
    expect(low).toBeLessThan(estimate);
    expect(high).toBeGreaterThan(estimate);
    // A mean's interval is close to 1.96 standard errors on each side.
    const error = Math.sqrt(mean(values.map((value) => (value - estimate) ** 2)) / values.length);
    expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 1);
  });

  it('covers the true mean about as often as it says', () => {
    const random = generator(11);
    const trials = 300;
    let covered = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const values = Float64Array.from({ length: 60 }, random);
      const { low, high } = bootstrapInterval(values, mean, { random, level: 0.9, resamples: 400 });
      if (low <= 0.5 && high >= 0.5) covered += 1;
    }
    expect(covered / trials).toBeGreaterThan(0.84);
    expect(covered / trials).toBeLessThan(0.96);
  });

  it('refuses an empty sample and an impossible level', () => {
    expect(() => bootstrapInterval([], mean, { random: Math.random })).toThrow(ConfigError);
    expect(() => bootstrapInterval([1], mean, { random: Math.random, level: 1 })).toThrow(/between 0 and 1/);
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
