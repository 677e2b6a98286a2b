// What models look at, as pictures, a table and findings.

import { formatPercent } from '../base/format';
import { present } from '../base/present';
import { type AttentionBins, type AttentionMass, meanDistance } from '../evaluate/attention-mass';
import { type Figure, inPanel, lineTrace, makeFigure, type PlotlyObject } from '../report/figure';
import { formatShort } from '../report/log-axis';
import { encodingStyle, ink, orderedStyles, type SeriesStyle } from '../report/style';
import { type Cell, type Table } from '../report/tables';
import {
  type ContextAttention,
  evenlySpread,
  type HeadAttention,
  type MeasureDifference,
  type MeasuredInterval,
  type MeasureName,
  type Measures,
  type ModelAttention,
} from './attention-contexts';
import { attentionMapFigure } from './attention-map';
import { type Drawing, type Finding } from './experiment';

/** All models that were looked at. */
export interface AttentionBySegmentResult {
  /** Tokens of a training block. */
  readonly trainLength: number;
  /** Documents, and queries of each. */
  readonly documents: number;
  readonly queries: number;
  readonly bins: AttentionBins;
  readonly models: readonly ModelAttention[];
  /** What evenly spread attention comes to on the same documents. */
  readonly evenly: Measures;
  readonly differences: readonly MeasureDifference[];
}

/** Attention that weighs all keys alike. */
const evenly: SeriesStyle = {
  name: 'Evenly spread',
  color: ink.axis,
  dash: '2px,3px',
  symbol: 'line-ew-open',
  pattern: '',
};

/** The least share that the pictures show. */
const leastShare = 1e-5;

/** Everything that is shown of the result. */
export function drawAttentionBySegment(result: AttentionBySegmentResult): Drawing {
  return {
    figures: [distancesFigure(result), mapFigure(result), ...headsFigures(result)],
    tables: [numbersTable(result)],
    findings: findings(result),
  };
}

function styleOf({ models }: AttentionBySegmentResult, encoding: string): SeriesStyle {
  return encodingStyle(
    encoding,
    models.map((model) => model.encoding),
  );
}

function contextsOf({ models }: AttentionBySegmentResult): readonly ContextAttention[] {
  return present(models[0], 'a model').contexts;
}

const tokensWord = (tokens: number): string => `${tokens.toLocaleString('en')} tokens`;

function contextTitle({ times, length }: ContextAttention): string {
  return times === 1
    ? `${tokensWord(length)}, as in training`
    : `${tokensWord(length)}, ${times} times as many`;
}

/** A logarithmic axis of shares from `leastShare` to 1. */
const shareAxis = {
  title: 'Share of attention',
  type: 'log',
  range: [Math.log10(leastShare), 0.1],
  tickvals: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1],
  ticktext: ['0.001 %', '0.01 %', '0.1 %', '1 %', '10 %', '100 %'],
};

/** What a logarithmic axis can show of a share. */
const seen = (share: number): number | null => (share >= leastShare ? share : null);

/** Mass by segment distance above, by token distance below; a column for each context. */
function distancesFigure(result: AttentionBySegmentResult): Figure {
  const { trainLength, documents, queries, bins, models } = result;
  const contexts = contextsOf(result);
  const columns = contexts.length;
  const lines = contexts.flatMap((context, panel) => {
    const masses: [SeriesStyle, AttentionMass][] = [
      [evenly, context.uniform],
      ...models.map(({ encoding, contexts: own }): [SeriesStyle, AttentionMass] => [
        styleOf(result, encoding),
        present(own[panel], 'context').mean,
      ]),
    ];
    return masses.flatMap(([style, mass]) => [
      ...segmentTraces(style, mass, bins, panel),
      distanceTrace(style, mass, columns + panel),
    ]);
  });
  return makeFigure({
    id: 'attention-by-segment',
    title: 'Where attention goes, by segment and by token',
    subtitle: `The same ${queries} queries in each of ${documents} documents, with less and with more text before them; mean of all heads`,
    caption:
      `Above: by the distance of the key's segment, 0 being the query's own; apart from the line, what lies ${bins.segments} segments back and more, and what lies on the first token of all, which many models use to put attention aside. ` +
      'Below: by the distance in tokens, in groups from one power of two to the next, the first being the token itself; right of the dotted line keys are farther away than any in training. Without the first token. ' +
      'Evenly spread: what the same queries would give if they weighed all keys alike. Shares below 0.001 % are not shown.',
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
      ...contexts.map(() => ({ x: distanceAxis(bins, contexts), y: shareAxis })),
    ],
    data: lines,
    layout: {
      shapes: contexts.map((_, panel) => beyondTraining(trainLength, bins, columns + panel)),
    },
  });
}

function segmentAxis({ segments }: AttentionBins): PlotlyObject {
  const told = Array.from({ length: segments }, (_, segment) => segment).filter(
    (segment) => segment % 4 === 0 && segment < segments - 1,
  );
  return {
    title: 'Segments back',
    range: [-0.6, segments + 3.6],
    tickvals: [...told, segments, segments + 2.5],
    ticktext: [...told.map(String), `${segments}+`, 'first'],
    tickangle: 0,
  };
}

/** The line over the segments that are told apart, and two points for what is not one of them. */
function segmentTraces(
  style: SeriesStyle,
  { first, bySegment }: AttentionMass,
  { segments }: AttentionBins,
  panel: number,
): PlotlyObject[] {
  const line = lineTrace({
    x: bySegment.slice(0, segments).map((_, segment) => segment),
    y: bySegment.slice(0, segments).map(seen),
    style,
    panel,
    legend: panel === 0,
    markers: style !== evenly,
  });
  const points = lineTrace({
    x: [segments, segments + 2.5],
    y: [bySegment[segments] ?? 0, first].map(seen),
    style,
    panel,
    legend: false,
    markers: true,
  });
  return [line, { ...points, mode: 'markers' }];
}

/** Groups of token distances that a context has. */
function groupsIn({ distances }: AttentionBins, contexts: readonly ContextAttention[]): number {
  const longest = Math.max(...contexts.map(({ length }) => length));
  return 1 + distances.filter((least) => least < longest).length;
}

function distanceAxis(bins: AttentionBins, contexts: readonly ContextAttention[]): PlotlyObject {
  const starts = [0, ...bins.distances].slice(0, groupsIn(bins, contexts));
  const told = starts.map((_, group) => group).filter((group) => group % 2 === 0);
  return {
    title: 'Tokens back, from',
    range: [-0.6, starts.length - 0.4],
    tickvals: told,
    ticktext: told.map((group) => (starts[group] ?? 0).toLocaleString('en')),
    tickangle: 0,
  };
}

function distanceTrace(style: SeriesStyle, { byDistance }: AttentionMass, panel: number): PlotlyObject {
  const y = byDistance.map(seen);
  return lineTrace({
    x: y.map((_, group) => group),
    y,
    style,
    panel,
    legend: false,
    markers: style !== evenly,
  });
}

/** A dotted line before the first group of distances that training does not have. */
function beyondTraining(trainLength: number, { distances }: AttentionBins, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  const place = distances.filter((least) => least < trainLength).length + 0.5;
  const line = { color: ink.muted, width: 1, dash: 'dot' };
  return { type: 'line', xref: xaxis, yref: `${yaxis} domain`, x0: place, x1: place, y0: 0, y1: 1, line };
}

/** Mass by segment distance and offset inside the segment; a row for each context. */
function mapFigure(result: AttentionBySegmentResult): Figure {
  const { models } = result;
  return attentionMapFigure({
    id: 'attention-by-segment-map',
    title: 'Where in other segments attention lands',
    subtitle: 'Attention as a multiple of evenly spread attention, mean over layers and heads',
    alt: models
      .map(
        ({ encoding, measures: { samePlace } }) =>
          `${styleOf(result, encoding).name}: ${samePlace?.estimate.toFixed(2) ?? 'unknown how many'} times the evenly spread mass on the same place of earlier segments`,
      )
      .join('; '),
    columns: models.map(({ encoding }) => styleOf(result, encoding).name),
    rows: contextsOf(result).map(({ length, uniform }, row) => ({
      label: tokensWord(length),
      panels: models.map(({ contexts }) => ({ mean: present(contexts[row], 'context').mean, uniform })),
    })),
  });
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
  readonly axis: PlotlyObject;
  readonly shares: (head: HeadAttention) => readonly number[];
}

/** Mass in each head of some layers, with the context of training: a row for each model. */
function headsFigure(
  result: AttentionBySegmentResult,
  { id, by, without, axis, shares }: HeadCurves,
): Figure {
  const { models, trainLength } = result;
  const [context] = contextsOf(result);
  const layers = shownLayers(present(context, 'context').heads.length);
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
    subtitle: `Share of attention, ${tokensWord(trainLength)} of context, as in training`,
    caption: `Lines end where a share falls below 0.001 %. ${without}`,
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
    panels: panels.map(({ title }) => ({ title, x: axis, y: { ...shareAxis, title: 'Share' } })),
    data: panels.flatMap(({ heads }, panel) =>
      heads.map((head, index) => {
        const y = shares(head).map(seen);
        const style = present(styles[index], 'style');
        return lineTrace({ x: y.map((_, distance) => distance), y, style, panel, legend: panel === 0 });
      }),
    ),
  });
}

/** The figures of heads, by both distances. */
function headsFigures(result: AttentionBySegmentResult): Figure[] {
  const { bins } = result;
  const groups = groupsIn(bins, contextsOf(result).slice(0, 1));
  return [
    headsFigure(result, {
      id: 'attention-by-segment-heads',
      by: 'segment distance',
      without: `What lies ${bins.segments} segments back and more, and on the first token, is not shown.`,
      axis: { title: 'Segments back', range: [-0.5, bins.segments - 0.5] },
      shares: ({ bySegment }) => bySegment.slice(0, bins.segments),
    }),
    headsFigure(result, {
      id: 'attention-by-segment-heads-tokens',
      by: 'token distance',
      without:
        'Distances in groups from one power of two to the next, the first being the token itself, the second the token before it; without the first token of all.',
      axis: distanceAxis(bins, contextsOf(result).slice(0, 1)),
      shares: ({ byDistance }) => byDistance.slice(0, groups),
    }),
  ];
}

function numbersTable(result: AttentionBySegmentResult): Table {
  const { models, documents, queries, trainLength, bins } = result;
  const near = bins.distances.filter((least) => least < trainLength).length + 1;
  const numbers = (mass: AttentionMass): Record<string, Cell> => ({
    itself: mass.byDistance[0] ?? null,
    neighbour: mass.byDistance[1] ?? null,
    own: mass.bySegment[0] ?? null,
    before: mass.bySegment[1] ?? null,
    first: mass.first,
    separators: mass.separators,
    far: mass.byDistance.slice(near).reduce((sum, share) => sum + share, 0),
    distance: meanDistance(mass),
    entropy: mass.entropy,
  });
  const longest = contextsOf(result).length - 1;
  const measures = (model: ModelAttention, context: number): Record<string, Cell> => {
    const { moved, samePlace } = model.measures;
    return {
      ...(context === 0 && intervalCells('samePlace', samePlace)),
      ...(context === longest && longest > 0 && intervalCells('moved', moved)),
    };
  };
  return {
    id: 'attention-by-segment-numbers',
    title: 'What models look at, in numbers',
    caption:
      `Means over ${queries} queries in each of ${documents} documents, all layers and heads; low and high: 95 % interval over documents. ` +
      'Separators: tokens that end a segment. Far: farther back than any token in training. Distance: mean, the first token left out. Entropy: of all weights, in nats. ' +
      'Same place: how many times as much of the mass on earlier segments lies on the query’s own place there as of evenly spread mass. Moved: the share of mass that lies elsewhere than with the context of training, by segment distance and on the first token, mean over heads.',
    columns: [
      { key: 'encoding', label: 'Encoding' },
      { key: 'context', label: 'Context', format: 'integer' },
      { key: 'itself', label: 'Itself', format: 'percent' },
      { key: 'neighbour', label: 'Token before', format: 'percent' },
      { key: 'own', label: 'Own segment', format: 'percent' },
      { key: 'before', label: 'Segment before', format: 'percent' },
      { key: 'first', label: 'First token', format: 'percent' },
      { key: 'separators', label: 'Separators', format: 'percent' },
      { key: 'far', label: 'Far', format: 'percent' },
      { key: 'distance', label: 'Distance', format: 'fixed1' },
      { key: 'entropy', label: 'Entropy', format: 'fixed2' },
      { key: 'samePlace', label: 'Same place', format: 'fixed2' },
      { key: 'samePlaceLow', label: 'Low', format: 'fixed2' },
      { key: 'samePlaceHigh', label: 'High', format: 'fixed2' },
      { key: 'moved', label: 'Moved', format: 'percent' },
      { key: 'movedLow', label: 'Low', format: 'percent' },
      { key: 'movedHigh', label: 'High', format: 'percent' },
    ],
    rows: [
      ...models.flatMap((model) =>
        model.contexts.map(({ length, mean }, context): Record<string, Cell> => ({
          encoding: styleOf(result, model.encoding).name,
          context: length,
          ...numbers(mean),
          ...measures(model, context),
        })),
      ),
      ...contextsOf(result).map(({ length, uniform }, context): Record<string, Cell> => ({
        encoding: evenly.name,
        context: length,
        ...numbers(uniform),
        ...(context === 0 && { samePlace: 1 }),
        ...(context === longest && longest > 0 && intervalCells('moved', result.evenly.moved)),
      })),
    ],
  };
}

function intervalCells(key: string, interval: MeasuredInterval): Record<string, Cell> {
  const { estimate = null, low = null, high = null } = interval ?? {};
  return { [key]: estimate, [`${key}Low`]: low, [`${key}High`]: high };
}

/** How a measure is told, and what is claimed of the first of a pair: that it has less of it, or more. */
const claims: Readonly<
  Record<
    MeasureName,
    {
      readonly says: (first: string, second: string, context: string, times: number) => string;
      readonly wanted: 'less' | 'more';
      readonly format: (value: number) => string;
    }
  >
> = {
  moved: {
    says: (first, second, context, times) =>
      `${context}: ${times === 1 ? 'less' : `less than ${formatShort(times)} times as much`} attention moves, by segment distance, ${first} ${times === 1 ? 'than' : 'as'} ${second}`,
    wanted: 'less',
    format: formatPercent,
  },
  far: {
    says: (first, second, context) =>
      `${context}: less attention lies farther back than any token in training ${first} than ${second}`,
    wanted: 'less',
    format: formatPercent,
  },
  samePlace: {
    says: (first, second) =>
      `At the training length: attention to earlier segments lies more on the query's own place there ${first} than ${second}`,
    wanted: 'more',
    format: (value) => value.toFixed(2),
  },
};

function findings(result: AttentionBySegmentResult): Finding[] {
  const { models, evenly, differences } = result;
  const longest = present(contextsOf(result).at(-1), 'context');
  const name = (one: string): string => (one === evenlySpread ? one : styleOf(result, one).name);
  const whose = (one: string): string => (one === evenlySpread ? 'if evenly spread' : `with ${name(one)}`);
  const measuresBy = (one: string): Measures =>
    one === evenlySpread
      ? evenly
      : present(
          models.find(({ encoding }) => encoding === one),
          one,
        ).measures;
  return differences.flatMap(({ measure, first, second, times, difference }): Finding[] => {
    if (difference === null || (measure !== 'samePlace' && longest.times === 1)) return [];
    const { says, wanted, format } = claims[measure];
    const measured = [first, second].map((one) => `${name(one)} ${within(measuresBy(one)[measure], format)}`);
    const isLess = difference.high < 0 ? true : difference.low > 0 ? false : null;
    return [
      {
        claim: says(whose(first), whose(second), `At ${longest.times} times the training length`, times),
        holds: isLess === null ? null : isLess === (wanted === 'less'),
        measured: `${measured.join(', ')}${times === 1 ? `; difference ${within(difference, format)}` : ''}`,
      },
    ];
  });
}

function within(interval: MeasuredInterval, format: (value: number) => string): string {
  if (interval === null) return 'unknown';
  const { estimate, low, high } = interval;
  return `${format(estimate)} (${format(low)} to ${format(high)})`;
}
