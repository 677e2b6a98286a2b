// Attention by segment in numbers: tables, and the findings that follow from the measures.

import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type AttentionMass, meanDistance } from '../../../evaluate/attention-mass';
import { formatShort } from '../../../report/log-axis';
import { makeTable, type Measure, measuredWithEnds } from '../../../report/measures';
import { type Table } from '../../../report/tables';
import { type AttentionBySegmentResult, contextsOf, evenlyStyle, styleOf, tokensWord } from './result';
import { evenlySpread, type MeasuredInterval, type MeasureName, type Measures } from './statistics';
import { type Finding } from '../../run/report';
import { liesBelow } from '../../charts/verdicts';

/** A model, or evenly spread attention, in one context. */
interface MeansRow {
  readonly name: string;
  readonly context: number;
  readonly mass: AttentionMass;
}

const share = (
  key: string,
  label: string,
  of: (mass: AttentionMass) => number | undefined,
): Measure<MeansRow> => ({
  key,
  label,
  format: 'percent',
  of: ({ mass }) => of(mass),
});

const meansMeasures: readonly Measure<MeansRow>[] = [
  { key: 'encoding', label: 'Encoding', of: ({ name }) => name },
  { key: 'context', label: 'Context', format: 'integer', of: ({ context }) => context },
  share('itself', 'Itself', ({ byDistance }) => byDistance[0]),
  share('neighbour', 'Token before', ({ byDistance }) => byDistance[1]),
  share('own', 'Own segment', ({ bySegment }) => bySegment[0]),
  share('before', 'Segment before', ({ bySegment }) => bySegment[1]),
  share('first', 'First token', ({ first }) => first),
  share('separators', 'Separators', ({ separators }) => separators),
  { key: 'distance', label: 'Distance', format: 'fixed1', of: ({ mass }) => meanDistance(mass) },
  { key: 'entropy', label: 'Entropy', format: 'fixed2', of: ({ mass }) => mass.entropy },
];

/** Means, a row for each model and context. */
export function numbersTable(result: AttentionBySegmentResult): Table {
  const { models, documents, queries } = result;
  return makeTable(
    {
      id: 'attention-by-segment-numbers',
      title: 'Where attention goes, in numbers',
      caption:
        `Shares of attention, in the mean over ${queries} queries in each of ${documents} documents and over all layers and heads. ` +
        'Context: tokens that a model reads, the query’s own at the end. Separators: tokens that end a segment. ' +
        'Distance: how many tokens back attention goes in the mean, the first token of all left out. Entropy: of all weights, in nats. ' +
        'Evenly spread: the same queries, if they weighed all keys alike.',
    },
    meansMeasures,
    [
      ...models.flatMap(({ encoding, contexts }) =>
        contexts.map(({ length, mean }) => ({
          name: styleOf(result, encoding).name,
          context: length,
          mass: mean,
        })),
      ),
      ...contextsOf(result).map(({ length, uniform }) => ({
        name: evenlyStyle.name,
        context: length,
        mass: uniform,
      })),
    ],
  );
}

/** A model, or evenly spread attention. */
interface MeasuresRow {
  readonly name: string;
  readonly measures: Measures;
}

/** Measures with their intervals, a row for each model. */
export function measuresTable(result: AttentionBySegmentResult): Table {
  const { models, evenly, documents, trainLength } = result;
  const longest = present(contextsOf(result).at(-1), 'context');
  const isLonger = longest.times > 1;
  const longer =
    `Moved: the share of attention that lies elsewhere with ${tokensWord(longest.length)} of context than with ${formatCount(trainLength)}, by the distance of the segment and on the first token; mean over heads. ` +
    `Farther than in training: the share on tokens farther back than any in training, with ${tokensWord(longest.length)} of context. `;
  return makeTable<MeasuresRow>(
    {
      id: 'attention-by-segment-measures',
      title: 'The same place, and a longer context',
      caption:
        `Same place: share of attention to earlier segments that lands on the query’s own place there, relative to uniform attention, with ${tokensWord(trainLength)} of context. ` +
        (isLonger ? longer : '') +
        `Low and high: the ends of the 95 % interval over ${documents} documents.`,
    },
    [
      { key: 'encoding', label: 'Encoding', of: ({ name }) => name },
      ...intervalColumns('samePlace', 'Same place', 'fixed2'),
      ...(isLonger
        ? [
            ...intervalColumns('moved', 'Moved', 'percent'),
            ...intervalColumns('far', 'Farther than in training', 'percent'),
          ]
        : []),
    ],
    [
      ...models.map(({ encoding, measures }) => ({ name: styleOf(result, encoding).name, measures })),
      { name: evenlyStyle.name, measures: evenly },
    ],
  );
}

function intervalColumns(
  key: MeasureName,
  label: string,
  format: 'fixed2' | 'percent',
): Measure<MeasuresRow>[] {
  return measuredWithEnds({ key, label, format }, ['Low', 'High'], ({ measures }) => {
    const interval = measures[key];
    return interval === null ? undefined : { ...interval, centre: interval.estimate };
  });
}

const hundredths = (value: number): string => withMinus(value.toFixed(2));

/** Shares differ by percentage points: 6.2 % less would be less of the other. */
const points = { format: (value: number): string => withMinus((100 * value).toFixed(1)), unit: ' points' };

/** How a measure is written, and the claim about a pair: that the first has less of it, or more. */
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

/** The findings of each pair. */
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
    return [
      {
        claim: says(whose(first), whose(second), `At ${longest.times} times the training length`, times),
        holds: wanted === 'less' ? liesBelow(difference, 0) : liesBelow(0, difference),
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
