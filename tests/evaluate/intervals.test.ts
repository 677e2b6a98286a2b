import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/engine/random';
import { meanWithInterval, proportion } from '../../lib/evaluate/intervals';

describe("Wilson's interval", () => {
  it('is that of the literature (Newcombe 1998, table I)', () => {
    const cases = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [successes, trials, low, high] of cases) {
      const interval = proportion(successes, trials);
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    }
  });

  it('holds the share, lies within 0 and 1, and turns over with it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (trials, part) => {
          const successes = Math.round(part * trials);
          const { share, low, high } = proportion(successes, trials);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(share);
          expect(high).toBeGreaterThanOrEqual(share);
          expect(high).toBeLessThanOrEqual(1);
          const turned = proportion(trials - successes, trials);
          expect(turned.low).toBeCloseTo(1 - high, 12);
        },
      ),
    );
  });

  it('holds the true share as often as it says', () => {
    const random = Random.fromSeed(11);
    for (const truth of [0.02, 0.5, 0.97]) {
      let held = 0;
      for (let sample = 0; sample < 2000; sample += 1) {
        let successes = 0;
        for (let trial = 0; trial < 200; trial += 1) if (random.uniform() < truth) successes += 1;
        const { low, high } = proportion(successes, 200);
        if (low <= truth && truth <= high) held += 1;
      }
      expect(held / 2000).toBeGreaterThan(0.925);
      expect(held / 2000).toBeLessThan(0.98);
    }
  });

  it('refuses what is no share', () => {
    expect(() => proportion(0, 0)).toThrow('a share of 0 in 0');
    expect(() => proportion(3, 2)).toThrow('a share of 3 in 2');
    expect(() => proportion(1, 2, 1)).toThrow('level 1: must lie between 0 and 1');
  });
});

describe('the interval of a mean', () => {
  it('is that of the normal distribution', () => {
    // Deviation 2 of four values: 1.96 x 2 / sqrt(4) to each side.
    const values = [1, 1, 4, 4].map((value) => value * (2 / Math.sqrt(3)));
    const { mean, low, high } = meanWithInterval(values);
    expect(mean).toBeCloseTo(5 / Math.sqrt(3), 12);
    expect(high - mean).toBeCloseTo(1.959964, 5);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  it('holds the true mean as often as it says', () => {
    const random = Random.fromSeed(11);
    const trials = 2000;
    let held = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const { low, high } = meanWithInterval([...random.uniformArray(100)], 0.9);
      if (low <= 0.5 && 0.5 <= high) held += 1;
    }
    // Six standard deviations.
    expect(Math.abs(held / trials - 0.9)).toBeLessThan(6 * Math.sqrt((0.9 * 0.1) / trials));
  });

  it('is not made of one value, nor at an impossible level', () => {
    expect(() => meanWithInterval([1])).toThrow('a mean of 1 with an interval: give two values at least');
    expect(() => meanWithInterval([1, 2], 1)).toThrow('level 1: must lie between 0 and 1');
  });
});
