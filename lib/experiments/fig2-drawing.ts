// The schematic as a picture: positions in strips above, relative distances as the attention sees them below;
// standard on the left, bilevel on the right.

import { escapeMarkup } from '../report/text';
import { inPanel, makeFigure, type Figure, type PlotlyObject } from '../report/figure';
import { heatScale, ink, orderedStyles, translucent } from '../report/style';
import { type SegmentedToken } from '../segment/text';
import { type Drawing } from './experiment';

/** The text, token by token, with its positions. */
export interface Fig2Result {
  readonly tokens: readonly SegmentedToken[];
}

/** Everything Figure 2 shows of its result. */
export function drawFig2({ tokens }: Fig2Result): Drawing {
  return { figures: [schematic(tokens)], tables: [positionsTable(tokens)], findings: [] };
}

function schematic(tokens: readonly SegmentedToken[]): Figure {
  const standard = tokens.map((token) => token.position);
  const segments = tokens.map((token) => token.segment);
  const intra = tokens.map((token) => token.intra);
  const cell = (2 * 350) / Math.max(24, 2 * tokens.length);
  const matrixSize = 300;
  const tokenAxis = {
    tickmode: 'array',
    tickvals: standard,
    ticktext: tokens.map((token) => escapeMarkup(token.text)),
    tickangle: -90,
    tickfont: { size: Math.max(7, Math.min(12, cell - 2)) },
    range: [-0.5, tokens.length - 0.5],
    showgrid: false,
  };
  const matrixAxis = { ...tokenAxis, range: [tokens.length - 0.5, -0.5], tickangle: 0 };
  const largest = Math.max(...standard, 1);
  return makeFigure({
    id: 'fig2',
    title: 'One position or two',
    subtitle: 'A standard encoding counts tokens; a bilevel one counts tokens within segments, and segments',
    caption:
      'Top: the positions that the library computes for each token; colours mark segments, and a separator belongs to ' +
      'the segment it ends. The place in the segment is encoded absolutely: it picks a row of a learned table that is ' +
      'added to the token embedding. Bottom: the relative distance between a query (row) and a key (column) that an ' +
      'encoding in attention (RoPE, ALiBi) sees: in tokens on the left, in segments on the right. Future keys are masked.',
    alt:
      `${tokens.length} tokens in ${(segments.at(-1) ?? 0) + 1} segments. Standard positions run from 0 to ${largest}; places in a segment ` +
      `from 0 to ${Math.max(...intra)}; segment indices from 0 to ${segments.at(-1) ?? 0}. Below, two lower-triangular matrices of ` +
      'relative distance: it grows with every token on the left and only with every segment, in blocks, on the right.',
    columns: 2,
    panelHeight: [96, matrixSize],
    panels: [
      {
        title: 'Standard: the token’s position',
        x: tokenAxis,
        y: { tickmode: 'array', tickvals: [0], ticktext: ['position'], range: [-0.5, 0.5], showgrid: false },
      },
      {
        title: 'Bilevel: place in segment, and segment',
        x: tokenAxis,
        y: {
          tickmode: 'array',
          tickvals: [0, 1],
          ticktext: ['segment', 'place'],
          range: [-0.5, 1.5],
          showgrid: false,
        },
      },
      { title: 'In attention: distance in tokens', x: tokenAxis, y: matrixAxis },
      { title: 'In attention: distance in segments', x: tokenAxis, y: matrixAxis },
    ],
    data: [
      ...strip(tokens, [standard], 0, cell),
      ...strip(tokens, [segments, intra], 1, cell),
      distances(standard, 2, largest, cell),
      distances(segments, 3, Math.max(...segments, 1), cell),
    ],
    layout: { annotations: [placeNote(0), placeNote(1)], showlegend: false },
  });
}

/** Cells in the colour of their segment, with the position written in each; one row for each kind of position. */
function strip(
  tokens: readonly SegmentedToken[],
  rows: readonly (readonly number[])[],
  panel: number,
  cell: number,
): PlotlyObject[] {
  const count = (tokens.at(-1)?.segment ?? 0) + 1;
  const colors = orderedStyles(Array.from({ length: count }, (_, segment) => String(segment))).map(
    (style) => style.color,
  );
  const scale = colors.flatMap((color, index): [number, string][] => [
    [index / count, translucent(color, 0.35)],
    [(index + 1) / count, translucent(color, 0.35)],
  ]);
  return [
    {
      type: 'heatmap',
      z: rows.map(() => tokens.map((token) => token.segment + 0.5)),
      text: rows.map((row) => row.map(String)),
      texttemplate: '%{text}',
      textfont: { size: Math.max(7, Math.min(13, cell - 2)), color: ink.text },
      zmin: 0,
      zmax: count,
      colorscale: scale,
      showscale: false,
      xgap: 1,
      ygap: 2,
      hovertemplate: '%{x}: %{text}<extra></extra>',
      ...inPanel(panel),
    },
  ];
}

/** Query minus key for every pair that causal attention allows. */
function distances(positions: readonly number[], panel: number, largest: number, cell: number): PlotlyObject {
  const z = positions.map((query, row) =>
    positions.map((key, column) => (column <= row ? query - key : null)),
  );
  return {
    type: 'heatmap',
    z,
    ...(cell >= 15
      ? {
          text: z.map((row) => row.map((value) => (value === null ? '' : String(value)))),
          texttemplate: '%{text}',
        }
      : {}),
    textfont: { size: Math.max(7, Math.min(11, cell - 6)) },
    zmin: 0,
    zmax: largest,
    colorscale: heatScale.map(([place, color]) => [place, place === 0 ? '#F4F1E4' : color]),
    showscale: false,
    xgap: 1,
    ygap: 1,
    hovertemplate: 'query %{y}, key %{x}: distance %{z}<extra></extra>',
    ...inPanel(panel),
  };
}

/** Where the positions above act, said under the strips' titles. */
function placeNote(panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  return {
    text:
      panel === 0
        ? 'added to the embedding, or used in attention below'
        : 'place: added to the embedding · segment: used in attention below',
    xref: `${xaxis} domain`,
    x: 0,
    xanchor: 'left',
    yref: `${yaxis} domain`,
    y: 1,
    yanchor: 'bottom',
    yshift: -1,
    showarrow: false,
    font: { size: 11, color: ink.muted },
  };
}

function positionsTable(tokens: readonly SegmentedToken[]) {
  return {
    id: 'fig2-positions',
    title: 'The positions of Figure 2',
    caption: 'Each token with its standard position, its place in its segment and the index of its segment.',
    columns: [
      { key: 'text', label: 'Token' },
      { key: 'id', label: 'Id' },
      { key: 'position', label: 'Position' },
      { key: 'intra', label: 'Place in segment' },
      { key: 'segment', label: 'Segment' },
    ],
    rows: tokens.map(({ text, id, position, intra, segment }) => ({ text, id, position, intra, segment })),
  };
}
