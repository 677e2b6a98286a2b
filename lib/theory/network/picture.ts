// A compiled network's matrices as figures, with the residual stream's blocks on their axes: the
// embedding, W_Q and W_K, and the blocks that feed-forward units connect.

import { UsageError } from '../../base/errors';
import { present } from '../../base/present';
import { colorKey } from '../../report/traces';
import { type Figure, makeFigure } from '../../report/figure';
import { type PlotlyObject } from '../../report/spec';
import { verticalLine } from '../../report/marks';
import { textMapTraces } from '../../report/text-map';
import { heatScale, ink } from '../../report/style';
import { escapeMarkup } from '../../report/text';
import { alphabetOf } from '../automata/alphabet';
import { coordinateName, type Layout, blockSize } from './layout';
import type { Mlp } from './mlp';
import { describeHead, type Layer, type Matrix, type Network } from './network';

/** Height of a row of a matrix, px, and the most rows drawn at that height. */
const [rowHeight, mostRows] = [15, 40] as const;

/** Red below 0, white at 0, blue above. */
const signedScale = [
  [0, '#B01E0A'],
  [0.5, '#FFFFFF'],
  [1, '#173A7D'],
] as const;

/**
 * Draws three matrices over the coordinates of the residual stream: the embedding, and W_Q and W_K
 * of a layer, transposed so that all share the axis of blocks.
 *
 * @param layer from 1
 * @throws UsageError for a layer that the network does not have
 */
export function matricesFigure(network: Network, layer: number): Figure {
  const { head } = layerOf(network, layer);
  const { layout, embedding } = network;
  const names = headNames(network, head.query.columns);
  const parts = [
    {
      title: 'Embedding, by token',
      rows: ['start', ...alphabetOf(network.automaton).map(printable)],
      values: rowsOf(embedding),
    },
    {
      title: 'W_Q: coordinates that each component of a query reads',
      rows: names,
      values: columnsOf(head.query),
    },
    {
      title: 'W_K: coordinates that each component of a key reads',
      rows: names,
      values: columnsOf(head.key),
    },
  ];
  const { from, to, size } = head.value;
  const [source, target] = [from, to].map((start) => blocksFrom(layout, start, size).join(', '));
  return makeFigure({
    id: `network-matrices-${layer}`,
    title: `Matrices of layer ${layer}: ${escapeMarkup(describeHead(head))}`,
    subtitle: `${layout.width} coordinates of the residual stream, in named blocks`,
    caption:
      `Blank is 0; each matrix has its own colour scale, of square roots. Queries and keys read a token’s kind and place, never a relation: ` +
      `addresses alone decide which token a head copies. W_V W_O (not drawn) adds the ${size} coordinates of ${source ?? ''} to ${target ?? ''}. ` +
      'The “RoPE” components of a score depend on the difference of segment indices, the “place” components on the difference of places.',
    alt: `Heat maps of the embedding of ${parts[0]?.rows.length ?? 0} tokens and of W_Q and W_K with ${names.length} components, over ${layout.width} coordinates in the blocks ${layout.blocks.map(({ name }) => name).join(', ')}.`,
    columns: 1,
    sharedX: true,
    panelHeight: parts.map(({ rows }) => rowHeight * Math.min(mostRows, Math.max(3, rows.length))),
    panels: parts.map(({ title, values, rows }) => ({
      title,
      data: [heatMap(values, rows, coordinateNames(layout))],
      marks: borders(layout),
      x: blockAxis(layout),
      y: {
        tickmode: 'array',
        tickvals: rows.map((_, row) => row),
        ticktext: rows.map(escapeMarkup),
        tickfont: { size: 10 },
        range: [rows.length - 0.5, -0.5],
        showgrid: false,
        ticks: '',
      },
    })),
    data: ['most negative', '0', 'most positive'].map((name, index) =>
      colorKey(name, signedScale[index]?.[1] ?? ink.paper),
    ),
    layout: { showlegend: true },
  });
}

/**
 * Draws, for each feed-forward block of a layer and each pair of residual-stream blocks, the number
 * of hidden units that read the one and write the other.
 *
 * @param layer from 1
 * @throws UsageError for a layer that the network does not have
 */
export function connectionsFigure(network: Network, layer: number): Figure {
  const { layout } = network;
  const { feedForward } = layerOf(network, layer);
  const names = layout.blocks.map(({ name }) => name);
  const axis = {
    tickmode: 'array',
    tickvals: names.map((_, index) => index),
    ticktext: names,
    tickfont: { size: 11 },
    showgrid: false,
    ticks: '',
  };
  const parts = feedForward.map(({ name, mlp }) => ({ name, mlp, units: unitsBetween(layout, mlp) }));
  return makeFigure({
    id: `network-connections-${layer}`,
    title: `Feed-forward blocks of layer ${layer}`,
    subtitle: 'How many hidden units read a block (column) and write a block (row)',
    caption: connectionsCaption(network),
    alt: parts
      .map(({ name, mlp }) => `${name}: ${mlp.hidden} hidden units between ${names.length} blocks`)
      .join('; '),
    columns: Math.min(4, parts.length),
    sharedY: true,
    panelHeight: 30 * names.length,
    panels: parts.map(({ name, mlp, units }) => ({
      title: `${name}: ${mlp.hidden} units`,
      x: { ...axis, title: 'reads', tickangle: -60 },
      y: { ...axis, title: 'writes', range: [names.length - 0.5, -0.5] },
      data: textMapTraces({
        z: units.map((row) => row.map((count) => (count === 0 ? 0 : 1 + Math.log10(count)))),
        colorscale: heatScale,
        zmin: 0,
        zmax: 6,
        text: units.map((row) => row.map((count) => (count === 0 ? '' : String(count)))),
        size: 11,
        further: {
          xgap: 0.5,
          ygap: 0.5,
          hovertemplate: '%{text} units read %{x} and write %{y}<extra></extra>',
        },
      }),
    })),
  });
}

function connectionsCaption({ bounds }: Network): string {
  if (bounds.encoding === 'compact')
    return 'Two summaries become one: the sub-states that the left one leads to, the choice between fragments with and without a separator, then products of sub-relations and of segment relations; each product is rounded to 0 and 1.';
  const product =
    'The product reads the copied block and its register, writes the number of ways to the register, and clears both; rounding reads and writes the register alone.';
  return bounds.encoding === 'ape'
    ? product
    : `${product} The last layer inside segments has one more block: at separators it turns the reached sub-states into a relation between segment states.`;
}

/** Counts hidden units that connect two blocks: [blocks written][blocks read]. */
export function unitsBetween(layout: Layout, mlp: Mlp): number[][] {
  const blockOf = Int32Array.from(
    layout.blocks.flatMap((block, index) => Array.from({ length: blockSize(block) }, () => index)),
  );
  const counts = layout.blocks.map(() => layout.blocks.map(() => 0));
  const blocksOf = (indices: Int32Array, starts: Int32Array, unit: number): Set<number> =>
    new Set(Array.from(indices.subarray(starts[unit], starts[unit + 1]), (index) => blockOf[index] ?? -1));
  for (let unit = 0; unit < mlp.hidden; unit++) {
    const read = blocksOf(mlp.inputIndex, mlp.inputStart, unit);
    for (const to of blocksOf(mlp.outputIndex, mlp.outputStart, unit))
      for (const from of read) {
        const row = present(counts[to], 'block');
        row[from] = (row[from] ?? 0) + 1;
      }
  }
  return counts;
}

function layerOf({ layers }: Network, layer: number): Layer {
  const found = layers[layer - 1];
  if (found === undefined)
    throw new UsageError(
      layers.length === 0
        ? `layer ${layer}: the network has none`
        : `layer ${layer}: the network has layers 1 to ${layers.length}`,
    );
  return found;
}

/** The names of the blocks that have some of `size` coordinates from `from` on. */
function blocksFrom({ blocks }: Layout, from: number, size: number): string[] {
  return blocks.flatMap((block) =>
    block.start < from + size && block.start + blockSize(block) > from ? [block.name] : [],
  );
}

/** Names the components of a head: the rotating part, then places, then the start. */
function headNames({ rotaryPairs }: Network, columns: number): string[] {
  const turns = Array.from({ length: rotaryPairs }, (_, pair) => `π/${2 ** pair}`);
  const pairs = (columns - 2 * rotaryPairs - 1) / 2;
  const places = Array.from({ length: pairs }, (_, pair) => `π/${2 ** pair}`);
  return [
    ...['first', 'second'].flatMap((half) => turns.map((angle) => `RoPE ${angle}, ${half}`)),
    ...['cos', 'sin'].flatMap((wave) => places.map((angle) => `place ${wave} ${angle}`)),
    'start',
  ];
}

function rowsOf({ rows, columns, values }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

function columnsOf({ rows, columns, values }: Matrix): number[][] {
  return Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (__, row) => values[row * columns + column] ?? Number.NaN),
  );
}

function heatMap(
  values: readonly (readonly number[])[],
  rows: readonly string[],
  columns: readonly string[],
): PlotlyObject {
  const largest = Math.max(1e-12, ...values.flat().map(Math.abs));
  return {
    type: 'heatmap',
    // Roots, so that small weights are seen beside large ones.
    z: values.map((row) => row.map((value) => Math.sign(value) * Math.sqrt(Math.abs(value) / largest))),
    zmin: -1,
    zmax: 1,
    colorscale: signedScale,
    showscale: false,
    xgap: columns.length > 150 ? 0 : 0.5,
    ygap: 0.5,
    customdata: rows.map((row, first) =>
      columns.map(
        (column, second) =>
          `${escapeMarkup(row)}; ${escapeMarkup(column)}: ${(values[first]?.[second] ?? Number.NaN).toPrecision(4)}`,
      ),
    ),
    hovertemplate: '%{customdata}<extra></extra>',
  };
}

function blockAxis({ blocks, width }: Layout): PlotlyObject {
  return {
    tickmode: 'array',
    tickvals: blocks.map((block) => block.start + blockSize(block) / 2 - 0.5),
    ticktext: blocks.map(({ name }) => name),
    tickangle: -40,
    tickfont: { size: 11 },
    range: [-0.5, width - 0.5],
    showgrid: false,
  };
}

/** Lines between blocks. */
function borders({ blocks }: Layout): PlotlyObject[] {
  return blocks
    .slice(1)
    .map(({ start }) => verticalLine(start - 0.5, { color: ink.axis, width: 1, dash: 'solid' }));
}

function coordinateNames(layout: Layout): string[] {
  return Array.from({ length: layout.width }, (_, coordinate) => coordinateName(layout, coordinate));
}

/** Writes control characters of a name as escapes. */
function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}
