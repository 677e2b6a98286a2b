// What models look at, as curves: by the distance of the segment and of the token, in all heads and
// in each, and by the place in earlier segments. Shares are on a logarithmic axis; what lies below
// its end is said to.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type Interval } from '../../../base/statistics';
import { type AttentionBins, type AttentionMass } from '../../../evaluate/attention-mass';
import { type Figure, inPanel, lineTrace, makeFigure, type PlotlyObject } from '../../../report/figure';
import { formatShort } from '../../../report/log-axis';
import { ink, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';
import { type ContextAttention, type HeadAttention, placePreference } from './contexts';
import { placeAxis } from '../../charts/attention-map';
import { whiskeredLine } from '../../charts/seed-groups';

/** The least share that the pictures show. */
const leastShare = 1e-5;
const leastWord = '0.001 %';

/** A logarithmic axis of shares from `leastShare` to 1. */
const shareAxis = {
  title: 'Share of attention',
  type: 'log',
  range: [Math.log10(leastShare), 0.1],
  tickvals: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1],
  ticktext: [leastWord, '0.01 %', '0.1 %', '1 %', '10 %', '100 %'],
};

/** What a logarithmic axis can show of a share. */
const seen = (share: number): number | null => (share >= leastShare ? share : null);

function contextTitle({ times, length }: ContextAttention): string {
  return times === 1
    ? `${tokensWord(length)}, as in training`
    : `${tokensWord(length)}, ${times} times as many`;
}

/** A model, or evenly spread attention, in one context. */
interface Series {
  readonly style: SeriesStyle;
  readonly mass: AttentionMass;
}

/** All that is shown of a context, evenly spread attention first. */
function seriesIn(result: AttentionBySegmentResult, context: number): Series[] {
  return [
    { style: evenlyStyle, mass: present(contextsOf(result)[context], 'context').uniform },
    ...result.models.map(({ encoding, contexts }) => ({
      style: styleOf(result, encoding),
      mass: present(contexts[context], 'context').mean,
    })),
  ];
}

/** Mass by segment distance above, by token distance below; a column for each context. */
export function distancesFigure(result: AttentionBySegmentResult): Figure {
  const { trainLength, documents, queries, bins, models } = result;
  const contexts = contextsOf(result);
  const columns = contexts.length;
  const shown = contexts.map((_, context) => seriesIn(result, context));
  const lines = shown.flatMap((series, panel) =>
    series.flatMap(({ style, mass }) => [
      ...segmentTraces(style, mass, bins, panel),
      distanceTrace(style, mass, columns + panel),
    ]),
  );
  const feet = shown.flatMap((series, panel) =>
    series.flatMap(({ style, mass }, index) => {
      const { uniform } = present(contexts[panel], 'context');
      // Triangles of several models at the same distance stand side by side.
      const shift = 0.3 * (index - series.length / 2);
      const groups = mass.byDistance.map((_, group) => group);
      return [
        ...belowTraces(style, segmentPlaces(bins), [mass, uniform].map(segmentShares), shift, panel),
        ...belowTraces(style, groups, [mass.byDistance, uniform.byDistance], shift, columns + panel),
      ];
    }),
  );
  return makeFigure({
    id: 'attention-by-segment',
    title: 'Where attention goes, by segment and by token',
    subtitle: `The same ${queries} queries in each of ${documents} documents, with less and with more text before them; mean of all heads`,
    caption:
      `Above: by the distance of the key's segment, 0 being the query's own. Apart from the line stands what lies ${bins.segments} segments back and more, and what lies on the first token of all. ` +
      'Below: by the distance in tokens, 0 being the token itself, in groups from one power of two to the next, without the first token of all. Right of the thin line keys are farther away than any in training. ' +
      `Evenly spread: what the same queries would give if they weighed all keys alike. A triangle at the foot: there are keys, but their share is below ${leastWord}.`,
    alt: models
      .map(({ encoding, contexts: own }) =>
        own
          .map(
            ({ length, mean: { bySegment } }) =>
              `${styleOf(result, encoding).name} at ${tokensWord(length)}: ${formatPercent(bySegment[0] ?? 0)} on the own segment, ${formatPercent(bySegment[1] ?? 0)} on the one before`,
          )
          .join('; '),
      )
      .join('; '),
    columns,
    sharedY: true,
    panelHeight: 230,
    panels: [
      ...contexts.map((context) => ({
        title: contextTitle(context),
        x: segmentAxis(bins),
        y: shareAxis,
      })),
      ...contexts.map(() => ({ x: distanceAxis(bins, contexts, columns), y: shareAxis })),
    ],
    data: [...lines, ...feet, ...(feet.length > 0 ? [belowKey()] : []), trainingKey()],
    layout: {
      shapes: contexts.map((_, panel) => beyondTraining(trainLength, bins, columns + panel)),
    },
  });
}

/**
 * Where the two points apart stand on the axis of segments: what is farther, and the first token.
 */
const apart = ({ segments }: AttentionBins): [number, number] => [segments + 1, segments + 4.5];

function segmentAxis(bins: AttentionBins): PlotlyObject {
  const { segments } = bins;
  const told = Array.from({ length: segments }, (_, segment) => segment).filter(
    (segment) => segment % 4 === 0 && segment < segments - 1,
  );
  const [, last] = apart(bins);
  return {
    title: 'Segments back (0: own); first: first token of all',
    range: [-0.6, last + 1.1],
    tickvals: [...told, ...apart(bins)],
    ticktext: [...told.map(String), `≥ ${segments}`, 'first'],
    tickangle: 0,
  };
}

/** Where the shares by segment stand on their axis, the first token last. */
function segmentPlaces(bins: AttentionBins): number[] {
  return [...Array.from({ length: bins.segments }, (_, segment) => segment), ...apart(bins)];
}

function segmentShares({ bySegment, first }: AttentionMass): number[] {
  return [...bySegment, first];
}

/** The line over the segments that are told apart, and two points for what is not one of them. */
function segmentTraces(
  style: SeriesStyle,
  mass: AttentionMass,
  bins: AttentionBins,
  panel: number,
): PlotlyObject[] {
  const places = segmentPlaces(bins);
  const shares = segmentShares(mass).map(seen);
  const part = (start: number, end: number | undefined, legend: boolean): PlotlyObject =>
    lineTrace({
      x: places.slice(start, end),
      y: shares.slice(start, end),
      style,
      panel,
      legend,
      markers: true,
    });
  return [part(0, bins.segments, panel === 0), { ...part(bins.segments, undefined, false), mode: 'markers' }];
}

/** Groups of token distances that a context has. */
function groupsIn({ distances }: AttentionBins, contexts: readonly ContextAttention[]): number {
  const longest = Math.max(...contexts.map(({ length }) => length));
  return 1 + distances.filter((least) => least < longest).length;
}

/** Room for the labels of groups, in a figure's width. */
const groupLabels = 25;

function distanceAxis(
  bins: AttentionBins,
  contexts: readonly ContextAttention[],
  columns: number,
): PlotlyObject {
  const groups = groupsIn(bins, contexts);
  const starts = [0, ...bins.distances];
  const every = Math.ceil((groups * columns) / groupLabels);
  const told = Array.from({ length: groups }, (_, group) => group).filter(
    (group) => (groups - 1 - group) % every === 0,
  );
  return {
    title: 'Tokens back (0: the token itself)',
    range: [-0.6, groups - 0.4],
    tickvals: told,
    ticktext: told.map((group) => groupLabel(starts[group] ?? 0, starts[group + 1])),
    tickfont: { size: 10 },
    tickangle: 0,
  };
}

/** The distances from `start` on and below `end`, e.g. `2–3`; long ones in two lines. */
function groupLabel(start: number, end: number | undefined): string {
  const from = start.toLocaleString('en');
  if (end === undefined) return `≥ ${from}`;
  if (end === start + 1) return from;
  return `${from}–${end > 100 ? '<br>' : ''}${(end - 1).toLocaleString('en')}`;
}

function distanceTrace(style: SeriesStyle, { byDistance }: AttentionMass, panel: number): PlotlyObject {
  const y = byDistance.map(seen);
  return lineTrace({ x: y.map((_, group) => group), y, style, panel, legend: false, markers: true });
}

const below = { symbol: 'triangle-down', size: 9 } as const;

/**
 * Triangles at the foot where there are keys, with a share too small for the axis; none where all
 * are shown.
 */
function belowTraces(
  style: SeriesStyle,
  x: readonly number[],
  [shares = [], uniform = []]: readonly (readonly number[])[],
  shift: number,
  panel: number,
): PlotlyObject[] {
  const places = x.filter((_, index) => (uniform[index] ?? 0) > 0 && seen(shares[index] ?? 0) === null);
  if (places.length === 0) return [];
  const trace = {
    type: 'scatter',
    mode: 'markers',
    name: style.name,
    legendgroup: style.name,
    showlegend: false,
    x: places.map((place) => place + shift),
    // As high as a triangle above the axis.
    y: places.map(() => 1.35 * leastShare),
    marker: { ...below, color: style.color },
    hovertemplate: `below ${leastWord}`,
    ...inPanel(panel),
  };
  return [trace];
}

/** A trace that is in the legend only. */
function keyTrace(name: string, marker: PlotlyObject): PlotlyObject {
  return { type: 'scatter', mode: 'markers', name, x: [null], y: [null], marker, ...inPanel(0) };
}

function belowKey(): PlotlyObject {
  return keyTrace(`Below ${leastWord}`, { ...below, color: ink.muted });
}

/** The line before the first group of distances that training does not have. */
const trainingLine = { color: ink.text, width: 1 };

function beyondTraining(trainLength: number, { distances }: AttentionBins, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  const place = distances.filter((least) => least < trainLength).length + 0.5;
  return {
    type: 'line',
    xref: xaxis,
    yref: `${yaxis} domain`,
    x0: place,
    x1: place,
    y0: 0,
    y1: 1,
    line: trainingLine,
  };
}

function trainingKey(): PlotlyObject {
  return keyTrace('Training length', { symbol: 'line-ns-open', size: 14, color: trainingLine.color });
}

/** Layers of the figure of heads. */
function shownLayers(layers: number): number[] {
  return [...new Set([0, Math.floor(layers / 2), layers - 1])];
}

/** What is shown of each head. */
interface HeadCurves {
  readonly id: string;
  readonly by: string;
  readonly without: string;
  readonly axis: (columns: number) => PlotlyObject;
  readonly shares: (mass: Pick<HeadAttention, 'bySegment' | 'byDistance'>) => readonly number[];
}

/** Mass in each head of some layers, with the context of training: a row for each model. */
function headsFigure(
  result: AttentionBySegmentResult,
  { id, by, without, axis, shares }: HeadCurves,
): Figure {
  const { models, trainLength } = result;
  const context = present(contextsOf(result)[0], 'context');
  const layers = shownLayers(context.heads.length);
  const panels = models.flatMap(({ encoding, contexts }) =>
    layers.map((layer) => ({
      title: `${styleOf(result, encoding).name}, layer ${layer}`,
      heads: present(contexts[0]?.heads[layer], 'layer'),
    })),
  );
  const styles = orderedStyles(Array.from(panels[0]?.heads ?? [], (_, head) => `Head ${head}`));
  return makeFigure({
    id,
    title: `Each head by itself, by ${by}`,
    subtitle: `Share of attention, ${tokensWord(trainLength)} of context, as in training. Layers and heads are counted from 0. Lines end where a share falls below ${leastWord}.`,
    caption: `Rows: models. Evenly spread attention is the same in all panels. ${without}`,
    alt: panels
      .map(({ title, heads }) => {
        const firsts = heads.map((head) => formatPercent(shares(head)[0] ?? 0));
        return `${title}: ${firsts.join(', ')} at distance 0`;
      })
      .join('; '),
    columns: layers.length,
    sharedX: true,
    sharedY: true,
    panelHeight: 130,
    panels: panels.map(({ title }) => ({
      title,
      x: axis(layers.length),
      y: { ...shareAxis, title: 'Share' },
    })),
    data: panels.flatMap(({ heads }, panel) => {
      const curve = (style: SeriesStyle, mass: Parameters<typeof shares>[0]): PlotlyObject => {
        const y = shares(mass).map(seen);
        return lineTrace({ x: y.map((_, distance) => distance), y, style, panel, legend: panel === 0 });
      };
      return [
        ...heads.map((head, index) => curve(present(styles[index], 'style'), head)),
        curve(evenlyStyle, context.uniform),
      ];
    }),
  });
}

/** The figures of heads, by both distances. */
export function headsFigures(result: AttentionBySegmentResult): Figure[] {
  const { bins } = result;
  const contexts = contextsOf(result).slice(0, 1);
  const groups = groupsIn(bins, contexts);
  return [
    headsFigure(result, {
      id: 'attention-by-segment-heads',
      by: 'segment distance',
      without: `What lies ${bins.segments} segments back and more, and on the first token, is not shown.`,
      axis: () => ({ title: 'Segments back', range: [-0.5, bins.segments - 0.5] }),
      shares: ({ bySegment }) => bySegment.slice(0, bins.segments),
    }),
    headsFigure(result, {
      id: 'attention-by-segment-heads-tokens',
      by: 'token distance',
      without:
        'Distances in groups from one power of two to the next, the first being the token itself, the second the token before it; without the first token of all.',
      axis: (columns) => distanceAxis(bins, contexts, columns),
      shares: ({ byDistance }) => byDistance.slice(0, groups),
    }),
  ];
}

/** Which places of earlier segments attention prefers: a panel for each context. */
export function placesFigure(result: AttentionBySegmentResult): Figure {
  const { models, bins, documents } = result;
  const contexts = contextsOf(result);
  const reach = bins.offsets;
  const times = models.flatMap(({ contexts: own, measures: { samePlace } }) => [
    ...own.flatMap(({ mean, uniform }) => placePreference(mean, uniform).filter((value) => value !== null)),
    ...(samePlace === null ? [] : [samePlace.low, samePlace.high]),
  ]);
  return makeFigure({
    id: 'attention-by-segment-places',
    title: 'Which places of earlier segments attention prefers',
    subtitle:
      'Attention to earlier segments by place, as a multiple of evenly spread attention; mean of all heads',
    caption:
      'Across: the place of the key in its segment minus the place of the query in its own, so 0 is the query’s own place. ' +
      `The outermost points, apart from the line, are all keys that are ${reach} places away and more. ` +
      'Up: of the mass on earlier segments, how many times as much lies on the place as of evenly spread mass in the same context. ' +
      `The whiskers at 0, with the context of training, are 95 % intervals over the ${documents} documents, side by side.`,
    alt: models
      .map(({ encoding, contexts: own }) => {
        const told = own.map(({ length, mean, uniform }) => {
          const onPlace = placePreference(mean, uniform)[reach]?.toFixed(2) ?? 'unknown how many';
          return `${onPlace} times evenly spread attention on the query's own place at ${tokensWord(length)}`;
        });
        return `${styleOf(result, encoding).name}: ${told.join(', ')}`;
      })
      .join('; '),
    columns: contexts.length,
    sharedY: true,
    panelHeight: 200,
    panels: contexts.map((context) => ({
      title: contextTitle(context),
      x: { ...placeAxis(reach, contexts.length > 2), showgrid: true },
      // Attention that is all but evenly spread looks so.
      y: {
        title: 'Times evenly spread',
        range: [Math.min(0.8, ...times) - 0.05, Math.max(1.2, ...times) + 0.05],
      },
    })),
    data: contexts.flatMap(({ times: factor, uniform }, panel) => [
      lineTrace({ x: [-reach, reach], y: [1, 1], style: evenlyStyle, panel, legend: panel === 0 }),
      ...models.flatMap(({ encoding, contexts: own, measures: { samePlace } }, index) => {
        const shift = 0.3 * (index - (models.length - 1) / 2);
        const style = styleOf(result, encoding);
        const y = placePreference(present(own[panel], 'context').mean, uniform);
        return [
          ...placeTraces(style, y, panel),
          ...(factor === 1 && samePlace !== null ? [intervalTrace(style, samePlace, shift, panel)] : []),
        ];
      }),
    ]),
  });
}

/** The line over the places that are told apart, and two points for what is farther. */
function placeTraces(style: SeriesStyle, y: readonly (number | null)[], panel: number): PlotlyObject[] {
  const reach = (y.length - 1) / 2;
  const x = y.map((_, offset) => offset - reach);
  const ends = <T>(values: readonly T[]): T[] => [...values.slice(0, 1), ...values.slice(-1)];
  return [
    lineTrace({ x: x.slice(1, -1), y: y.slice(1, -1), style, panel, legend: panel === 0 }),
    { ...lineTrace({ x: ends(x), y: ends(y), style, panel, legend: false, markers: true }), mode: 'markers' },
  ];
}

/** A whisker from end to end of an interval. */
function intervalTrace(
  style: SeriesStyle,
  { estimate, low, high }: Interval,
  x: number,
  panel: number,
): PlotlyObject {
  const words = { at: () => 'at the same place', quantity: 'times evenly spread', format: formatShort };
  const range = { centre: estimate, low, high };
  const trace = whiskeredLine(style, [x], [range], words, { panel, legend: false });
  return { ...trace, mode: 'markers', marker: { color: style.color, size: 4 } };
}
