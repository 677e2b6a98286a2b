import { describe, expect, it } from 'vitest';
import {
  groupsOf,
  rangeWord,
  seedsOf,
  seedsWord,
  sizesOf,
  whiskersWord,
} from '../../lib/experiments/charts/seed-groups';
import { encodingStyles } from '../../lib/report/style';
import { overSeeds } from '../../lib/report/over-seeds';

const run = (encoding: string, hiddenSize: number, seed: number) => ({ encoding, hiddenSize, seed });

describe('runs that differ in their seed', () => {
  it('are one group by encoding and size, in the order in which groups begin', () => {
    const runs = [run('rope', 8, 1), run('alibi', 8, 1), run('rope', 16, 1), run('rope', 8, 2)];
    const groups = groupsOf(runs);
    expect(groups).toEqual([
      { encoding: 'rope', style: encodingStyles.rope, hiddenSize: 8, runs: [runs[0], runs[3]] },
      { encoding: 'alibi', style: encodingStyles.alibi, hiddenSize: 8, runs: [runs[1]] },
      { encoding: 'rope', style: encodingStyles.rope, hiddenSize: 16, runs: [runs[2]] },
    ]);
    expect(seedsOf(groups)).toBe(2);
  });

  it('have their sizes ascending as numbers, each once, in whatever order they come', () => {
    expect(sizesOf([128, 16, 1024, 16, 96].map((hiddenSize) => ({ hiddenSize })))).toEqual([
      16, 96, 128, 1024,
    ]);
  });

  it('have the interval of a single one, and the least and the most of several', () => {
    const one = { centre: 0.5, low: 0.4, high: 0.7 };
    expect(overSeeds([one])).toBe(one);
    expect(overSeeds([one, { centre: 0.25, low: 0, high: 1 }])).toEqual({
      centre: 0.375,
      low: 0.25,
      high: 0.5,
    });
  });

  it('are said in words, with the interval that a single one has', () => {
    expect([1, 3].map(seedsWord)).toEqual(['one seed', 'mean of 3 seeds']);
    expect([1, 3].map((seeds) => whiskersWord(seeds, 'an interval'))).toEqual([
      'one seed; whiskers: an interval',
      'mean of 3 seeds; whiskers: least and most',
    ]);
    expect([1, 3].map((seeds) => rangeWord(seeds, 'an interval'))).toEqual([
      'an interval, one seed',
      'least and most of 3 seeds',
    ]);
  });
});
