// Pictures of encodings, of any `Encoding`: maps over the tokens of a text in sentences, and
// kernels over the distance.

import { present } from '../../base/present';
import type { Encoding } from '../../positional/encoding';
import { axes } from '../../report/axes';
import { colorKey, lineTrace } from '../../report/traces';
import { type Figure, makeFigure } from '../../report/figure';
import { type PanelSpec, type PlotlyObject } from '../../report/spec';
import { lineBetween, textAt } from '../../report/marks';
import { ink, orderedStyles, type SeriesStyle, tintedHeatColor, tintedHeatScale } from '../../report/style';
import { type EffectOptions, encodingEffects, encodingKernel } from './encodings-effects';

/** Encodings by the title of their panel. */
export type NamedEncodings = Readonly<Record<string, Encoding>>;

/** The numbers of tokens of the sentences that maps are drawn for, if none are given. */
const defaultSentences: readonly number[] = [6, 4, 7, 5, 8];

/** The rows of maps: what a cell of each is, and what bilevel encodings have there. */
const mapRows = {
  similarity: {
    cell: 'how alike are the vectors that the encoding adds to the embeddings of two tokens',
    bilevel: 'stripes for equal places in segments',
  },
  scores: {
    cell: 'the score of a query (row) and an earlier key (column) in the last head',
    bilevel: 'blocks for pairs of segments',
  },
} as const;

/**
 * Maps over a text of tokens that all say the same. Above: how alike are the vectors that the
 * encoding adds to two tokens' embeddings. Below: the score of a query and a key. A row in which no
 * encoding does anything is left out.
 *
 * @param sentences numbers of tokens
 */
export function drawEncodingMaps(
  encodings: NamedEncodings,
  sentences: readonly number[] = defaultSentences,
  options: EffectOptions = {},
): Figure {
  const names = Object.keys(encodings);
  const maps = Object.values(encodings).map((encoding) => {
    const { similarity, scores } = encodingEffects(encoding, sentences, options);
    // The last head: ALiBi's mildest slope.
    return { similarity, scores: scores?.at(-1) };
  });
  const used = (['similarity', 'scores'] as const).filter((row) =>
    maps.some((map) => map[row] !== undefined),
  );
  const rows = used.length > 0 ? used : (['scores'] as const);
  const [first, second] = rows.map((row) => mapRows[row].cell);
  const isEmpty = maps.some((map) => rows.some((row) => map[row] === undefined));
  const time = sum(sentences);
  const axis = { range: [-0.5, time - 0.5], showgrid: false, showticklabels: false, ticks: '' };
  const panelOf = (map: number[][] | undefined, isScore: boolean): PanelSpec => ({
    x: isScore ? { ...axis, title: 'key' } : { ...axis, ...(rows.length === 1 && { title: 'token' }) },
    y: { ...axis, range: [time - 0.5, -0.5], title: isScore ? 'query' : 'token' },
    ...(map === undefined
      ? { marks: [nothing] }
      : { data: [heatMap(map, isScore)], marks: sentenceLines(sentences, time) }),
  });
  return makeFigure({
    id: 'encodings-maps',
    title: 'What encodings let tokens know of each other',
    subtitle: 'All tokens say the same: what differs, differs by position alone',
    caption:
      `A text of ${sentences.length} sentences with ${sentences.join(', ')} tokens; lines mark where they end. ` +
      (second === undefined ? `Each cell: ${first ?? ''}. ` : `Above: ${first ?? ''}. Below: ${second}. `) +
      'Each panel has a scale of its own, from its lowest value to its highest: the higher, the more alike, or the more attention. ' +
      (isEmpty ? 'An empty panel says that the encoding does nothing there. ' : '') +
      'Trained tables hold random numbers here: what counts is which cells are equal.',
    alt:
      `For each of ${names.join(', ')} ${rows.length === 1 ? 'a square map' : 'two square maps'} over ${time} tokens. One-level encodings show bands along the diagonal, ` +
      `bilevel ones ${rows.map((row) => mapRows[row].bilevel).join(' above and ')}${second === undefined ? '' : ' below'}.`,
    columns: names.length,
    panelHeight: Math.floor((880 - 60) / names.length) - 24,
    sharedY: true,
    panels: rows.flatMap((row, place) =>
      maps.map((map, index) => ({
        ...panelOf(map[row], row === 'scores'),
        ...(place === 0 && { title: names[index] ?? '' }),
      })),
    ),
    data: ['lowest value of a panel', 'halfway', 'highest value of a panel'].map((name, index) =>
      colorKey(name, tintedHeatColor(index / 2)),
    ),
    layout: { showlegend: true },
  });
}

function heatMap(map: readonly (readonly number[])[], causal: boolean): PlotlyObject {
  const cells = map.map((row, query) => row.map((value, key) => (causal && key > query ? null : value)));
  const values = cells.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return {
    type: 'heatmap',
    z: cells,
    zmin: low,
    zmax: high > low ? high : low + 1,
    colorscale: tintedHeatScale,
    showscale: false,
    hovertemplate: `${causal ? 'query %{y}, key %{x}: score' : 'tokens %{y} and %{x}: cosine'} %{z:.3f}<extra></extra>`,
  };
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}

/** Lines between the sentences, along both axes. */
function sentenceLines(sentences: readonly number[], time: number): PlotlyObject[] {
  const ends = sentences.slice(1).map((_, index) => sum(sentences.slice(0, index + 1)));
  const [first, last] = [-0.5, time - 0.5];
  return ends.flatMap((end) => {
    const place = end - 0.5;
    return [
      lineBetween([place, first], [place, last], { width: 0.75 }),
      lineBetween([first, place], [last, place], { width: 0.75 }),
    ];
  });
}

const nothing = textAt('nothing', {
  xref: 'x domain',
  x: 0.5,
  yref: 'y domain',
  y: 0.5,
  font: { color: ink.muted },
});

/**
 * Kernels: what is left of a score of 1 at each distance, in every head; for encodings that only
 * add to the embedding, the cosine of what they add to two tokens.
 *
 * @param length tokens, so distances go from 0 to `length - 1`
 */
export function drawEncodingKernels(
  encodings: NamedEncodings,
  length = 129,
  options: EffectOptions = {},
): Figure {
  const names = Object.keys(encodings);
  const kernels = Object.values(encodings).map((encoding) => encodingKernel(encoding, length, options));
  const heads = Math.max(...kernels.map((kernel) => kernel.length));
  const styles = orderedStyles(Array.from({ length: heads }, (_, head) => `head ${head + 1}`));
  return makeFigure({
    id: 'encodings-kernels',
    title: 'Scores by distance',
    subtitle: 'A query and a key whose product is 1, that many positions apart',
    caption:
      `The score of a query and a key of product 1 at distances 0 to ${length - 1}, in each of ${heads} heads or, where they are all the ` +
      'same, once; where the encoding only adds to the embedding, the cosine of what it adds to both tokens. All components of query ' +
      'and key are alike, so every frequency weighs the same. What is trained has its initial value; tables and networks, which ' +
      'start near 0, have random ones: steps and bends stand where training can move them.',
    alt: `A panel for each of ${names.join(', ')}, with a curve over the distance for each head that differs from the others.`,
    columns: Math.min(3, names.length),
    panelHeight: 170,
    panels: names.map((title, index) => ({
      title,
      x: axes.count('Distance'),
      y: { title: 'Score', zeroline: true, zerolinecolor: ink.grid },
      data: kernelCurves(kernels[index] ?? [], styles),
    })),
  });
}

/** One curve for all heads, or for what has no heads. */
const alike: SeriesStyle = {
  name: 'all heads',
  color: ink.text,
  dash: 'solid',
  symbol: 'circle',
  pattern: '',
};

function kernelCurves(
  kernel: readonly (readonly number[])[],
  styles: readonly SeriesStyle[],
): PlotlyObject[] {
  const curves = kernel.filter((curve, head) => !kernel.slice(head + 1).some((other) => same(curve, other)));
  return curves.map((y) =>
    lineTrace({
      x: y.map((_, distance) => distance),
      y,
      style: curves.length === 1 ? alike : present(styles[kernel.indexOf(y)], 'style'),
    }),
  );
}

function same(left: readonly number[], right: readonly number[]): boolean {
  return left.every((value, index) => value === right[index]);
}
