// What models look at, in numbers: tables, and the findings that follow from the measures.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type AttentionMass, meanDistance } from '../../../evaluate/attention-mass';
import { formatShort } from '../../../report/log-axis';
import { type Cell, type Column, measuredCells, measuredColumns, type Table } from '../../../report/tables';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';
import { evenlySpread, type MeasuredInterval, type MeasureName, type Measures } from './contexts';
import { type Finding } from '../../run/report';
import { liesBelow } from '../../charts/verdicts';

/** Means, a row for each model and context. */
export function numbersTable(result: AttentionBySegmentResult): Table {
  const { models, documents, queries } = result;
  const row = (encoding: string, context: number, mass: AttentionMass): Record<string, Cell> => ({
    encoding,
    context,
    itself: mass.byDistance[0] ?? null,
    neighbour: mass.byDistance[1] ?? null,
    own: mass.bySegment[0] ?? null,
    before: mass.bySegment[1] ?? null,
    first: mass.first,
    separators: mass.separators,
    distance: meanDistance(mass),
    entropy: mass.entropy,
  });
  return {
    id: 'attention-by-segment-numbers',
    title: 'Where attention goes, in numbers',
    caption:
      `Shares of attention, in the mean over ${queries} queries in each of ${documents} documents and over all layers and heads. ` +
      'Context: tokens that a model reads, the query’s own at the end. Separators: tokens that end a segment. ' +
      'Distance: how many tokens back a query looks in the mean, the first token of all left out. Entropy: of all weights, in nats. ' +
      'Evenly spread: what the same queries would give if they weighed all keys alike.',
    columns: [
      { key: 'encoding', label: 'Encoding' },
      { key: 'context', label: 'Context', format: 'integer' },
      { key: 'itself', label: 'Itself', format: 'percent' },
      { key: 'neighbour', label: 'Token before', format: 'percent' },
      { key: 'own', label: 'Own segment', format: 'percent' },
      { key: 'before', label: 'Segment before', format: 'percent' },
      { key: 'first', label: 'First token', format: 'percent' },
      { key: 'separators', label: 'Separators', format: 'percent' },
      { key: 'distance', label: 'Distance', format: 'fixed1' },
      { key: 'entropy', label: 'Entropy', format: 'fixed2' },
    ],
    rows: [
      ...models.flatMap(({ encoding, contexts }) =>
        contexts.map(({ length, mean }) => row(styleOf(result, encoding).name, length, mean)),
      ),
      ...contextsOf(result).map(({ length, uniform }) => row(evenlyStyle.name, length, uniform)),
    ],
  };
}

/** Measures with their intervals, a row for each model. */
export function measuresTable(result: AttentionBySegmentResult): Table {
  const { models, evenly, documents, trainLength } = result;
  const longest = present(contextsOf(result).at(-1), 'context');
  const isLonger = longest.times > 1;
  const row = (encoding: string, { samePlace, moved, far }: Measures): Record<string, Cell> => ({
    encoding,
    ...intervalCells('samePlace', samePlace),
    ...(isLonger && { ...intervalCells('moved', moved), ...intervalCells('far', far) }),
  });
  const longer =
    `Moved: the share of attention that lies elsewhere with ${tokensWord(longest.length)} of context than with ${trainLength.toLocaleString('en')}, by the distance of the segment and on the first token; mean over heads. ` +
    `Farther than in training: the share on tokens farther back than any in training, with ${tokensWord(longest.length)} of context. `;
  return {
    id: 'attention-by-segment-measures',
    title: 'The same place, and a longer context',
    caption:
      `Same place: of the attention to earlier segments, how many times as much lies on the query’s own place there as of evenly spread attention, with ${tokensWord(trainLength)} of context. ` +
      (isLonger ? longer : '') +
      `Low and high: the ends of the 95 % interval over ${documents} documents.`,
    columns: [
      { key: 'encoding', label: 'Encoding' },
      ...intervalColumns('samePlace', 'Same place', 'fixed2'),
      ...(isLonger
        ? [
            ...intervalColumns('moved', 'Moved', 'percent'),
            ...intervalColumns('far', 'Farther than in training', 'percent'),
          ]
        : []),
    ],
    rows: [
      ...models.map(({ encoding, measures }) => row(styleOf(result, encoding).name, measures)),
      row(evenlyStyle.name, evenly),
    ],
  };
}

function intervalColumns(key: MeasureName, label: string, format: 'fixed2' | 'percent'): Column[] {
  return measuredColumns({ key, label, format }, ['Low', 'High']);
}

function intervalCells(key: MeasureName, interval: MeasuredInterval): Record<string, Cell> {
  return measuredCells(key, interval === null ? undefined : { ...interval, centre: interval.estimate });
}

const hundredths = (value: number): string => withMinus(value.toFixed(2));

/** Shares differ by percentage points: 6.2 % less would be less of the other. */
const points = { format: (value: number): string => withMinus((100 * value).toFixed(1)), unit: ' points' };

/**
 * How a measure is told, and what is claimed of the first of a pair: that it has less of it, or
 * more.
 */
const claims: Readonly<
  Record<
    MeasureName,
    {
      readonly says: (first: string, second: string, context: string, times: number) => string;
      readonly wanted: 'less' | 'more';
      readonly format: (value: number) => string;
      /** A difference of two of them. */
      readonly difference: { readonly format: (value: number) => string; readonly unit: string };
    }
  >
> = {
  moved: {
    says: (first, second, context, times) =>
      `${context}: ${times === 1 ? 'less' : `less than ${formatShort(times)} times as much`} attention moves, by segment distance, ${first} ${times === 1 ? 'than' : 'as'} ${second}`,
    wanted: 'less',
    format: formatPercent,
    difference: points,
  },
  far: {
    says: (first, second, context) =>
      `${context}: less attention lies farther back than any token in training ${first} than ${second}`,
    wanted: 'less',
    format: formatPercent,
    difference: points,
  },
  samePlace: {
    says: (first, second) =>
      `At the training length: attention to earlier segments lies more on the query's own place there ${first} than ${second}`,
    wanted: 'more',
    format: hundredths,
    difference: { format: hundredths, unit: '' },
  },
};

/** What is claimed of a pair, and whether it holds. */
export function findings(result: AttentionBySegmentResult): Finding[] {
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
    const { says, wanted, format, difference: apart } = claims[measure];
    const measured = [first, second].map((one) => `${name(one)} ${within(measuresBy(one)[measure], format)}`);
    const isLess = liesBelow(difference, 0);
    return [
      {
        claim: says(whose(first), whose(second), `At ${longest.times} times the training length`, times),
        holds: isLess === null ? null : isLess === (wanted === 'less'),
        measured: `${measured.join(', ')}${times === 1 ? `; difference ${within(difference, apart.format, apart.unit)}` : ''}`,
      },
    ];
  });
}

function within(interval: MeasuredInterval, format: (value: number) => string, unit = ''): string {
  if (interval === null) return 'unknown';
  const { estimate, low, high } = interval;
  return `${format(estimate)}${unit} (${format(low)} to ${format(high)})`;
}

/** A number with a true minus sign, not a hyphen. */
function withMinus(number: string): string {
  return number.replace('-', '−');
}
