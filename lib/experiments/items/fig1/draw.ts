// Figure 1 as pictures, a table and findings. Every number comes from the result; the paper's own
// appear only in the wording of its claim.

import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { type Modality } from '../../../data/sources/source';
import { axes, axisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { textAt, verticalLine } from '../../../report/marks';
import { makeTable, type Measure } from '../../../report/measures';
import { type AxisSpec, type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { ink, modalityStyles, orderedStyles, separatorStyles, type SeriesStyle } from '../../../report/style';
import { type Quantity, type Table } from '../../../report/tables';
import { bandTrace, lineTrace } from '../../../report/traces';
import { type Drawing, type Finding } from '../../run/report';
import {
  shortSegment,
  type Distribution,
  type SegmentStatistics,
  type SequenceStatistics,
  type TextStatistics,
} from './segment-statistics';

/** One column of the figure. */
export interface ModalityStatistics extends TextStatistics {
  readonly modality: Modality;
  readonly sources: readonly string[];
}

/** Everything Figure 1 shows. */
export interface Fig1Result {
  readonly modalities: readonly ModalityStatistics[];
}

/** Everything Figure 1 shows of its result. */
export function drawFig1(result: Fig1Result): Drawing {
  return {
    figures: [mainFigure(result), distributionsFigure(result)],
    tables: [summaryTable(result)],
    findings: result.modalities.flatMap(findings),
  };
}

/** Lower edges of bins that grow by the square root of 2, on whole numbers. */
function binEdges(max: number): number[] {
  const edges: number[] = [];
  for (let power = 0; (edges.at(-1) ?? 0) <= max; power += 1) {
    const edge = Math.round(2 ** (power / 2));
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return edges;
}

/** Share of the values in each bin, as a stepped outline: x the bins' lower edges. */
function outline(distribution: Distribution): { x: number[]; y: number[] } {
  const edges = binEdges(distribution.max);
  const shares = edges.map(() => 0);
  for (const [value, count] of distribution.histogram) {
    const bin = edges.findLastIndex((edge) => edge <= value);
    shares[bin] = (shares[bin] ?? 0) + count / distribution.total;
  }
  return { x: edges, y: shares };
}

function styleOf(separators: string): SeriesStyle {
  return separators === 'released' ? separatorStyles.released : separatorStyles.paper;
}

/** Quantities that pictures and the table share. */
const tokensPerSegment: Quantity = { label: 'Tokens per segment', format: 'integer' };
const shareOfSegments: Quantity = { label: 'Share of segments', format: 'percent' };
const shareShort: Quantity = { label: `Under ${shortSegment} tokens`, format: 'percent' };

/** The length below which a segment counts as short. */
const shortLimit: readonly PlotlyObject[] = [
  verticalLine(shortSegment),
  textAt(`${shortSegment} tokens`, {
    x: Math.log10(shortSegment),
    xanchor: 'left',
    xshift: 4,
    yref: 'y domain',
    y: 1,
    yanchor: 'top',
    font: { size: 11, color: ink.muted },
  }),
];

/** From the shortest to the longest. */
function sequenceLengths(modalities: readonly ModalityStatistics[]): number[] {
  const all = modalities.flatMap(({ bySeparators }) =>
    bySeparators.flatMap(({ sequences }) => sequences.map(({ sequenceLength }) => sequenceLength)),
  );
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * Lengths of sequences: powers of ten, and their multiples by 2 and 5 where there are few of them.
 */
function lengthAxis(modalities: readonly ModalityStatistics[]): AxisSpec {
  const lengths = sequenceLengths(modalities);
  const decades = Math.log10(Math.max(...lengths) / Math.min(...lengths));
  return { ...axes.count('Sequence length (tokens)', 'log'), dtick: decades < 1.5 ? 'D2' : 1 };
}

function mainFigure({ modalities }: Fig1Result): Figure {
  const lengths = lengthAxis(modalities);
  const counts = {
    ...axes.count('Segments per sequence', 'log'),
    range: [0, Math.log10(2 * mostSegments(modalities))],
  };
  return makeFigure({
    id: 'fig1',
    title: 'Tokens per segment, and segments per sequence',
    subtitle: inNumbers(modalities),
    caption:
      'Top: tokens per segment over whole documents, in bins that grow by √2; the dotted line is at 50 tokens. Middle: ' +
      'share of segments under 50 tokens in sequences of the given length. Bottom: segments per sequence, median and ' +
      '5th to 95th percentile. Sequences are cut without overlap from the documents that reach the longest length, so ' +
      `every length shows the same text: ${modalities.map(longDocumentsOf).join(', ')}.`,
    alt: `Nine panels or fewer, a column for each kind of text. ${inNumbers(modalities)} Top: histograms of tokens per segment; middle: the share of short segments over the length of the sequence; bottom: the number of segments over the length of the sequence, on logarithmic axes.`,
    columns: modalities.length,
    sharedY: true,
    panelHeight: 190,
    panels: [
      ...modalities.map((modality): PanelSpec => ({
        title: `${modalityStyles[modality.modality].name} (${(modality.tokens / 1e6).toFixed(1)} M tokens)`,
        x: axes.count(tokensPerSegment.label, 'log'),
        y: axisOf(shareOfSegments, { range: undefined, rangemode: 'tozero' }),
        data: bySeparators(modality, (statistics, style) => [steps(statistics.tokensPerSegment, style)]),
        marks: shortLimit,
      })),
      ...modalities.map((modality): PanelSpec => ({
        x: lengths,
        y: axisOf(shareShort, { range: [0, 1.06] }),
        data: bySeparators(modality, ({ sequences }, style) => [
          overLengths(sequences, style, (entry) => entry.shareShort),
        ]),
      })),
      ...modalities.map((modality): PanelSpec => ({
        x: lengths,
        y: counts,
        data: bySeparators(modality, ({ sequences }, style) => [
          bandTrace({
            x: sequences.map((entry) => entry.sequenceLength),
            low: sequences.map((entry) => entry.segmentsPerSequence.p5),
            high: sequences.map((entry) => entry.segmentsPerSequence.p95),
            style,
          }),
          overLengths(sequences, style, (entry) => entry.segmentsPerSequence.median),
        ]),
      })),
    ],
  });
}

/** The traces of each set of separators, in its style. */
function bySeparators(
  modality: ModalityStatistics,
  traces: (statistics: SegmentStatistics, style: SeriesStyle) => readonly PlotlyObject[],
): PlotlyObject[] {
  return modality.bySeparators.flatMap((statistics) => traces(statistics, styleOf(statistics.separators)));
}

function steps(distribution: Distribution, style: SeriesStyle): PlotlyObject {
  const line = lineTrace({ ...outline(distribution), style });
  return { ...line, line: { ...(line['line'] as object), shape: 'hv' } };
}

function overLengths(
  sequences: readonly SequenceStatistics[],
  style: SeriesStyle,
  value: (entry: SequenceStatistics) => number,
): PlotlyObject {
  const x = sequences.map((entry) => entry.sequenceLength);
  return lineTrace({ x, y: sequences.map(value), style, markers: true });
}

/** The finding in one line: what share of segments is short, and how their number grows. */
function inNumbers(modalities: readonly ModalityStatistics[]): string {
  const statistics = modalities.flatMap((modality) => modality.bySeparators.slice(0, 1));
  const shares = modalities.map(
    (modality, index) => `${modality.modality} ${formatPercent(statistics[index]?.shareShort ?? Number.NaN)}`,
  );
  const exponents = statistics.flatMap(({ growthExponent }) => growthExponent ?? []);
  const [least, most] = [Math.min(...exponents).toFixed(2), Math.max(...exponents).toFixed(2)];
  const growth =
    exponents.length === 0 ? '' : `; number ∝ length^${least === most ? least : `${least} to ${most}`}`;
  return `Under ${shortSegment} tokens: ${shares.join(', ')} of segments${growth}`;
}

function longDocumentsOf(modality: ModalityStatistics): string {
  const count = modality.longDocuments;
  return `${formatCount(count)} ${count === 1 ? 'document' : 'documents'} of ${modality.modality}`;
}

function mostSegments(modalities: readonly ModalityStatistics[]): number {
  return Math.max(
    ...modalities.flatMap((modality) =>
      modality.bySeparators.flatMap((statistics) =>
        statistics.sequences.map((entry) => entry.segmentsPerSequence.p95),
      ),
    ),
    1,
  );
}

/** The same distributions as in the paper's appendix, a curve for each sequence length. */
function distributionsFigure({ modalities }: Fig1Result): Figure {
  const allLengths = sequenceLengths(modalities);
  const styles = orderedStyles(allLengths.map((length) => `${formatCount(length)} tokens`));
  const curves = (
    { bySeparators: [first] }: ModalityStatistics,
    distributionOf: (entry: SequenceStatistics) => ReturnType<typeof cumulative>,
  ): PlotlyObject[] =>
    (first?.sequences ?? []).map((entry) =>
      lineTrace({
        ...distributionOf(entry),
        style: present(styles[allLengths.indexOf(entry.sequenceLength)], 'style'),
      }),
    );
  const separators = modalities[0]?.bySeparators[0]?.separators ?? 'paper';
  return makeFigure({
    id: 'fig1-distributions',
    title: 'Segments in short and in long sequences',
    subtitle: `Cumulative distributions by sequence length, same documents; separators: ${styleOf(separators).name.toLowerCase()}`,
    caption:
      'Top: share of segments with at most so many tokens. Bottom: share of sequences with at most so many segments per ' +
      '1,000 tokens. One curve for each sequence length; long sequences are few, so their curves are coarse.',
    alt: `Cumulative distributions for ${modalities.map((modality) => modality.modality).join(', ')}, a curve for each sequence length. Top: tokens per segment, on a logarithmic axis; bottom: segments per 1,000 tokens.`,
    columns: modalities.length,
    sharedY: true,
    panelHeight: 210,
    panels: [
      ...modalities.map((modality) => ({
        title: modalityStyles[modality.modality].name,
        x: axes.count(tokensPerSegment.label, 'log'),
        y: axisOf(shareOfSegments),
        data: curves(modality, (entry) => cumulative(entry.tokensPerSegment, 1)),
      })),
      ...modalities.map((modality) => ({
        x: axes.count('Segments per 1,000 tokens'),
        y: axes.share('Share of sequences'),
        data: curves(modality, (entry) => cumulative(entry.segmentsPerSequence, 1000 / entry.sequenceLength)),
      })),
    ],
  });
}

/**
 * The empirical distribution function at every distinct value, thinned to what a picture can show.
 */
function cumulative(distribution: Distribution, factor: number): { x: number[]; y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  let below = 0;
  let lastX = 0;
  distribution.histogram.forEach(([value, count], index) => {
    below += count;
    const isLast = index === distribution.histogram.length - 1;
    if (!isLast && value < lastX * 1.01) return;
    lastX = value;
    x.push(value * factor);
    y.push(below / distribution.total);
  });
  return { x, y };
}

interface SummaryRow {
  readonly modality: ModalityStatistics;
  readonly statistics: SegmentStatistics;
  readonly longest: SequenceStatistics | undefined;
}

const summaryMeasures: readonly Measure<SummaryRow>[] = [
  { key: 'modality', label: 'Text', of: ({ modality }) => modalityStyles[modality.modality].name },
  { key: 'separators', label: 'Separators', of: ({ statistics }) => statistics.separators },
  { key: 'documents', label: 'Documents', format: 'integer', of: ({ modality }) => modality.documents },
  { key: 'tokens', label: 'Tokens', format: 'integer', of: ({ modality }) => modality.tokens },
  {
    key: 'segments',
    label: 'Segments',
    format: 'integer',
    of: (row) => row.statistics.tokensPerSegment.total,
  },
  {
    key: 'median',
    label: 'Median tokens',
    format: 'integer',
    of: (row) => row.statistics.tokensPerSegment.median,
  },
  {
    key: 'p95',
    label: '95th percentile',
    format: 'integer',
    of: (row) => row.statistics.tokensPerSegment.p95,
  },
  { key: 'max', label: 'Longest', format: 'integer', of: (row) => row.statistics.tokensPerSegment.max },
  { key: 'shareShort', ...shareShort, of: ({ statistics }) => statistics.shareShort },
  {
    key: 'longest',
    label: 'Longest sequence',
    format: 'integer',
    of: ({ longest }) => longest?.sequenceLength,
  },
  {
    key: 'longDocuments',
    label: 'Documents that reach it',
    format: 'integer',
    of: ({ modality }) => modality.longDocuments,
  },
  { key: 'sequences', label: 'Sequences of it', format: 'integer', of: ({ longest }) => longest?.sequences },
  {
    key: 'segmentsAtLongest',
    label: 'Median segments in it',
    format: 'integer',
    of: ({ longest }) => longest?.segmentsPerSequence.median,
  },
  {
    key: 'growthExponent',
    label: 'Exponent',
    format: 'fixed2',
    of: ({ statistics }) => statistics.growthExponent,
  },
];

function summaryTable({ modalities }: Fig1Result): Table {
  return makeTable(
    {
      id: 'fig1-summary',
      title: 'Figure 1 in numbers',
      caption: `Tokens per segment over whole documents; segments in sequences of the longest length that the text has. Exponent: of the median number of segments as a power of the sequence length.`,
    },
    summaryMeasures,
    modalities.flatMap((modality) =>
      modality.bySeparators.map((statistics) => ({
        modality,
        statistics,
        longest: statistics.sequences.at(-1),
      })),
    ),
  );
}

function findings(modality: ModalityStatistics): Finding[] {
  const name = modalityStyles[modality.modality].name;
  return modality.bySeparators.flatMap((statistics) => {
    const where = `${name}, separators "${statistics.separators}"`;
    const longest = statistics.sequences.at(-1);
    if (longest === undefined) return [];
    return [
      mostAreShort(where, statistics, longest),
      countGrows(where, statistics, longest),
      // The caption counts sentences, which only this set of separators ends.
      ...(statistics.separators === 'paper' ? [reachesTenThousand(where, longest)] : []),
    ];
  });
}

function mostAreShort(where: string, statistics: SegmentStatistics, longest: SequenceStatistics): Finding {
  return {
    claim: `${where}: most segments are under ${shortSegment} tokens, even in the longest sequences`,
    holds: longest.shareShort > 0.5,
    measured:
      `${formatPercent(longest.shareShort)} of the segments in ${formatCount(longest.sequences)} sequences of ${formatCount(longest.sequenceLength)} tokens; ` +
      `${formatPercent(statistics.shareShort)} over whole documents`,
  };
}

function countGrows(where: string, statistics: SegmentStatistics, longest: SequenceStatistics): Finding {
  const medians = statistics.sequences.map((entry) => entry.segmentsPerSequence.median);
  const exponent = statistics.growthExponent;
  return {
    claim: `${where}: the number of segments grows with the length of the sequence`,
    holds:
      medians.length < 2
        ? null
        : medians.every((median, index) => index === 0 || median > (medians[index - 1] ?? 0)),
    measured:
      `median ${formatCount(medians[0] ?? 0)} segments in ${formatCount(statistics.sequences[0]?.sequenceLength ?? 0)} tokens, ` +
      `${formatCount(longest.segmentsPerSequence.median)} in ${formatCount(longest.sequenceLength)}` +
      (exponent === null ? '' : `; as length to the power ${exponent.toFixed(2)}`),
  };
}

const captionsLength = 120_000;
const captionsCount = 10_000;

function reachesTenThousand(where: string, longest: SequenceStatistics): Finding {
  const most = longest.segmentsPerSequence.max;
  return {
    claim: `${where}: about 120 k tokens hold up to about 10 k segments`,
    holds: longest.sequenceLength < captionsLength ? null : most >= 0.75 * captionsCount,
    measured:
      longest.sequenceLength < captionsLength
        ? `no document here has ${formatCount(captionsLength)} tokens; the longest sequences, of ${formatCount(longest.sequenceLength)}, hold at most ${formatCount(most)} segments`
        : `at most ${formatCount(most)} segments in ${formatCount(longest.sequences)} sequences of ${formatCount(longest.sequenceLength)} tokens`,
  };
}
