import { describe, expect, it } from 'vitest';
import {
  costGrowth,
  pairedRatio,
  type RowMeasurement,
  spreadOf,
  summarize,
  type Way,
} from '../../bench/harness/measurement';
import { type BenchRow, benchRows, flopsOf, tokensOf } from '../../bench/harness/rows';

function rowNamed(name: string): BenchRow {
  const found = benchRows.find((row) => row.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

const peak = { ours: 4e11, pytorch: 2e11 };
const measured = (way: Way, seconds: number[], peakBytes = 1e9) => ({
  way,
  steps: 1,
  seconds,
  peakBytes,
  losses: [1],
});

function measurement(row: BenchRow, ...ways: RowMeasurement['ways']): RowMeasurement {
  return { row, ways, missing: [] };
}

describe('statistics of measurements', () => {
  it('are the median and the extremes', () => {
    expect(spreadOf([5, 1, 9, 2, 3])).toEqual({ low: 1, median: 3, high: 9 });
    expect(spreadOf([4, 1])).toEqual({ low: 1, median: 2.5, high: 4 });
    expect(() => spreadOf([])).toThrow(/no values/);
  });

  it('compare pair by pair, so that a slow moment of the machine counts on both sides', () => {
    // Medians alone would say 2 / 1 = 2; the machine was ten times slower in the last two pairs.
    expect(pairedRatio([3, 2, 2, 30, 20], [1, 1, 1, 10, 10])).toEqual({ low: 2, median: 2, high: 3 });
    expect(() => pairedRatio([1, 2], [1])).toThrow(/2 and 1 measurements/);
  });
});

describe('the summary of a row', () => {
  const row = rowNamed('evaluate-151m-8192');

  it('compares speed with the fastest way and memory with the leanest, plain left out of both', () => {
    const summary = summarize(
      measurement(
        row,
        measured('ours', [1, 1, 1], 3e9),
        measured('eager', [2, 2, 2], 2e9),
        measured('compiled', [1.5, 1.6, 1.8], 4e9),
        measured('plain', [9, 9, 9], 1e9),
      ),
      peak,
    );
    expect(summary.fastest?.way).toBe('compiled');
    expect(summary.speed).toEqual({ low: 1.5, median: 1.6, high: 1.8 });
    expect(summary.memory).toBe(1.5);
    expect(summary.overPlain?.median).toBe(9);
    expect(summary.holds).toBe(false);
  });

  it('holds when all its targets do', () => {
    const at = (speed: number, overPlain: number, memory: number): boolean | null =>
      summarize(
        measurement(
          row,
          measured('ours', [1], memory * 1e9),
          measured('eager', [speed]),
          measured('plain', [overPlain]),
        ),
        peak,
      ).holds;
    expect(at(1.7, 8, 1.2)).toBe(true);
    expect(at(1.69, 8, 1.2)).toBe(false);
    expect(at(1.7, 7.9, 1.2)).toBe(false);
    expect(at(1.7, 8, 1.21)).toBe(false);
  });

  it('is not judged without a peer, nor where a way it needs is missing', () => {
    expect(summarize(measurement(row, measured('ours', [1])), peak)).toMatchObject({
      fastest: null,
      speed: null,
      memory: null,
      holds: null,
    });
    expect(summarize(measurement(row, measured('ours', [1]), measured('eager', [5])), peak).holds).toBeNull();
  });

  it('counts tokens and operations a second, and the share of the faster library’s peak', () => {
    const { ours } = summarize(measurement(row, measured('ours', [2, 4, 8])), peak);
    expect(ours.tokensPerSecond.median).toBe(tokensOf(row.work) / 4);
    expect(ours.flopsPerSecond).toBe(flopsOf(row.work) / 4);
    expect(ours.shareOfPeak).toBe(flopsOf(row.work) / 4 / 4e11);
  });
});

describe('the growth of cost', () => {
  const lengths = [1024, 2048, 4096, 8192, 16_384];
  const summaries = (seconds: (row: BenchRow) => number, bytes: (time: number) => number) =>
    lengths.map((length) => {
      const row = rowNamed(`evaluate-151m-${length}`);
      return summarize(measurement(row, measured('ours', [seconds(row)], bytes(length))), peak);
    });
  const exact = (row: BenchRow): number => flopsOf(row.work) / 3e11;
  const line = (time: number): number => 2e9 + 1e5 * time;

  it('holds where time follows the operations and memory a line', () => {
    const growth = costGrowth(summaries(exact, line));
    expect(growth?.lengths).toEqual(lengths);
    for (const ratio of growth?.timeOverFlops ?? []) expect(ratio).toBeCloseTo(1);
    expect(growth?.memoryOverLine).toBeCloseTo(1);
    expect(growth?.holds).toBe(true);
  });

  it('does not hold where long sequences take longer a token', () => {
    const slow = (row: BenchRow): number => exact(row) * (row.work.time === 16_384 ? 1.3 : 1);
    const growth = costGrowth(summaries(slow, line));
    expect(growth?.timeOverFlops.at(-1)).toBeCloseTo(1.3);
    expect(growth?.holds).toBe(false);
  });

  it('does not hold where memory grows with the square', () => {
    const square = (time: number): number => 2e9 + 30 * time ** 2;
    expect(costGrowth(summaries(exact, square))?.holds).toBe(false);
  });

  it('is not known from two lengths', () => {
    expect(costGrowth(summaries(exact, line).slice(0, 2))).toBeNull();
  });
});
