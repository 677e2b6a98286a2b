import { describe, expect, it } from 'vitest';
import { clickedToken, distancesTable, drawFig2 } from '../../lib/experiments/items/fig2/draw';
import { type SegmentedToken } from '../../lib/segment/text';

const tokens: SegmentedToken[] = [
  { id: 1, text: '▁Up', position: 0, intra: 0, segment: 0 },
  { id: 2, text: '.', position: 1, intra: 1, segment: 0 },
  { id: 3, text: '▁Down', position: 2, intra: 0, segment: 1 },
  { id: 2, text: '.', position: 3, intra: 1, segment: 1 },
];

function panel(axis: string): { z: (number | null)[][] } {
  const trace = drawFig2({ tokens }).figures[0]?.data.find((one) => one['xaxis'] === axis);
  return trace as never;
}

describe('the schematic', () => {
  it('shows distances in tokens, and none to future keys', () => {
    expect(panel('x4').z).toEqual([
      [0, null, null, null],
      [1, 0, null, null],
      [2, 1, 0, null],
      [3, 2, 1, 0],
    ]);
  });

  it('shows distances in segments, the same for all pairs of two segments', () => {
    expect(panel('x6').z).toEqual([
      [0, null, null, null],
      [0, 0, null, null],
      [1, 1, 0, null],
      [1, 1, 0, 0],
    ]);
  });

  it('shows the row of the table that each token takes', () => {
    const taken = panel('x5').z.map((row) => row.map((cell) => cell !== null));
    expect(taken).toEqual([
      [true, false, true, false],
      [false, true, false, true],
    ]);
  });

  it('frames the distances of one token up to itself, in both matrices', () => {
    const frames = drawFig2({ tokens }, 2).figures[0]?.data.filter(({ mode }) => mode === 'lines');
    expect(frames?.map(({ xaxis }) => xaxis)).toEqual(['x4', 'x6']);
    for (const { x, y } of frames ?? []) {
      expect(new Set(x as number[])).toEqual(new Set([-0.5, 2.5]));
      expect(new Set(y as number[])).toEqual(new Set([1.5, 2.5]));
    }
    expect(drawFig2({ tokens }).figures[0]?.data.filter(({ mode }) => mode === 'lines')).toEqual([]);
  });

  it('knows the token that was clicked: a column, and in the matrices of distances a row', () => {
    const clicked = [1, 2, 3, 4, 5, 6].map((panel) => clickedToken({ x: 1, y: 3, panel }));
    expect(clicked).toEqual([1, 1, 1, 3, 1, 3]);
  });

  it('lists what attention sees of the tokens before one', () => {
    const { title, columns, rows } = distancesTable(tokens, 2);
    expect(title).toBe('From token 3, ·Down');
    expect(columns.map(({ label }) => label)).toEqual(['to', '·Up', '.', '·Down']);
    expect(rows.map((row) => columns.map(({ key }) => row[key]))).toEqual([
      ['standard: tokens', 2, 1, 0],
      ['bilevel: segments', 1, 1, 0],
      ['bilevel: place', 0, 1, 0],
    ]);
  });

  it('lists the positions in a table', () => {
    const [table] = drawFig2({ tokens }).tables;
    expect(table?.rows.map((row) => [row['position'], row['intra'], row['segment']])).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [2, 0, 1],
      [3, 1, 1],
    ]);
  });
});
