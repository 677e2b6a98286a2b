import { describe, expect, it } from 'vitest';
import { drawFig2 } from '../../lib/experiments/items/fig2/draw';
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
