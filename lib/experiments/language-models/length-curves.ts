// Perplexity against length, as Figures 4 and 5 draw it: a curve for each encoding, a panel for
// each kind of text; where in a block the losses are; the numbers as a table; and comparisons of
// two models on the same documents.

import { formatCount, type Range } from '../../base/format';
import { present } from '../../base/present';
import { type Modality } from '../../data/sources/source';
import { Random } from '../../engine/random/random';
import { type DocumentLoss } from '../../evaluate/loss-tally';
import { type PerplexityByLength, perplexityRatio } from '../../evaluate/perplexity';
import { type AxisSpec, inPanel, lineTrace, type PanelSpec, type PlotlyObject } from '../../report/figure';
import { formatPerplexity, logAxis } from '../../report/log-axis';
import { ink, modalityStyles, type SeriesStyle } from '../../report/style';
import { type Cell, intervalKeys, measuredCells, measuredColumn, type Table } from '../../report/tables';
import { type Finding } from '../run/report';
import { type ModalityPerplexity } from './runs';
import { whiskeredLine } from '../charts/seed-groups';
import { liesBelow } from '../charts/verdicts';
import { mean } from '../../report/over-seeds';
import { counted } from '../settings/preset-words';

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

/** What the runs of a curve say of a kind of text, each ascending in length. */
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

/** A panel: perplexity over length, on one kind of text. */
export function lengthPanel(curves: readonly LengthCurve[], modality: Modality, title: string): PanelSpec {
  const lengths = [...new Set(curves.flatMap((curve) => lengthsOf(curve, modality)))];
  const values = curves.flatMap((curve) =>
    lengthsOf(curve, modality).flatMap((length) => {
      const { centre, low, high } = perplexityRange(curve, modality, length);
      return [centre, low, high];
    }),
  );
  return { title, x: lengthAxis(lengths), y: logAxis('Perplexity, log scale', values) };
}

/** An axis of lengths, each power of two a step. */
function lengthAxis(lengths: readonly number[]): AxisSpec {
  return {
    title: 'Tokens of a block',
    type: 'log',
    tickvals: [...lengths],
    ticktext: lengths.map((length) => length.toLocaleString('en')),
    tickangle: lengths.length > 5 ? -40 : 0,
  };
}

/** How the pointer gives a perplexity. */
export const perplexityWords = { quantity: 'perplexity', format: formatPerplexity } as const;

/** The lines of a panel; the legend is that of the first one. */
export function lengthTraces(
  curves: readonly LengthCurve[],
  modality: Modality,
  panel: number,
): PlotlyObject[] {
  return curves.map((curve) => {
    const lengths = lengthsOf(curve, modality);
    return whiskeredLine(
      curve.style,
      lengths,
      lengths.map((length) => perplexityRange(curve, modality, length)),
      { ...perplexityWords, at: (length) => `at ${formatCount(length)} tokens` },
      { panel, legend: panel === 0 },
    );
  });
}

/** A dotted line at the length of training. */
export function trainLengthLine(trainLength: number, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  return {
    type: 'line',
    xref: xaxis,
    yref: `${yaxis} domain`,
    x0: trainLength,
    x1: trainLength,
    y0: 0,
    y1: 1,
    line: { color: ink.muted, width: 1, dash: 'dot' },
  };
}

/** Lines of the perplexity by place in the longest block, mean over seeds. */
export function positionTraces(
  curves: readonly LengthCurve[],
  modality: Modality,
  panel: number,
): PlotlyObject[] {
  return curves.map((curve) => {
    const longest = byLengthOf(curve, modality).map((points) => present(points.at(-1), 'longest block'));
    const places = present(longest[0], 'run').byPosition;
    return lineTrace({
      x: places.map(({ from, to }) => (from + to) / 2),
      y: places.map((_, bin) => Math.exp(mean(longest.map((point) => point.byPosition[bin]?.loss ?? NaN)))),
      style: curve.style,
      panel,
      legend: panel === 0,
      markers: true,
    });
  });
}

/** The losses of each document at a length, mean over seeds. */
function documentLosses(curve: LengthCurve, modality: Modality, length: number): DocumentLoss[] {
  const runs = byLengthOf(curve, modality).map(
    (points) =>
      present(
        points.find((point) => point.length === length),
        `length ${length}`,
      ).byDocument,
  );
  return present(runs[0], 'run').map(({ tokens }, document) => ({
    sum: mean(runs.map((documents) => documents[document]?.sum ?? NaN)),
    tokens,
  }));
}

/**
 * What is said of two points of curves: that the perplexity of the first is below the other's, or
 * not far above it.
 */
export interface Comparison {
  readonly claim: string;
  /** What the ratio of the perplexities is to stay below; default 1. */
  readonly below?: number;
  readonly better: readonly [curve: LengthCurve, length: number];
  readonly worse: readonly [curve: LengthCurve, length: number];
}

/**
 * Compares two points on the same documents: the claim holds where the ratio of the perplexities is
 * below the bound with its whole interval over documents, and does not where it is above; a few
 * documents are inconclusive.
 */
export function compare({ claim, below = 1, better, worse }: Comparison, modality: Modality): Finding {
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
  if (ratio === undefined)
    return { claim, holds: null, measured: `${both} (${basis}: too few documents for an interval)` };
  return {
    claim,
    holds: liesBelow(ratio, below),
    measured: `${both}, ${changeWord(ratio.estimate)} (95 % CI ${changeRange(ratio)}, ${basis})`,
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

/** What a table says of a curve beside its perplexities. */
export type CurveColumns = Readonly<Record<string, Cell>>;

/** Perplexities as a table: a row for each curve and kind of text, a column for each length. */
export function perplexityTable(
  curves: readonly LengthCurve[],
  table: Pick<Table, 'id' | 'title' | 'caption'>,
  further: {
    readonly columns: Table['columns'];
    readonly of: (curve: LengthCurve, modality: Modality) => CurveColumns;
  },
): Table {
  const modalities = modalitiesOf(curves);
  const lengths = [
    ...new Set(modalities.flatMap((modality) => curves.flatMap((curve) => lengthsOf(curve, modality)))),
  ].sort((a, b) => a - b);
  const longest = lengths.at(-1) ?? 0;
  const [low, high] = intervalKeys(`at${longest}`);
  return {
    ...table,
    columns: [
      { key: 'model', label: 'Model' },
      ...(modalities.length > 1 ? [{ key: 'text', label: 'Text' }] : []),
      ...lengths.map((length) =>
        measuredColumn({ key: `at${length}`, label: length.toLocaleString('en'), format: 'fixed2' }),
      ),
      { key: low, label: `Low at ${longest.toLocaleString('en')}`, format: 'fixed2' as const },
      { key: high, label: `High at ${longest.toLocaleString('en')}`, format: 'fixed2' as const },
      ...further.columns,
    ],
    rows: modalities.flatMap((modality) =>
      curves.map((curve) => {
        const row: Record<string, Cell> = { model: curve.style.name };
        if (modalities.length > 1) row['text'] = modalityStyles[modality].name;
        for (const length of lengthsOf(curve, modality))
          Object.assign(row, measuredCells(`at${length}`, perplexityRange(curve, modality, length)));
        return { ...row, ...further.of(curve, modality) };
      }),
    ),
  };
}
