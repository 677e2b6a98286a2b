import { describe, expect, it } from 'vitest';
import { type AttentionMass } from '../../lib/evaluate/attention-mass';
import { drawAttentionMap } from '../../lib/experiments/attention-map';

function mass(...joint: number[][]): AttentionMass {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    first: 0,
    separators: 0,
    bySegment: joint.map(sum),
    joint,
    byDistance: [1],
    byPlace: [1],
    entropy: 0,
    reach: 0,
  };
}

describe('a map of attention', () => {
  it('is of the mean over sequences, layers and heads, as a multiple of evenly spread attention', () => {
    const uniform = mass([0.5, 0.25, 0.25], [0, 0, 0]);
    const head = (own: number): AttentionMass => mass([1 - own, own, 0], [0, 0, 0]);
    const { data, layout } = drawAttentionMap(
      {
        One: [
          { heads: [[head(0.5), head(1)]], uniform },
          { heads: [[head(0.5), head(0)]], uniform },
        ],
        Other: [{ heads: [[uniform]], uniform }],
      },
      { title: 'Two models' },
    );
    const [one, other] = data as unknown as { x: number[]; customdata: (number | null)[][] }[];
    expect(one?.x).toEqual([-1, 0, 1]);
    expect(one?.customdata).toEqual([
      [1, 2, 0],
      [null, null, null],
    ]);
    expect(other?.customdata[0]).toEqual([1, 1, 1]);
    const titles = (layout['annotations'] as { text: string }[]).map(({ text }) => text);
    expect(titles).toEqual(['<b>One</b>', '<b>Other</b>']);
  });
});
