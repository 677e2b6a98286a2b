import { expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { clickedToken, distancesTable, drawFig2 } from '../../../lib/experiments/items/fig2/draw';
import { heatScale, orderedStyles, translucent } from '../../../lib/report/style';
import { type SegmentedToken } from '../../../lib/segment/text';
import { expectPage } from '../../support/page';
import { expectPoints, readColors, readFigure } from '../../support/read-figure';
import { readTable } from '../../support/read-table';

// Segments of one, three and two tokens: places, segments and positions part soon.
const tokens: SegmentedToken[] = [
  [7, '▁a', 0, 0],
  [11, 'stone', 0, 1],
  [5, '▁up', 1, 1],
  [3, '<', 2, 1],
  [13, 'b', 0, 2],
  [29, 'c', 1, 2],
].map(([id, text, intra, segment], position) => ({ id, text, intra, segment, position }) as SegmentedToken);
const labels = ['·a', 'stone', '·up', '&lt;', 'b', 'c'];
const drawing = drawFig2({ tokens });
const { figures, tables } = drawing;
const figure = readFigure(present(figures[0], 'figure'));

it('Figure 2 says what its page has', () => expectPage('fig2', drawing));

it('Figure 2, read back, shows the positions of each token, distances, and rows of the table', () => {
  expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
    ['Standard: position', '', ''],
    ['Bilevel: place in segment', '', ''],
    ['Bilevel: segment', '', ''],
    ['Attention: distance', 'key', 'query'],
    ['Embedding: table row', 'token', 'row'],
    ['Attention: distance', 'key', 'query'],
  ]);
  const strips = (['position', 'intra', 'segment'] as const).flatMap((level, panel) =>
    tokens.map((token, x) => ({
      panel,
      x,
      y: 0,
      z: token.segment + 0.5,
      text: String(token[level]),
      hover: `${labels[x] ?? ''}: ${token[level]}`,
    })),
  );
  const distances = (
    [
      ['position', 3],
      ['segment', 5],
    ] as const
  ).flatMap(([level, panel]) =>
    tokens.flatMap((query, y) =>
      tokens.slice(0, y + 1).map((key, x) => {
        const distance = query[level] - key[level];
        const hover = `query ${labels[y] ?? ''}, key ${labels[x] ?? ''}: distance ${distance}`;
        return { panel, x, y, z: distance, text: String(distance), hover };
      }),
    ),
  );
  const rows = tokens.map(({ intra, segment }, x) => ({
    panel: 4,
    x,
    y: intra,
    z: segment + 0.5,
    text: String(intra),
    hover: `${labels[x] ?? ''}: row ${intra}`,
  }));
  expect(figure.panels[4]?.y.range).toEqual([2.5, -0.5]);
  expectPoints(figure.points, [...strips, ...distances, ...rows]);
  for (const panel of [3, 5])
    expect(figure.panels[panel]?.y.ticks).toEqual(labels.map((label, place) => [place, label]));
  expect(figure.labels.map(({ panel, x, text }) => [panel, x, text])).toEqual(
    [0, 1, 2].flatMap((panel) => labels.map((label, place) => [panel, place, label])),
  );
});

it('Figure 2 has a colour for each segment, and darker ones for longer distances', () => {
  const ofSegment = orderedStyles(['0', '1', '2']).map(({ color }) => translucent(color, 0.35));
  const colors = readColors(present(figures[0], 'figure'));
  for (const panel of [0, 1, 2, 4])
    expect(
      colors
        .filter((cell) => cell.panel === panel)
        .sort((a, b) => Number(a.x) - Number(b.x))
        .map(({ color }) => color),
    ).toEqual(tokens.map(({ segment }) => ofSegment[segment]));
  const at = (panel: number, x: number, y: number): string | undefined =>
    colors.find((cell) => cell.panel === panel && cell.x === x && cell.y === y)?.color;
  const darkest = heatScale.at(-1)?.[1];
  expect([at(3, 0, 5), at(5, 0, 5)]).toEqual([darkest, darkest]);
  // No distance at all is not white: that is what no key is.
  expect([at(3, 5, 5), at(5, 4, 5)]).toEqual(['#F4F1E4', '#F4F1E4']);
});

it('Figure 2 cuts long tokens, and leaves out numbers where cells are small', () => {
  const named = (text: string) => tokens.map((token, place) => (place === 1 ? { ...token, text } : token));
  const labelOf = (text: string) =>
    readFigure(present(drawFig2({ tokens: named(text) }).figures[0], 'figure')).labels[1]?.text;
  expect(['standing', 'standings', '▁outstand'].map(labelOf)).toEqual(['standing', 'standin…', '·outsta…']);
  const many = Array.from({ length: 30 }, (_, position) => ({ ...present(tokens[0], 'token'), position }));
  const small = readFigure(present(drawFig2({ tokens: many }).figures[0], 'figure')).points;
  expect([...new Set(small.filter(({ text }) => text !== undefined).map(({ panel }) => panel))]).toEqual([
    0, 1, 2,
  ]);
});

it("Figure 2's table, read back, has the positions of each token", () => {
  expect(readTable(present(tables[0], 'table'))).toEqual({
    headers: ['Token', 'Id', 'Position', 'Place in segment', 'Segment'],
    rows: tokens.map(({ text, id, position, intra, segment }) => [
      text,
      ...[id, position, intra, segment].map(String),
    ]),
  });
});

it('the distances of a token are a table of it and each token before it', async () => {
  const table = distancesTable(tokens, 4);
  await expectPage('fig2-distances', { tables: [table] });
  const { rows } = readTable(table);
  const keys = tokens.slice(0, 5);
  const [query] = keys.slice(-1);
  expect(rows).toEqual([
    ['standard: tokens', ...keys.map((key) => String((query?.position ?? 0) - key.position))],
    ['bilevel: segments', ...keys.map((key) => String((query?.segment ?? 0) - key.segment))],
    ['bilevel: place', ...keys.map((key) => String(key.intra))],
  ]);
  expect(table.columns.map(({ label }) => label)).toEqual([
    'to',
    ...labels.slice(0, 5).map((label) => label.replace('&lt;', '<')),
  ]);
});

it('the token that is clicked is the row where queries are rows, else the column', () => {
  for (const panel of [1, 2, 3, 5]) expect(clickedToken({ x: 2, y: 7, panel })).toBe(2);
  for (const panel of [4, 6]) expect(clickedToken({ x: 2, y: 7, panel })).toBe(7);
});
