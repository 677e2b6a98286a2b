import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type ScheduleSettings } from '../../lib/train/step/schedule';

const kinds = ['constant', 'linear', 'cosine'] as const;

const settings = fc.record({
  kind: fc.constantFrom(...kinds),
  learningRate: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  warmupSteps: fc.integer({ min: 0, max: 50 }),
  finalFraction: fc.double({ min: 0, max: 1, noNaN: true }),
});

function ratesOf(schedule: ScheduleSettings, steps: number): number[] {
  return Array.from({ length: steps }, (_, index) => learningRateAt(schedule, index + 1, steps));
}

describe('the learning rate', () => {
  it('rises by equal amounts to its highest value during the warm-up, and never after it', () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 200 }), (schedule, more) => {
        const rates = ratesOf(schedule, schedule.warmupSteps + more);
        const { warmupSteps, learningRate } = schedule;
        rates.slice(0, warmupSteps).forEach((rate, index) => {
          expect(rate).toBeCloseTo((learningRate * (index + 1)) / warmupSteps, 12);
        });
        expect(rates[warmupSteps]).toBeCloseTo(learningRate, 12);
        rates.slice(warmupSteps).forEach((rate, index, decaying) => {
          expect(rate).toBeLessThanOrEqual((decaying[index - 1] ?? learningRate) * (1 + 1e-12));
        });
      }),
    );
  });

  it('is positive in every step and stays above the final fraction', () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 200 }), (schedule, steps) => {
        const { warmupSteps, learningRate, finalFraction } = schedule;
        ratesOf(schedule, steps).forEach((rate, index) => {
          expect(rate).toBeGreaterThan(0);
          if (index >= warmupSteps)
            expect(rate).toBeGreaterThanOrEqual(learningRate * finalFraction * (1 - 1e-12));
        });
      }),
    );
  });

  it('decays as the formulas say', () => {
    const base = { learningRate: 1, warmupSteps: 2, finalFraction: 0 };
    expect(ratesOf({ ...base, kind: 'linear' }, 6)).toEqual([0.5, 1, 1, 0.75, 0.5, 0.25]);
    expect(ratesOf({ ...base, kind: 'constant' }, 4)).toEqual([0.5, 1, 1, 1]);
    const cosine = ratesOf({ ...base, kind: 'cosine', finalFraction: 0.2 }, 6);
    [0.5, 1, 1, 0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6, 0.2 + 0.4 * (1 - Math.SQRT1_2)].forEach((rate, i) => {
      expect(cosine[i]).toBeCloseTo(rate, 12);
    });
  });
});
