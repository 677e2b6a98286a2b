import { sampleStandardDeviation } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/engine/random/random';
import { seedSpread, smallestTold } from '../../lib/experiments/items/ablation/seed-spread';

describe('the spread between seeds', () => {
  it('of one model is the standard deviation of its losses', () => {
    const losses = [3.1, 3.3, 3.2, 3.6];
    const spread = seedSpread([losses]);
    expect(spread?.deviation).toBeCloseTo(sampleStandardDeviation(losses), 12);
    expect(spread?.freedom).toBe(3);
  });

  it('is pooled over models, whose means do not matter', () => {
    const one = seedSpread([
      [1, 3],
      [2, 4],
    ]);
    expect(one).toEqual({ deviation: Math.SQRT2, freedom: 2 });
    expect(seedSpread([[1, 3], [102, 104], [7]])).toEqual(one);
  });

  it('is not known of models with one seed each', () => {
    expect(seedSpread([[1], [2], []])).toBeUndefined();
  });
});

describe('the smallest difference that is told', () => {
  it('is exceeded by chance in one of twenty comparisons, however few seeds there are', () => {
    const random = Random.fromSeed(5);
    for (const [seeds, first, second] of [
      [2, 2, 1],
      [3, 1, 1],
      [6, 3, 3],
    ] as const) {
      const trials = 20_000;
      let exceeded = 0;
      for (let trial = 0; trial < trials; trial++) {
        const draw = (count: number): number[] =>
          Array.from({ length: count }, () => 3 + 0.1 * random.normal());
        const mean = (values: number[]): number =>
          values.reduce((sum, value) => sum + value, 0) / values.length;
        const spread = seedSpread([draw(seeds), draw(seeds)]);
        if (spread === undefined) throw new Error('no spread');
        const difference = Math.abs(mean(draw(first)) - mean(draw(second)));
        if (difference > smallestTold(spread, first, second)) exceeded += 1;
      }
      // Five standard errors of a share of 0.05 in so many trials are 0.008.
      expect(exceeded / trials, `${seeds} seeds`).toBeGreaterThan(0.042);
      expect(exceeded / trials, `${seeds} seeds`).toBeLessThan(0.058);
    }
  });
});
