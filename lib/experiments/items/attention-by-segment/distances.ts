// The figure of attention by distance: of the key's segment above, of the key in tokens below.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type AttentionBins, type AttentionMass } from '../../../evaluate/attention-mass';
import { type Figure, makeFigure } from '../../../report/figure';
import { verticalLine } from '../../../report/marks';
import { type AxisSpec, type PlotlyObject } from '../../../report/spec';
import { ink, type SeriesStyle } from '../../../report/style';
import { lineTrace, markerKey, pointsTrace } from '../../../report/traces';
import { contextTitle, distanceAxis, leastShare, leastWord, seen, shareAxis } from './axes';
import { type ContextAttention } from './contexts';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';

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
  const shown = contexts.map((_, context) => seriesIn(result, context));
  const feet = shown.map((series, context) => feetOf(series, present(contexts[context], 'context'), bins));
  return makeFigure({
    id: 'attention-by-segment',
    title: 'Where attention goes, by segment and by token',
    subtitle: `The same ${queries} queries in each of ${documents} documents, with less and with more text before them; mean of all heads`,
    caption:
      `Above: by the distance of the key's segment, 0 being the query's own. The two points apart from the line are attention to all keys ${bins.segments} segments back and more, and to the first token of the text. ` +
      'Below: by the distance in tokens, 0 being the token itself, in groups from one power of two to the next, without the first token of all. Right of the thin line keys are farther away than any in training. ' +
      `Evenly spread: the same queries, if they weighed all keys alike. A triangle at the foot: there are keys, but their share is below ${leastWord}.`,
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
    columns: contexts.length,
    sharedY: true,
    panelHeight: 230,
    panels: [
      ...contexts.map((context, column) => ({
        title: contextTitle(context),
        x: segmentAxis(bins),
        y: shareAxis,
        data: [
          ...(shown[column] ?? []).flatMap(({ style, mass }) => segmentTraces(style, mass, bins)),
          ...(feet[column]?.bySegment ?? []),
        ],
      })),
      ...contexts.map((_, column) => ({
        x: distanceAxis(bins, contexts, contexts.length),
        y: shareAxis,
        data: [
          ...(shown[column] ?? []).map(({ style, mass }) => distanceTrace(style, mass)),
          ...(feet[column]?.byDistance ?? []),
        ],
        marks: [beyondTraining(trainLength, bins)],
      })),
    ],
    data: [
      ...(feet.some(({ bySegment, byDistance }) => bySegment.length + byDistance.length > 0)
        ? [markerKey(`Below ${leastWord}`, { ...below, color: ink.muted })]
        : []),
      markerKey('Training length', { symbol: 'line-ns-open', size: 14, color: ink.text }),
    ],
  });
}

/** Triangles of a context, those of several models at the same distance side by side. */
function feetOf(
  series: readonly Series[],
  { uniform }: ContextAttention,
  bins: AttentionBins,
): Readonly<Record<'bySegment' | 'byDistance', PlotlyObject[]>> {
  const feet = (places: readonly number[], sharesOf: (mass: AttentionMass) => readonly number[]) =>
    series.flatMap(({ style, mass }, index) =>
      belowTraces(style, places, [sharesOf(mass), sharesOf(uniform)], 0.3 * (index - series.length / 2)),
    );
  return {
    bySegment: feet(segmentPlaces(bins), segmentShares),
    byDistance: feet(
      uniform.byDistance.map((_, group) => group),
      ({ byDistance }) => byDistance,
    ),
  };
}

/**
 * The places of the two points apart on the axis of segments: all that is farther, the first token.
 */
const apart = ({ segments }: AttentionBins): [number, number] => [segments + 1, segments + 4.5];

function segmentAxis(bins: AttentionBins): AxisSpec {
  const { segments } = bins;
  const told = Array.from({ length: segments }, (_, segment) => segment).filter(
    (segment) => segment % 4 === 0 && segment < segments - 1,
  );
  const [, last] = apart(bins);
  return {
    title: 'Segments back (0 = own; "first" = first token)',
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

/**
 * The line over the single segments, and two points: all segments farther back, and the first
 * token.
 */
function segmentTraces(style: SeriesStyle, mass: AttentionMass, bins: AttentionBins): PlotlyObject[] {
  const places = segmentPlaces(bins);
  const shares = segmentShares(mass).map(seen);
  const part = (start: number, end?: number) => ({
    x: places.slice(start, end),
    y: shares.slice(start, end),
    style,
  });
  return [lineTrace({ ...part(0, bins.segments), markers: true }), pointsTrace(part(bins.segments))];
}

function distanceTrace(style: SeriesStyle, { byDistance }: AttentionMass): PlotlyObject {
  const y = byDistance.map(seen);
  return lineTrace({ x: y.map((_, group) => group), y, style, markers: true });
}

const below = { symbol: 'triangle-down', size: 9 } as const;

/** Triangles at the foot where there are keys, with a share too small for the axis. */
function belowTraces(
  style: SeriesStyle,
  x: readonly number[],
  [shares = [], uniform = []]: readonly (readonly number[])[],
  shift: number,
): PlotlyObject[] {
  const places = x.filter((_, index) => (uniform[index] ?? 0) > 0 && seen(shares[index] ?? 0) === null);
  if (places.length === 0) return [];
  // As high as a triangle above the axis.
  const y = places.map(() => 1.35 * leastShare);
  const trace = pointsTrace({ x: places.map((place) => place + shift), y, style, legend: false });
  return [{ ...trace, marker: { ...below, color: style.color }, hovertemplate: `below ${leastWord}` }];
}

/** The line before the first group of distances that training does not have. */
function beyondTraining(trainLength: number, { distances }: AttentionBins): PlotlyObject {
  const place = distances.filter((least) => least < trainLength).length + 0.5;
  return verticalLine(place, { color: ink.text, dash: 'solid' });
}
