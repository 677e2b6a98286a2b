// The schematic as a picture. Three columns: the standard position; the bilevel place in the
// segment; the bilevel segment index. Above, the positions of each token; below, what enters the
// model: distances that attention sees, and the row of a learned table that is added to the
// embedding.

import { present } from '../../../base/present';
import { textAt } from '../../../report/marks';
import { makeTable } from '../../../report/measures';
import { type Figure, makeFigure } from '../../../report/figure';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { textMapTraces } from '../../../report/text-map';
import { ink, orderedStyles, tintedHeatScale, translucent } from '../../../report/style';
import { type Cell, type Column, type Table } from '../../../report/tables';
import { type ClickedPoint } from '../../../report/widgets/outputs-page';
import { escapeMarkup } from '../../../report/text';
import { type SegmentedToken } from '../../../segment/text';
import { type Drawing } from '../../run/report';

/** The text, token by token, with its positions. */
export interface Fig2Result {
  readonly tokens: readonly SegmentedToken[];
}

/** Everything Figure 2 shows of its result, with a frame around the distances of a chosen token. */
export function drawFig2({ tokens }: Fig2Result, chosen?: number): Drawing {
  return { figures: [schematic(tokens, chosen)], tables: [positionsTable(tokens)], findings: [] };
}

/** The panels whose rows are queries: all others have a token in each column. */
const queryPanels = [4, 6];

/** The number of the token that a reader clicked in the figure. */
export function clickedToken({ x, y, panel }: ClickedPoint): number {
  return Number(queryPanels.includes(panel) ? y : x);
}

/** What attention sees of a token and those before it: its distances, standard and bilevel. */
export function distancesTable(tokens: readonly SegmentedToken[], chosen: number): Table {
  const query = present(tokens[chosen], 'token');
  const keys = tokens.slice(0, chosen + 1);
  const row = (what: string, of: (key: SegmentedToken) => number): Record<string, Cell> => ({
    what,
    ...Object.fromEntries(keys.map((key) => [String(key.position), of(key)])),
  });
  return {
    id: 'fig2-distances',
    title: `From token ${chosen + 1}, ${shortText(query)}`,
    caption:
      'To itself and every token before it: the distance in tokens that a standard encoding sees, the distance in segments ' +
      'that a bilevel one sees, and the place whose row of the learned table each token carries with it.',
    columns: [
      { key: 'what', label: 'to' },
      ...keys.map((key): Column => ({ key: String(key.position), label: shortText(key), format: 'integer' })),
    ],
    rows: [
      row('standard: tokens', (key) => query.position - key.position),
      row('bilevel: segments', (key) => query.segment - key.segment),
      row('bilevel: place', (key) => key.intra),
    ],
  };
}

/** Height of a strip and width of a matrix, px; half of the strip is for the tokens' texts. */
const stripHeight = 104;
const matrixSize = 236;
/** Cells smaller than this, px, carry no number. */
const smallestNumbered = 13;

function schematic(tokens: readonly SegmentedToken[], chosen: number | undefined): Figure {
  const standard = tokens.map((token) => token.position);
  const intra = tokens.map((token) => token.intra);
  const segments = tokens.map((token) => token.segment);
  const cell = matrixSize / tokens.length;
  const lastSegment = segments.at(-1) ?? 0;
  const lastRow = Math.max(...intra);
  const columnAxis = {
    range: [-0.5, tokens.length - 0.5],
    showgrid: false,
    showticklabels: false,
    ticks: '',
  };
  const tokenRows = {
    tickmode: 'array',
    tickvals: standard,
    ticktext: tokens.map(label),
    tickfont: { size: textSize(cell, 11) },
    range: [tokens.length - 0.5, -0.5],
    showgrid: false,
    ticks: '',
  };
  const stripPanel = (title: string, positions: readonly number[]): PanelSpec => ({
    title,
    x: columnAxis,
    y: stripRow,
    data: [strip(tokens, positions, cell)],
    marks: tokenTexts(tokens, cell),
  });
  const distancePanel = (positions: readonly number[], largest: number): PanelSpec => ({
    title: 'Attention: distance',
    x: { ...columnAxis, title: 'key' },
    y: { ...tokenRows, title: 'query' },
    data: [
      ...matrix(distances(positions), tokens, largest, cell),
      ...(chosen === undefined ? [] : [frame(chosen)]),
    ],
  });
  const stripRow = { range: [-0.5, 1.7], showgrid: false, showticklabels: false, ticks: '', showline: false };
  return makeFigure({
    id: 'fig2',
    title: 'Standard and bilevel positions',
    subtitle: 'A standard encoding counts tokens; a bilevel one counts tokens within a segment, and segments',
    caption:
      'Top: the positions that the library computes for each token (· is a space); colours mark segments, and a separator ' +
      'belongs to the segment that it ends. Bottom, left and right: the relative distance from a query (row) to a key ' +
      '(column), as RoPE or ALiBi in attention sees it: in tokens for a standard encoding, in segments for a bilevel one; ' +
      'future keys are masked. Bottom, middle: the row of the learned table, one for each place in a segment, that is added to the ' +
      'token’s embedding.',
    alt:
      `${tokens.length} tokens in ${lastSegment + 1} segments. Standard positions run from 0 to ${tokens.length - 1}, places in ` +
      `a segment from 0 to ${lastRow}, segment indices from 0 to ${lastSegment}. Below, distances in tokens grow with every token; distances in ` +
      'segments are the same for whole blocks; and each segment begins again at row 0 of the table.',
    columns: 3,
    panelHeight: [stripHeight, matrixSize],
    panels: [
      stripPanel('Standard: position', standard),
      stripPanel('Bilevel: place in segment', intra),
      stripPanel('Bilevel: segment', segments),
      distancePanel(standard, tokens.length - 1),
      {
        title: 'Embedding: table row',
        x: { ...columnAxis, title: 'token' },
        y: {
          title: 'row',
          range: [lastRow + 0.5, -0.5],
          dtick: lastRow > 12 ? 4 : 1,
          showgrid: false,
          ticks: '',
        },
        data: [tableRows(tokens, lastRow, cell)],
      },
      distancePanel(segments, lastSegment),
    ],
    layout: { showlegend: false },
  });
}

/** A token as the figure prints it: a middle dot for a space, long ones cut. */
function label(token: SegmentedToken): string {
  return escapeMarkup(shortText(token));
}

function shortText(token: SegmentedToken): string {
  const text = token.text.replaceAll('▁', '·');
  const characters = Array.from(text);
  return characters.length <= 8 ? text : `${characters.slice(0, 7).join('')}…`;
}

function textSize(cell: number, largest: number): number {
  return Math.max(5, Math.min(largest, 0.72 * cell));
}

/** For numbers: those of two digits need the room of a cell for both. */
function numberSize(cell: number, largest: number, highest: number): number {
  return textSize(highest < 10 ? cell : 0.85 * cell, largest);
}

/** A colour for each segment, light enough to write on. */
function segmentScale(count: number): [number, string][] {
  return orderedStyles(Array.from({ length: count }, (_, segment) => String(segment))).flatMap(
    ({ color }, segment): [number, string][] => [
      [segment / count, translucent(color, 0.35)],
      [(segment + 1) / count, translucent(color, 0.35)],
    ],
  );
}

function segmentColors(tokens: readonly SegmentedToken[]): PlotlyObject {
  const count = (tokens.at(-1)?.segment ?? 0) + 1;
  return { zmin: 0, zmax: count, colorscale: segmentScale(count), showscale: false };
}

/** One position a token, in cells in the colour of the segment. */
function strip(tokens: readonly SegmentedToken[], positions: readonly number[], cell: number): PlotlyObject {
  return {
    type: 'heatmap',
    z: [tokens.map((token) => token.segment + 0.5)],
    y: [0],
    dy: 1,
    text: [positions.map(String)],
    texttemplate: '%{text}',
    textfont: { size: numberSize(cell, 13, Math.max(...positions)), color: ink.text },
    ...segmentColors(tokens),
    xgap: 1,
    customdata: [tokens.map(label)],
    hovertemplate: '%{customdata}: %{text}<extra></extra>',
  };
}

/** The tokens' texts, upright above the cells of a strip. */
function tokenTexts(tokens: readonly SegmentedToken[], cell: number): PlotlyObject[] {
  const look = { textangle: -90, yanchor: 'bottom', font: { size: textSize(cell, 11) } };
  return tokens.map((token) => textAt(label(token), { x: token.position, y: 0.55, ...look }));
}

/** Query minus key, for every pair that causal attention allows. */
function distances(positions: readonly number[]): (number | null)[][] {
  return positions.map((query, row) => positions.map((key, column) => (column <= row ? query - key : null)));
}

function matrix(
  z: readonly (readonly (number | null)[])[],
  tokens: readonly SegmentedToken[],
  largest: number,
  cell: number,
): PlotlyObject[] {
  const numbers = z.map((row) => row.map((value) => (value === null ? '' : String(value))));
  return textMapTraces({
    z,
    zmin: 0,
    zmax: Math.max(1, largest),
    colorscale: tintedHeatScale,
    text: cell < smallestNumbered ? [] : numbers,
    size: numberSize(cell, 11, largest),
    further: {
      xgap: 1,
      ygap: 1,
      customdata: tokens.map((query) => tokens.map((key) => `query ${label(query)}, key ${label(key)}`)),
      hovertemplate: '%{customdata}: distance %{z}<extra></extra>',
    },
  });
}

/** A frame around the row of a query, up to its own column. */
function frame(query: number): PlotlyObject {
  const [left, right, top, bottom] = [-0.5, query + 0.5, query - 0.5, query + 0.5];
  return {
    type: 'scatter',
    mode: 'lines',
    x: [left, right, right, left, left],
    y: [top, top, bottom, bottom, top],
    line: { color: ink.text, width: 2 },
    hoverinfo: 'skip',
    showlegend: false,
  };
}

/** The row of the intra-segment table that each token takes. */
function tableRows(tokens: readonly SegmentedToken[], lastRow: number, cell: number): PlotlyObject {
  const rows = Array.from({ length: lastRow + 1 }, (_, row) => row);
  const taken = rows.map((row) => tokens.map((token) => (token.intra === row ? token.segment + 0.5 : null)));
  return {
    type: 'heatmap',
    z: taken,
    ...(cell < smallestNumbered
      ? {}
      : {
          text: rows.map((row) => tokens.map((token) => (token.intra === row ? String(row) : ''))),
          texttemplate: '%{text}',
          textfont: { size: textSize(cell, 11), color: ink.text },
        }),
    ...segmentColors(tokens),
    xgap: 1,
    ygap: 1,
    customdata: rows.map(() => tokens.map(label)),
    hovertemplate: '%{customdata}: row %{y}<extra></extra>',
  };
}

function positionsTable(tokens: readonly SegmentedToken[]): Table {
  return makeTable<SegmentedToken>(
    {
      id: 'fig2-positions',
      title: 'The positions of Figure 2',
      caption:
        'Each token with its standard position, its place in its segment and the index of its segment.',
    },
    [
      { key: 'text', label: 'Token', of: ({ text }) => text },
      { key: 'id', label: 'Id', of: ({ id }) => id },
      { key: 'position', label: 'Position', of: ({ position }) => position },
      { key: 'intra', label: 'Place in segment', of: ({ intra }) => intra },
      { key: 'segment', label: 'Segment', of: ({ segment }) => segment },
    ],
    tokens,
  );
}
