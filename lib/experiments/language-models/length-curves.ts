// Perplexity against length, as Figures 4 and 5 draw it: a curve for each encoding, a panel for
// each kind of text; where in a block the losses are; the numbers as a table; and comparisons of
// two models on the same documents.

import { formatCount, type Range } from '../../base/format';
import { present } from '../../base/present';
import { type Modality } from '../../data/sources/source';
import { Random } from '../../engine/random/random';
import { type DocumentLoss } from '../../evaluate/loss-tally';
import { type PerplexityByLength, perplexityRatio } from '../../evaluate/perplexity';
import { logAxisOf, stepsAxisOf } from '../../report/axes';
import { formatPerplexity } from '../../report/log-axis';
import { linesPanel, makeTable, type Measure, measured } from '../../report/measures';
import { mean } from '../../report/over-seeds';
import { type AxisSpec, type PanelSpec } from '../../report/spec';
import { modalityStyles, type SeriesStyle } from '../../report/style';
import { intervalKeys, type Quantity, type Table } from '../../report/tables';
import { liesBelow } from '../charts/verdicts';
import { type Finding } from '../run/report';
import { counted } from '../settings/preset-words';
import { type ModalityPerplexity } from './runs';

/** A line of the figure: models that differ in their seed alone. */
export interface LengthCurve {
  /** A name of its own, for comparisons. */
  readonly name: string;
  readonly style: SeriesStyle;
  /** For each seed. */
  readonly runs: readonly { readonly modalities: readonly ModalityPerplexity[] }[];
}

/** The kinds of text that curves are measured on. */
export function modalitiesOf(curves: readonly LengthCurve[]): Modality[] {
  return (curves[0]?.runs[0]?.modalities ?? []).map(({ modality }) => modality);
}

/** The readings of a curve's runs on a kind of text, each ascending in length. */
function byLengthOf({ runs }: LengthCurve, modality: Modality): (readonly PerplexityByLength[])[] {
  return runs.map(
    ({ modalities }) =>
      present(
        modalities.find((one) => one.modality === modality),
        `perplexity of ${modality}`,
      ).byLength,
  );
}

/** The lengths of a curve, ascending. */
export function lengthsOf(curve: LengthCurve, modality: Modality): number[] {
  return (byLengthOf(curve, modality)[0] ?? []).map(({ length }) => length);
}

/** Held-out documents that the curves of a kind of text are measured on. */
export function documentCount(curves: readonly LengthCurve[], modality: Modality): number {
  const [first] = curves;
  return first === undefined ? 0 : (byLengthOf(first, modality)[0]?.[0]?.byDocument.length ?? 0);
}

/** A panel's heading: the kind of text, and how much of it there is, e.g. `Books, 23 documents`. */
export function modalityTitle(curves: readonly LengthCurve[], modality: Modality): string {
  const count = documentCount(curves, modality);
  return `${modalityStyles[modality].name}, ${count.toLocaleString('en')} ${count === 1 ? 'document' : 'documents'}`;
}

/**
 * A curve's perplexity at a length: the mean of the seeds' losses, as a perplexity, with the least
 * and the most of several seeds, or of one the interval over documents, NaN where there are too few
 * for one.
 */
export function perplexityRange(curve: LengthCurve, modality: Modality, length: number): Range {
  const found = byLengthOf(curve, modality).flatMap((points) =>
    points.filter((point) => point.length === length),
  );
  const centre = Math.exp(mean(found.map(({ loss }) => loss)));
  const [only] = found;
  if (found.length === 1 && only !== undefined)
    return { centre, low: only.interval?.low ?? NaN, high: only.interval?.high ?? NaN };
  const perplexities = found.map(({ perplexity }) => perplexity);
  return { centre, low: Math.min(...perplexities), high: Math.max(...perplexities) };
}

/** The measure of the language models: in tables, on axes and under the pointer. */
export const perplexity = { label: 'Perplexity', format: 'fixed2' } as const satisfies Quantity;

/** A logarithmic axis of perplexities. */
export function perplexityAxis(values: readonly number[]): AxisSpec {
  return logAxisOf({ ...perplexity, label: `${perplexity.label}, log scale` }, values);
}

/** A point of a curve: a length of blocks, or a position in one. */
interface CurvePoint {
  readonly at: number;
  readonly perplexity: Range;
}

const perplexityOfPoint = measured<CurvePoint>(
  { key: 'perplexity', ...perplexity },
  (point) => point.perplexity,
);

const blockLength: Measure<CurvePoint> = {
  key: 'length',
  label: 'Block length',
  unit: 'tokens',
  format: 'integer',
  of: ({ at }) => at,
  place: (length) => `${formatCount(length)} tokens`,
};

/**
 * A panel: perplexity over length, on one kind of text.
 *
 * @param curves what the axes have room for
 * @param drawn  those of them that are drawn; all if left out
 */
export function lengthPanel(
  curves: readonly LengthCurve[],
  modality: Modality,
  panel: Pick<PanelSpec, 'title' | 'marks'>,
  drawn = curves,
): PanelSpec {
  const pointsOf = (curve: LengthCurve): CurvePoint[] =>
    lengthsOf(curve, modality).map((at) => ({ at, perplexity: perplexityRange(curve, modality, at) }));
  const points = curves.flatMap(pointsOf);
  const lengths = [...new Set(points.map(({ at }) => at))];
  const values = points.flatMap(({ perplexity: { centre, low, high } }) => [centre, low, high]);
  return linesPanel(
    { x: blockLength, y: perplexityOfPoint },
    drawn.map((curve) => ({ style: curve.style, rows: pointsOf(curve) })),
    {
      ...panel,
      xAxis: stepsAxisOf(blockLength, lengths, { tickangle: lengths.length > 5 ? -40 : 0 }),
      yAxis: perplexityAxis(values),
    },
  );
}

const position: Measure<CurvePoint> = {
  key: 'position',
  label: 'Position in the block',
  format: 'integer',
  of: ({ at }) => at,
};

/** A panel: perplexity by position in the longest blocks, mean over seeds. */
export function positionPanel(
  curves: readonly LengthCurve[],
  modality: Modality,
  panel: Pick<PanelSpec, 'title' | 'marks'>,
): PanelSpec {
  const series = curves.map((curve) => {
    const longest = byLengthOf(curve, modality).map((points) => present(points.at(-1), 'longest block'));
    const rows = present(longest[0], 'run').byPosition.map(({ from, to }, bin) => {
      const centre = Math.exp(mean(longest.map((point) => point.byPosition[bin]?.loss ?? NaN)));
      return { at: (from + to) / 2, perplexity: { centre, low: centre, high: centre } };
    });
    return { style: curve.style, rows };
  });
  const values = series.flatMap(({ rows }) => rows.map((row) => row.perplexity.centre));
  return linesPanel({ x: position, y: perplexityOfPoint }, series, {
    ...panel,
    yAxis: perplexityAxis(values),
  });
}

/** What each seed of a curve reads at a length. */
function readingsAt(curve: LengthCurve, modality: Modality, length: number): PerplexityByLength[] {
  return byLengthOf(curve, modality).map((points) =>
    present(
      points.find((point) => point.length === length),
      `length ${length}`,
    ),
  );
}

/**
 * A curve's perplexity at a length divided by that at another: the mean over seeds (of the
 * logarithm), the least and the most.
 */
export function relativePerplexity(
  curve: LengthCurve,
  modality: Modality,
  length: number,
  reference: number,
): Range {
  const [at = [], from = []] = [length, reference].map((one) => readingsAt(curve, modality, one));
  const changes = at.map(({ loss }, seed) => loss - (from[seed]?.loss ?? NaN));
  const [centre = NaN, low = NaN, high = NaN] = [
    mean(changes),
    Math.min(...changes),
    Math.max(...changes),
  ].map(Math.exp);
  return { centre, low, high };
}

/** The losses of each document at a length, mean over seeds. */
function documentLosses(curve: LengthCurve, modality: Modality, length: number): DocumentLoss[] {
  const runs = readingsAt(curve, modality, length).map(({ byDocument }) => byDocument);
  return present(runs[0], 'run').map(({ tokens }, document) => ({
    sum: mean(runs.map((documents) => documents[document]?.sum ?? NaN)),
    tokens,
  }));
}

/**
 * A claim about two points of curves: that the perplexity of the first is below the other's, or not
 * far above it.
 */
export interface Comparison {
  readonly claim: string;
  /** The bound that the ratio of the perplexities is to stay below; default 1. */
  readonly below?: number;
  readonly better: readonly [curve: LengthCurve, length: number];
  readonly worse: readonly [curve: LengthCurve, length: number];
}

/**
 * Compares two points on the same documents: the claim holds where the ratio of the perplexities is
 * below the bound with its whole interval, and does not where it is above. With several seeds of
 * both the interval is from the least to the most of all pairs of them (of one curve with itself:
 * of each seed), otherwise it is over documents, of which a few are inconclusive.
 */
export function compare({ claim, below = 1, better, worse }: Comparison, modality: Modality): Finding {
  const ratios = seedRatios(better, worse, modality);
  const [first, second] = [better, worse].map(([curve, length]) => documentLosses(curve, modality, length));
  const documents = present(first, 'first');
  const ratio = perplexityRatio(
    documents,
    present(second, 'second'),
    Random.fromSeed(0).fork(`${modality} ${claim}`),
  );
  const both = [better, worse]
    .map(([curve, length]) => formatPerplexity(perplexityRange(curve, modality, length).centre))
    .join(' vs ');
  const basis = `${counted(documents.length, 'document')}, ${seedsOfBoth(better[0], worse[0])}`;
  if (ratios !== undefined)
    return {
      claim,
      holds: liesBelow(ratios, below),
      measured: `${both}, ${changeWord(ratios.estimate)} (over seeds ${changeRange(ratios)}, ${basis})`,
    };
  if (ratio === undefined)
    return { claim, holds: null, measured: `${both} (${basis}: too few documents for an interval)` };
  return {
    claim,
    holds: liesBelow(ratio, below),
    measured: `${both}, ${changeWord(ratio.estimate)} (95 % CI ${changeRange(ratio)}, ${basis})`,
  };
}

/** The ratio of perplexities over pairs of seeds; undefined where one has a single seed. */
function seedRatios(
  better: Comparison['better'],
  worse: Comparison['worse'],
  modality: Modality,
): { readonly estimate: number; readonly low: number; readonly high: number } | undefined {
  const [first = [], second = []] = [better, worse].map(([curve, length]) =>
    readingsAt(curve, modality, length).map(({ loss }) => loss),
  );
  if (first.length === 1 || second.length === 1) return undefined;
  const isItself = better[0].name === worse[0].name;
  const differences = first.flatMap((loss, seed) =>
    second.flatMap((other, index) => (isItself && index !== seed ? [] : [loss - other])),
  );
  return {
    estimate: Math.exp(mean(first) - mean(second)),
    low: Math.exp(Math.min(...differences)),
    high: Math.exp(Math.max(...differences)),
  };
}

const changeOf = (ratio: number): string => Math.abs(100 * (ratio - 1)).toFixed(1);

/** A ratio as a change: 0.711 as `28.9 % lower`. */
function changeWord(ratio: number): string {
  return `${changeOf(ratio)} % ${ratio < 1 ? 'lower' : 'higher'}`;
}

/** The ends of a ratio's interval, the smaller change first where both are on one side of 1. */
function changeRange({ low, high }: { readonly low: number; readonly high: number }): string {
  if (low < 1 && high > 1) return `${changeWord(low)} to ${changeWord(high)}`;
  const [near, far] = high <= 1 ? [high, low] : [low, high];
  return `${changeOf(near)} to ${changeOf(far)} %`;
}

/** How many trainings a comparison rests on: `1 seed`, `3 and 1 seeds`. */
function seedsOfBoth(first: LengthCurve, second: LengthCurve): string {
  const [a, b] = [first.runs.length, second.runs.length];
  return a === b ? counted(a, 'seed') : `${a} and ${b} seeds`;
}

/** A row of a table of perplexities. */
export interface CurveRow {
  readonly curve: LengthCurve;
  readonly modality: Modality;
}

/** Perplexities as a table: a row for each curve and kind of text, a column for each length. */
export function perplexityTable(
  curves: readonly LengthCurve[],
  texts: Pick<Table, 'id' | 'title' | 'caption'>,
  further: readonly Measure<CurveRow>[],
): Table {
  const modalities = modalitiesOf(curves);
  const lengths = [
    ...new Set(modalities.flatMap((modality) => curves.flatMap((curve) => lengthsOf(curve, modality)))),
  ].sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  const [low, high] = intervalKeys(`at${longest}`);
  const endOf = (key: string, label: string, end: 'low' | 'high'): Measure<CurveRow> => ({
    key,
    label: `${label} at ${formatCount(longest)}`,
    format: perplexity.format,
    of: (row) => perplexityAtLength(row, longest)?.[end],
  });
  return makeTable(
    texts,
    [
      { key: 'model', label: 'Model', of: ({ curve }) => curve.style.name },
      ...textColumn(modalities),
      ...lengths.map((length) =>
        measured<CurveRow>(
          { key: `at${length}`, label: formatCount(length), format: perplexity.format },
          (row) => perplexityAtLength(row, length),
        ),
      ),
      endOf(low, 'Low', 'low'),
      endOf(high, 'High', 'high'),
      ...further,
    ],
    modalities.flatMap((modality) => curves.map((curve) => ({ curve, modality }))),
  );
}

/** The column that says on what a row was measured, where there are several kinds of text. */
export function textColumn(modalities: readonly Modality[]): Measure<{ readonly modality: Modality }>[] {
  return modalities.length > 1
    ? [{ key: 'text', label: 'Text', of: ({ modality }) => modalityStyles[modality].name }]
    : [];
}

function perplexityAtLength({ curve, modality }: CurveRow, length: number): Range | undefined {
  return lengthsOf(curve, modality).includes(length) ? perplexityRange(curve, modality, length) : undefined;
}
