import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../lib/experiments/run/pace';

const costs = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 12 });

describe('the pace of a pool', () => {
  it('is unknown until a job is done that was not found done', () => {
    const pace = new Pace();
    expect(pace.left([3], [], 1)).toBeUndefined();
    pace.add(3, 1);
    expect(pace.left([3], [], 1)).toBeUndefined();
    pace.add(3, 30);
    expect(pace.left([3, 6], [{ cost: 3, elapsed: 10 }], 1)).toBe(30 + 60 + 20);
    expect(pace.left([], [], 1)).toBe(0);
  });

  it('learns from all jobs together, and shares the rest out among the processes', () => {
    const pace = new Pace();
    pace.add(10, 20);
    pace.add(30, 20);
    expect(pace.left([8, 8, 8, 8], [], 4)).toBe(8);
    expect(pace.left([8, 8, 8, 8], [], 2)).toBe(16);
    expect(pace.left([100, 1, 1], [], 8)).toBe(100);
  });

  it('lies between the bounds of any schedule that never idles', () => {
    fc.assert(
      fc.property(costs, fc.integer({ min: 1, max: 8 }), (waiting, workers) => {
        const pace = new Pace();
        pace.add(1, 7);
        const left = pace.left(waiting, [], workers) ?? NaN;
        // Longest first onto the process that is free first.
        const free = Array.from({ length: workers }, () => 0);
        for (const cost of [...waiting].sort((a, b) => b - a)) {
          free.sort((a, b) => a - b);
          free[0] = (free[0] ?? NaN) + 7 * cost;
        }
        const schedule = Math.max(...free);
        expect(left).toBeLessThanOrEqual(schedule + 1e-6);
        expect(schedule).toBeLessThanOrEqual(2 * left + 1e-6);
      }),
    );
  });

  it('counts nothing of a job that takes longer than expected', () => {
    const pace = new Pace();
    pace.add(1, 10);
    expect(pace.left([2], [{ cost: 1, elapsed: 500 }], 1)).toBe(20);
  });
});
