import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/engine/random/random';
import { present } from '../../lib/base/present';
import { quantiles } from '../../lib/base/statistics';
import {
  differenceOfMeans,
  meanOfParts,
  meanWithInterval,
  type Part,
  proportion,
} from '../../lib/evaluate/intervals';

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

describe('the interval of a mean over parts', () => {
  const some: readonly Part[] = [3, 5, 8, 4, 9, 6].map((sum, index) => ({ sum, count: 2 + (index % 3) }));
  const options = (seed = 1) => ({ random: Random.fromSeed(seed) });

  it('is about the mean of all, and wider for a higher level', () => {
    const wide = present(meanOfParts(some, options()), 'interval');
    const narrow = present(meanOfParts(some, { ...options(), level: 0.5 }), 'interval');
    expect(wide.mean).toBeCloseTo(35 / 18, 12);
    expect(wide.mean - wide.low).toBeCloseTo(wide.high - wide.mean, 12);
    expect(wide.high - wide.low).toBeGreaterThan(narrow.high - narrow.low);
    expect(narrow.high).toBeGreaterThan(narrow.mean);
  });

  it('is the same for the same random stream, and moves and grows with what is measured', () => {
    const interval = present(meanOfParts(some, options()), 'interval');
    expect(meanOfParts(some, options())).toEqual(interval);
    const other = present(
      meanOfParts(
        some.map(({ sum, count }) => ({ sum: 3 * sum + 10 * count, count })),
        options(),
      ),
      'interval',
    );
    expect(other.low).toBeCloseTo(3 * interval.low + 10, 9);
    expect(other.high).toBeCloseTo(3 * interval.high + 10, 9);
  });

  it('is a point where all parts are alike, and none where there are few or all but one are alike', () => {
    const alike = [1, 2, 3, 4, 5].map((count) => ({ sum: 0.1 * count, count }));
    const { low, high } = present(meanOfParts(alike, options()), 'interval');
    expect([low, high]).toEqual([expect.closeTo(0.1, 12), expect.closeTo(0.1, 12)]);
    expect(meanOfParts(alike.slice(1), options())).toBeUndefined();
    expect(meanOfParts([...alike, { sum: 7, count: 1 }], options())).toBeUndefined();
  });

  it('takes a sample of one part alone for one that knows no error, also where that part is the mean', () => {
    const parts = [1, 2, 3, 4, 5].map((sum) => ({ sum, count: 1 }));
    const random = Random.fromSeed(1);
    const distances = Array.from({ length: 2000 }, () => {
      const drawn = Array.from({ length: 5 }, () => 1 + random.integer(0, 5));
      const mean = drawn.reduce((sum, one) => sum + one, 0) / 5;
      const squares = drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0);
      return squares === 0 ? Infinity : Math.abs(mean - 3) / Math.sqrt(squares / 20);
    });
    // Among them are samples of the third part alone, which is 3.
    expect(distances.filter((distance) => distance === Infinity).length).toBeGreaterThan(2);
    const reach = present(quantiles(distances, [0.95])[0], 'quantile') * Math.sqrt(10 / 20);
    const interval = present(meanOfParts(parts, options()), 'interval');
    expect(interval.low).toBeCloseTo(3 - reach, 9);
    expect(interval.high).toBeCloseTo(3 + reach, 9);
  });

  it('refuses a level that is none', () => {
    expect(() => meanOfParts(some, { ...options(), level: 1 })).toThrow('level 1: must lie between 0 and 1');
  });

  /** Documents whose losses have a mean of 2 nats, drawn as `draw` says. */
  type Draw = (random: Random) => Part;
  const draws: Readonly<Record<string, Draw>> = {
    'of one size': (random) => ({ sum: 1000 * random.normal(2, 0.3), count: 1000 }),
    'of sizes up to ten times the least': (random) => {
      const count = random.integer(50, 501);
      return { sum: count * (2 + 0.6 * (random.uniform() + random.uniform() - 1)), count };
    },
    'of sizes as books have': (random) => {
      const count = Math.round(1000 * Math.exp(random.normal(0, 0.7)));
      return { sum: count * random.normal(2, 0.3), count };
    },
  };

  /** How often an interval of `count` parts holds the truth. */
  function share(
    draw: Draw,
    count: number,
    repeats: number,
    interval: (parts: readonly Part[], random: Random) => { low: number; high: number } | undefined,
    truth = 2,
  ): number {
    const random = Random.fromSeed(count);
    let held = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const parts = Array.from({ length: count }, () => draw(random));
      const { low, high } = present(interval(parts, random), 'interval');
      if (low <= truth && truth <= high) held += 1;
    }
    return held / repeats;
  }

  describe.each(Object.entries(draws))('%s', (_name, draw) => {
    it.each([
      [20, 0.95],
      [20, 0.8],
      [60, 0.95],
    ])('holds the truth with %i parts at its level, %f', (count, level) => {
      const repeats = 800;
      const held = share(draw, count, repeats, (parts, random) =>
        meanOfParts(parts, { random, level, resamples: 1000 }),
      );
      // Within the bounds that 999 of 1,000 counts of a binomial distribution keep.
      const bound = 3.3 * Math.sqrt((level * (1 - level)) / repeats);
      expect(Math.abs(held - level)).toBeLessThan(bound);
    });
  });

  it.each([20, 60])(
    'of a difference of two means on the same %i parts holds the truth at its level',
    (count) => {
      const random = Random.fromSeed(5);
      const repeats = 800;
      let held = 0;
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        const pairs = Array.from({ length: count }, () => {
          const tokens = Math.round(1000 * Math.exp(random.normal(0, 0.7)));
          const hard = random.normal(2, 0.3);
          const [first, second] = [hard + random.normal(0.1, 0.05), hard + random.normal(0, 0.05)];
          // The second reading sees a little less of each.
          return [
            { sum: tokens * first, count: tokens },
            { sum: 0.9 * tokens * second, count: 0.9 * tokens },
          ] as const;
        });
        const { low, high } = present(
          differenceOfMeans(
            pairs.map(([first]) => first),
            pairs.map(([, second]) => second),
            { random, resamples: 1000 },
          ),
          'interval',
        );
        if (low <= 0.1 && 0.1 <= high) held += 1;
      }
      expect(Math.abs(held / repeats - 0.95)).toBeLessThan(3.3 * Math.sqrt((0.95 * 0.05) / repeats));
    },
  );

  /**
   * Means that lean to one side, and means that go with the size: 2 - 0.2 z weighs 1.86 with
   * exp(0.7 z).
   */
  const hard: Readonly<Record<string, readonly [truth: number, draw: Draw]>> = {
    'lean to one side': [
      2,
      (random) => {
        const count = Math.round(1000 * Math.exp(random.normal(0, 0.7)));
        return { sum: count * (1.5 - 0.5 * Math.log(1 - random.uniform())), count };
      },
    ],
    'go with the size': [
      1.86,
      (random) => {
        const z = random.normal();
        const count = 1000 * Math.exp(0.7 * z);
        return { sum: count * (2 - 0.2 * z + random.normal(0, 0.25)), count };
      },
    ],
  };

  it.each(Object.entries(hard))(
    'holds the truth more often than percentiles of means where means %s, if not quite at its level',
    (_name, [truth, draw]) => {
      /** The percentile bootstrap (Efron 1979) of the mean. */
      const percentiles = (parts: readonly Part[], random: Random) => {
        const means = Float64Array.from({ length: 1000 }, () => {
          let [sum, count] = [0, 0];
          for (const drawn of parts.map(() => random.integer(0, parts.length))) {
            const part = parts[drawn];
            sum += part?.sum ?? 0;
            count += part?.count ?? 0;
          }
          return sum / count;
        });
        const [low = NaN, high = NaN] = quantiles(means, [0.025, 0.975]);
        return { low, high };
      };
      const ofTwenty = (interval: Parameters<typeof share>[3]) => share(draw, 20, 500, interval, truth);
      const ours = ofTwenty((parts, random) => meanOfParts(parts, { random, resamples: 1000 }));
      expect(ours).toBeGreaterThan(0.9);
      expect(ofTwenty(percentiles)).toBeLessThan(ours - 0.02);
    },
  );
});
