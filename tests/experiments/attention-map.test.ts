import { describe, expect, it } from 'vitest';
import { type AttentionMass } from '../../lib/evaluate/attention-mass';
import { drawHeadMaps, placeAxis } from '../../lib/experiments/charts/attention-map';
import { expectPage } from '../support/page';
import { expectPoints, readColors, readFigure } from '../support/read-figure';

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

  const figure = drawHeadMaps(measured, { title: 'Two models', layer: 1 });

  it('say what their page has', () => expectPage('attention-map', { figures: [figure] }));

  it('show the mean over sequences as a multiple of evenly spread attention, a row for each model', () => {
    const { title, panels, points, legend } = readFigure(figure);
    expect(title.join(' ')).toMatch(/^Two models .* layer 1; layers and heads are counted from 0$/);
    // Axes are shared: x is labelled at the foot, y at the left.
    expect(panels.map((panel) => [panel.title, panel.x.title, panel.y.title])).toEqual([
      ['One, head 0', '', 'Segments back'],
      ['One, head 1', '', ''],
      ['Other, head 0', 'Place of key − place of query', 'Segments back'],
      ['Other, head 1', 'Place of key − place of query', ''],
    ]);
    const places = ['≤ −1', '0', '≥ 1'];
    // The last row of the bins, what is farther, is not shown.
    expectPoints(
      points,
      [
        [1.5, 1, 0],
        [0.5, 3, 0],
        [1, 1, 1],
        [1, 1, 1],
      ].flatMap((row, panel) =>
        row.map((times, column) => ({
          panel,
          x: column - 1,
          y: 0,
          z: Math.min(1, Math.max(0, Math.log(times / 0.03) / Math.log(1000))),
          hover: `0 segments back, place ${places[column] ?? ''}: ${times.toFixed(2)}`,
        })),
      ),
    );
    expect(legend).toEqual(['≤ 0.03', '0.1', '0.3', '1 (evenly spread)', '3', '10', '≥ 30']);
  });

  it('have the colours of the legend', () => {
    const { legend, looks } = readFigure(figure);
    // Each entry is a square of the colour of its cells.
    const key = new Map(legend.map((name) => [name, [...(looks.get(name) ?? [])][0]]));
    for (const name of legend) expect([...(looks.get(name) ?? [])][1]).toBe('square');
    const colors = readColors(figure).map(({ panel, x, color }) => [panel, x, color]);
    const expected = (
      [
        [0, 0, '1 (evenly spread)'],
        [0, 1, '≤ 0.03'],
        [1, 0, '3'],
        [2, 0, '1 (evenly spread)'],
      ] as const
    ).map(([panel, x, name]) => [panel, x, key.get(name)]);
    expect(colors).toEqual(expect.arrayContaining(expected));
  });

  it('leave a cell white where there is no key', () => {
    const none = mass([0, 0.5, 0.5], [0, 0, 0]);
    const one = drawHeadMaps({ One: [{ heads: [[none]], uniform: none }] }, { title: 'One', layer: 0 });
    expect(readFigure(one).points.map(({ x }) => x)).toEqual([0, 1]);
  });

  it('set the outermost columns apart, which hold all that is farther', () => {
    const { panels, lines } = readFigure(figure);
    expect(panels[0]?.x.ticks).toEqual([
      [-1, '≤ −1'],
      [0, '0'],
      [1, '≥ 1'],
    ]);
    expect(lines).toEqual([0, 1, 2, 3].flatMap((panel) => [-0.5, 0.5].map((x) => ({ panel, x }))));
  });

  it('label the places between the ends and the query by what there is room for', () => {
    const ticks = (reach: number, narrow: boolean) => placeAxis(reach, narrow)['ticktext'];
    expect(ticks(8, false)).toEqual(['≤ −8', '−4', '0', '4', '≥ 8']);
    expect(ticks(3, false)).toEqual(['≤ −3', '−1', '0', '1', '≥ 3']);
    expect(ticks(8, true)).toEqual(['≤ −8', '0', '≥ 8']);
    expect(placeAxis(8, false)['tickvals']).toEqual([-8, -4, 0, 4, 8]);
  });

  it('have room for these up to two columns', () => {
    const none = mass(...Array.from({ length: 2 }, () => Array.from({ length: 5 }, () => 0.1)));
    const ticksAt = (heads: number) => {
      const measured = { One: [{ heads: [Array.from({ length: heads }, () => none)], uniform: none }] };
      return readFigure(drawHeadMaps(measured, { title: 'One', layer: 0 })).panels[0]?.x.ticks?.length;
    };
    expect([1, 2, 3].map(ticksAt)).toEqual([5, 5, 3]);
  });

  it('are refused for a layer that a model does not have', () => {
    expect(() => drawHeadMaps(measured, { title: 'Two models', layer: 2 })).toThrow(
      'One has no layer 2; count layers from 0, and measure a sequence at least',
    );
  });
});
