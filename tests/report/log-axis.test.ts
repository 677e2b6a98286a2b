import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPerplexity, formatShort, logAxis } from '../../lib/report/log-axis';

function labelsInSight(values: readonly number[]): number[] {
  const { tickvals } = logAxis('', values) as unknown as { tickvals: number[] };
  return tickvals.filter((tick) => tick >= Math.min(...values) && tick <= Math.max(...values));
}

describe('a number in few digits', () => {
  it('is plain from a thousandth to ten thousand, and else a power of ten', () => {
    expect([0, 1e-3, 0.5, -2.345, 9999, 1234, 42].map(formatShort)).toEqual([
      '0',
      '0.001',
      '0.5',
      '-2.35',
      '10,000',
      '1,230',
      '42',
    ]);
    expect([9.99e-4, 1e-7, 2.5e-7, 1e4, 123_456, -1e5].map(formatShort)).toEqual([
      '9.99e-4',
      '1e-7',
      '2.5e-7',
      '1e+4',
      '1.23e+5',
      '-1e+5',
    ]);
  });

  it('keeps its zeros where it is a perplexity', () => {
    expect([1, 42, 999, 1000, 0.5].map(formatPerplexity)).toEqual(['1.00', '42.0', '999', '1,000', '0.5']);
  });
});

describe('a logarithmic axis', () => {
  it('labels each value by itself, however close the values are', () => {
    const { ticktext } = logAxis('', [386.1, 386.7]) as unknown as { ticktext: string[] };
    // From the last below the values to the first above them.
    expect(ticktext).toEqual(['386', '386.2', '386.4', '386.6', '386.8']);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-4, max: 100, noNaN: true }),
        (low, growth) => {
          const { tickvals, ticktext: labels } = logAxis('', [low, low * (1 + growth)]) as unknown as {
            tickvals: number[];
            ticktext: string[];
          };
          expect(labels.map((label) => Number(label.replaceAll(',', '')))).toEqual(tickvals);
        },
      ),
    );
  });

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
