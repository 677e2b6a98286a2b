// The figure of places in earlier segments: the query's own place, and those around it.

import { present } from '../../../base/present';
import { type Interval } from '../../../base/statistics';
import { axisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { type PlotlyObject } from '../../../report/spec';
import { type SeriesStyle } from '../../../report/style';
import { type Quantity } from '../../../report/tables';
import { lineTrace, pointsTrace } from '../../../report/traces';
import { whiskers } from '../../../report/whiskers';
import { placeAxis } from '../../charts/attention-map';
import { contextTitle } from './axes';
import { placePreference } from './statistics';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';

/** Attention to earlier segments by place: a panel for each context. */
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
    title: 'Attention to the places of earlier segments',
    subtitle:
      'Attention to earlier segments by place, as a multiple of evenly spread attention; mean of all heads',
    caption:
      'Across: the place of the key in its segment minus the place of the query in its own, so 0 is the query’s own place. ' +
      `The outermost points, apart from the line, are all keys that are ${reach} places away and more. ` +
      'Up: share of attention to earlier segments that lands on the place, relative to uniform attention in the same context. ' +
      `The whiskers at 0, with the context of training, are 95 % intervals over the ${documents} documents, side by side.`,
    alt: models
      .map(({ encoding, contexts: own }) => {
        const words = own.map(({ length, mean, uniform }) => {
          const onPlace = placePreference(mean, uniform)[reach]?.toFixed(2) ?? 'unknown how many';
          return `${onPlace} times evenly spread attention on the query's own place at ${tokensWord(length)}`;
        });
        return `${styleOf(result, encoding).name}: ${words.join(', ')}`;
      })
      .join('; '),
    columns: contexts.length,
    sharedY: true,
    panelHeight: 200,
    panels: contexts.map((context, index) => ({
      title: contextTitle(context),
      x: { ...placeAxis(reach, contexts.length > 2), showgrid: true },
      // Attention that is all but evenly spread looks so.
      y: axisOf(timesEvenly, {
        range: [Math.min(0.8, ...times) - 0.05, Math.max(1.2, ...times) + 0.05],
      }),
      data: [
        lineTrace({ x: [-reach, reach], y: [1, 1], style: evenlyStyle }),
        ...models.flatMap(({ encoding, contexts: own, measures: { samePlace } }, model) => {
          const shift = 0.3 * (model - (models.length - 1) / 2);
          const style = styleOf(result, encoding);
          const y = placePreference(present(own[index], 'context').mean, context.uniform);
          return [
            ...placeTraces(style, y),
            ...(context.times === 1 && samePlace !== null ? [intervalTrace(style, samePlace, shift)] : []),
          ];
        }),
      ],
    })),
  });
}

/** The line over the single places, and two points for all that is farther. */
function placeTraces(style: SeriesStyle, y: readonly (number | null)[]): PlotlyObject[] {
  const reach = (y.length - 1) / 2;
  const x = y.map((_, offset) => offset - reach);
  const ends = <T>(values: readonly T[]): T[] => [...values.slice(0, 1), ...values.slice(-1)];
  return [
    lineTrace({ x: x.slice(1, -1), y: y.slice(1, -1), style }),
    pointsTrace({ x: ends(x), y: ends(y), style, legend: false }),
  ];
}

const timesEvenly: Quantity = { label: 'Times evenly spread', format: 'fixed2' };

/** A whisker from end to end of an interval. */
function intervalTrace(style: SeriesStyle, { estimate, low, high }: Interval, x: number): PlotlyObject {
  const range = { centre: estimate, low, high };
  return {
    ...pointsTrace({ x: [x], y: [estimate], style, legend: false }),
    ...whiskers([range], [`${style.name} at the same place`], timesEvenly),
    marker: { color: style.color, size: 4 },
  };
}
