import { describe, expect, it } from 'vitest';
import { type AttentionMass } from '../../lib/evaluate/attention-mass';
import { drawHeadMaps } from '../../lib/experiments/attention-map';

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

const uniform = mass([0.5, 0.25, 0.25], [0, 0, 0]);
const head = (own: number): AttentionMass => mass([1 - own, own, 0], [0, 0, 0]);

describe('maps of the heads of a layer', () => {
  const measured = {
    One: [
      {
        heads: [
          [uniform, uniform],
          [head(0.5), head(1)],
        ],
        uniform,
      },
      {
        heads: [
          [uniform, uniform],
          [head(0), head(0.5)],
        ],
        uniform,
      },
    ],
    Other: [{ heads: [[], [uniform, uniform]], uniform }],
  };

  it('show the mean over sequences as a multiple of evenly spread attention, a row for each model', () => {
    const { data, layout } = drawHeadMaps(measured, { title: 'Two models', layer: 1 });
    const maps = data as unknown as { x: number[]; customdata: (number | null)[][]; xaxis: string }[];
    expect(maps[0]?.x).toEqual([-1, 0, 1]);
    // The last row of the bins, what is farther, is not shown.
    expect(maps.slice(0, 4).map(({ customdata }) => customdata)).toEqual([
      [[1.5, 1, 0]],
      [[0.5, 3, 0]],
      [[1, 1, 1]],
      [[1, 1, 1]],
    ]);
    const titles = (layout['annotations'] as { text: string }[]).map(({ text }) => text);
    expect(titles).toEqual([
      '<b>One, head 0</b>',
      '<b>One, head 1</b>',
      '<b>Other, head 0</b>',
      '<b>Other, head 1</b>',
    ]);
    const { text } = layout['title'] as { text: string };
    expect(text).toContain('layers and heads are counted from 0');
  });

  it('leave a cell white where there is no key', () => {
    const none = mass([0, 0.5, 0.5], [0, 0, 0]);
    const { data } = drawHeadMaps({ One: [{ heads: [[none]], uniform: none }] }, { title: 'One', layer: 0 });
    expect(data[0]?.['z']).toMatchObject([[null, expect.any(Number), expect.any(Number)]]);
  });

  it('set the outermost columns apart, which hold all that is farther', () => {
    const { layout } = drawHeadMaps(measured, { title: 'Two models', layer: 1 });
    expect(layout['xaxis']).toMatchObject({ tickvals: [-1, 0, 1], ticktext: ['≤ −1', '0', '≥ 1'] });
    const lines = (layout['shapes'] as { xref: string; x0: number }[]).filter(({ xref }) => xref === 'x2');
    expect(lines.map(({ x0 }) => x0)).toEqual([-0.5, 0.5]);
  });

  it('are refused for a layer that a model does not have', () => {
    expect(() => drawHeadMaps(measured, { title: 'Two models', layer: 2 })).toThrow(
      'One has no layer 2; count layers from 0, and measure a sequence at least',
    );
  });
});
