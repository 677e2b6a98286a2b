import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logAxis } from '../../lib/report/log-axis';

function labelsInSight(values: readonly number[]): number[] {
  const { tickvals } = logAxis('', values) as unknown as { tickvals: number[] };
  return tickvals.filter((tick) => tick >= Math.min(...values) && tick <= Math.max(...values));
}

describe('a logarithmic axis', () => {
  it('of many decades has powers of ten alone', () => {
    expect(logAxis('', [1, 1e6])).toMatchObject({ dtick: 1 });
  });

  it.each([
    [
      [1, 100],
      [1, 2, 5, 10, 20, 50, 100],
    ],
    [
      [20, 70],
      [20, 30, 50, 70],
    ],
    [
      [23, 31],
      [24, 26, 28, 30],
    ],
    [
      [386.1, 386.7],
      [386.2, 386.4, 386.6],
    ],
  ])('of %j labels what is in sight', (values, labels) => {
    expect(labelsInSight(values)).toEqual(expect.arrayContaining(labels));
  });

  it.each([
    [
      [1, 5],
      [1, 2, 5],
    ],
    [
      [2, 10],
      [2, 5, 10],
    ],
    [
      [1.5, 3],
      [1.5, 2, 3],
    ],
  ])('of %j counts the labels at its ends, too', (values, labels) => {
    expect(labelsInSight(values)).toEqual(labels);
  });

  it('has two labels in sight at least, and not too many, however close the values are', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1e5, noNaN: true }),
        fc.double({ min: 0.001, max: 2, noNaN: true }),
        (low, decades) => {
          const count = labelsInSight([low, low * 10 ** decades]).length;
          expect(count).toBeGreaterThanOrEqual(2);
          expect(count).toBeLessThanOrEqual(12);
        },
      ),
    );
  });
});
