import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, quantiles } from '../../lib/base/statistics';
import { Random } from '../../lib/engine/random/random';
import { scoreOfParts, type TextMetricName } from '../../lib/evaluate/metrics/text-metrics';
import {
  differenceInterval,
  type InstanceParts,
  isKnown,
  scoreInterval,
} from '../../lib/experiments/items/scrolls/score-intervals';

/** Answers to one task, and the groups of its instances. */
interface Answered {
  readonly parts: InstanceParts;
  readonly groups: readonly string[];
}

/** Parts of instances in groups of 5 to 24: each group draws what its instances have in common. */
function answered<Common>(
  random: Random,
  groups: number,
  common: () => Common,
  instance: (common: Common) => Record<string, number>,
): Answered {
  const list = Array.from({ length: groups }, (_, group) => {
    const shared = common();
    return Array.from({ length: random.integer(5, 25) }, () => ({
      group: `${group}`,
      part: instance(shared),
    }));
  }).flat();
  return { parts: list.map(({ part }) => part), groups: list.map(({ group }) => group) };
}

/** What was here before: percentiles of samples of instances, as if they were independent. */
function percentilesOverInstances(metric: TextMetricName, parts: InstanceParts, random: Random): Interval {
  const scores = Array.from({ length: 200 }, () =>
    scoreOfParts(
      metric,
      parts.map(() => random.choice(parts)),
    ),
  );
  const [low = NaN, high = NaN] = quantiles(scores, [0.025, 0.975]);
  return { estimate: scoreOfParts(metric, parts), low, high };
}

/** How often intervals hold the truth. */
function coverage(trials: number, truth: number, interval: () => Pick<Interval, 'low' | 'high'>): number {
  const held = Array.from({ length: trials }, interval).filter(
    ({ low, high }) => low <= truth && truth <= high,
  );
  return held.length / trials;
}

/** Within the bounds that 999 of 1,000 counts of a binomial distribution keep. */
const bound = (trials: number): number => 3.3 * Math.sqrt((0.95 * 0.05) / trials);

describe('the interval of a score', { timeout: 120_000 }, () => {
  /**
   * Texts of each group that are right as often as the group is easy: by metric the truth and how
   * an instance is drawn.
   */
  const tasks = {
    f1: {
      truth: 50,
      instance: (random: Random, ease: number) => ({ f1: random.uniform() < ease ? 100 : 0 }),
    },
    rouge: {
      truth: (50 * 7.5 * 40) ** (1 / 3),
      instance: (random: Random, ease: number) => {
        const right = random.uniform() < ease;
        const inARow = random.uniform() < 0.3 * ease;
        return { rouge1: right ? 100 : 0, rouge2: inARow ? 50 : 0, rougeL: right ? 80 : 0 };
      },
    },
  } as const;

  it.each(['f1', 'rouge'] as const)(
    'holds the true one about as often as it says where instances of a chapter are alike; percentiles over instances do not: %s',
    (metric) => {
      const { truth, instance } = tasks[metric];
      const random = Random.fromSeed(3);
      const draw = (): Answered =>
        answered(
          random,
          16,
          () => random.uniform(),
          (ease) => instance(random, ease),
        );
      const trials = 150;
      const ours = coverage(trials, truth, () => {
        const { parts, groups } = draw();
        return scoreInterval(metric, [parts], groups);
      });
      expect(Math.abs(ours - 0.95)).toBeLessThan(bound(trials));
      const before = coverage(60, truth, () => percentilesOverInstances(metric, draw().parts, random));
      expect(before).toBeLessThan(0.8);
    },
  );

  it('is of points: within 0 and 100', () => {
    const groups = Array.from({ length: 12 }, (_, index) => `${index}`);
    const few = scoreInterval('f1', [groups.map((_, index) => ({ f1: index < 4 ? 10 : 0 }))], groups);
    expect(few.low).toBe(0);
    expect(few.high).toBeGreaterThan(few.estimate);
    const many = scoreInterval('f1', [groups.map((_, index) => ({ f1: index < 4 ? 90 : 100 }))], groups);
    expect(many.high).toBe(100);
  });

  it('is unknown where groups cannot tell: fewer than five, or one alone that is not like the others', () => {
    const parts = Array.from({ length: 40 }, (_, index) => ({ f1: index < 4 ? 100 : index % 3 }));
    const known = (groups: number): boolean =>
      isKnown(
        scoreInterval(
          'f1',
          [parts],
          parts.map((_, index) => `${index % groups}`),
        ),
      );
    expect([1, 4, 5, 20].map(known)).toEqual([false, false, true, true]);
    const once = Array.from({ length: 40 }, (_, index) => ({
      rouge1: 20 + (index % 5),
      rouge2: index === 0 ? 50 : 0,
      rougeL: 20,
    }));
    const { estimate, low, high } = scoreInterval(
      'rouge',
      [once],
      once.map((_, index) => `${index % 10}`),
    );
    expect([low, high]).toEqual([-Infinity, Infinity]);
    expect(estimate).toBeCloseTo(scoreOfParts('rouge', once), 9);
  });
});

describe('the interval of a difference', { timeout: 120_000 }, () => {
  const scores = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 5, maxLength: 30 });

  it('holds the difference of the scores, and is nothing where both wrote the same', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 40 }), (list, shift) => {
        const groups = list.map((_, index) => `${index % 5}`);
        const first = list.map((score) => ({ f1: score + shift }));
        const second = list.map((score) => ({ f1: score }));
        const { estimate, low, high } = differenceInterval([
          { metric: 'f1', groups, first: [first], second: [second] },
        ]);
        // Instances that are easier for one are easier for the other: paired, only the shift is
        // left.
        for (const value of [estimate, low, high]) expect(value).toBeCloseTo(shift, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('is of the mean over seeds, ways and tasks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(scores, scores, scores), { minLength: 1, maxLength: 3 }), (tasks) => {
        const parts = tasks.map((lists) => {
          const length = Math.min(...lists.map((list) => list.length));
          return lists.map((list) =>
            list.slice(0, length).map((score) => ({ rouge1: score, rouge2: score / 3, rougeL: 50 })),
          );
        });
        const expected = parts.map(([a = [], b = [], c = []]) => {
          const [one, two, three] = [a, b, c].map((list) => scoreOfParts('rouge', list));
          return ((one ?? NaN) + (two ?? NaN)) / 2 - (three ?? NaN);
        });
        const { estimate } = differenceInterval(
          parts.map(([a = [], b = [], c = []]) => ({
            metric: 'rouge',
            groups: a.map((_, index) => `${index % 4}`),
            first: [a, b],
            second: [c],
          })),
        );
        expect(estimate).toBeCloseTo(expected.reduce((sum, one) => sum + one, 0) / expected.length, 9);
      }),
      { numRuns: 50 },
    );
  });

  it('lets no more than one in twenty chapters’ whims pass for a difference; percentiles over instances let most', () => {
    const random = Random.fromSeed(8);
    // Each chapter suits one of two models, by chance; neither is better.
    const draw = (): Answered =>
      answered(
        random,
        14,
        () => random.uniform(-0.3, 0.3),
        (lean) => {
          const right = (chance: number): number => (random.uniform() < chance ? 100 : 0);
          return { f1: right(0.5 + lean), other: right(0.5 - lean) };
        },
      );
    const trials = 150;
    const ours = coverage(trials, 0, () => {
      const { parts, groups } = draw();
      const second = parts.map(({ other = 0 }) => ({ f1: other }));
      return differenceInterval([{ metric: 'f1', groups, first: [parts], second: [second] }]);
    });
    expect(Math.abs(ours - 0.95)).toBeLessThan(bound(trials));
    const before = coverage(60, 0, () =>
      percentilesOverInstances(
        'f1',
        draw().parts.map(({ f1 = 0, other = 0 }) => ({ f1: f1 - other })),
        random,
      ),
    );
    expect(before).toBeLessThan(0.8);
  });

  it('of the mean over tasks holds the true one about as often as it says', () => {
    const random = Random.fromSeed(9);
    const trials = 150;
    const ours = coverage(trials, 10, () =>
      differenceInterval(
        [8, 20].map((count) => {
          const { parts, groups } = answered(
            random,
            count,
            () => random.normal(10, 15),
            (ahead) => ({ f1: random.normal(40 + ahead, 10), other: random.normal(40, 10) }),
          );
          const second = parts.map(({ other = 0 }) => ({ f1: other }));
          return { metric: 'f1', groups, first: [parts], second: [second] };
        }),
      ),
    );
    expect(Math.abs(ours - 0.95)).toBeLessThan(bound(trials));
  });
});
