// The parts that the items of Lemmas 1.1 to 1.5 share: certificates in series, a figure of error
// against the weights that pay for it, a table with every certificate, and findings that are
// checks.

import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { fitPower } from '../../../base/statistics';
import { axes, logAxisOf, pointerOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { formatShort, logAxis } from '../../../report/log-axis';
import { horizontalLine } from '../../../report/marks';
import { makeTable, type Measure } from '../../../report/measures';
import { mean } from '../../../report/over-seeds';
import { type AxisSpec, type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Quantity, type Table } from '../../../report/tables';
import { lineTrace, pointsTrace } from '../../../report/traces';
import { type Certificate } from '../../../theory/lemmas/certificate';
import { type WeightNorm } from '../../../theory/network/norms';
import { type Drawing, type Finding } from '../../run/report';

/** Certificates that differ in the error asked for. */
export interface LemmaSeries {
  /** Its name in the legend, e.g. `M = 4`. */
  readonly name: string;
  /** Series of one kind share a panel, e.g. `real matrices`. */
  readonly kind: string;
  /** The value in which the series of a kind differ. */
  readonly value: number;
  /** By falling epsilon. */
  readonly certificates: readonly Certificate[];
}

/** The least result of a lemma's item. */
export interface LemmaResult {
  readonly series: readonly LemmaSeries[];
}

/**
 * The growth that a lemma states of the largest weight: `value` to the power `ofValue`, 1 / epsilon
 * to the power `ofError`.
 */
export interface Growth {
  readonly kind: string;
  /** The name of `value`, e.g. `M`. */
  readonly of: string;
  /** Null where no power is stated. */
  readonly ofValue: number | null;
  readonly ofError: number;
}

/** How the figure and tables of a lemma's item are called. */
export interface LemmaTexts {
  /** E.g. `lemma1.1`. */
  readonly id: string;
  /** The figure's title. */
  readonly title: string;
  readonly subtitle: string;
  readonly caption: string;
  /** Of all certificates, of one kind each; kinds left out are not fitted. */
  readonly growth?: readonly Growth[];
}

/**
 * The certificate with the least room below its bound, or one that does not hold: what speaks for
 * several alike.
 */
export function tightest(certificates: readonly Certificate[]): Certificate {
  const room = ({ holds, measured, bound }: Certificate): number => (holds ? 1 - measured / bound : -1);
  return present([...certificates].sort((a, b) => room(a) - room(b))[0], 'certificate to choose from');
}

/** The figure, the table and the checks that all lemmas have. */
export function drawLemma({ series }: LemmaResult, texts: LemmaTexts): Drawing {
  return {
    figures: [errorFigure(series, texts)],
    tables: [certificateTable(series, texts)],
    findings: [
      ...series.map(seriesFinding),
      ...(texts.growth ?? []).flatMap((growth) => growthFinding(series, growth)),
    ],
  };
}

const idOf = (item: string): string => item.replace('.', '-');

/** Quantities of a certificate, as the figure and the table have them. */
const epsilonAsked: Quantity = { label: 'Error asked for, ε', format: 'scientific' };
const proved: Quantity = { label: 'Proved', format: 'scientific' };
const found: Quantity = { label: 'Found', format: 'scientific' };
const largestWeight: Quantity = { label: 'Largest weight', format: 'scientific' };

function errorFigure(all: readonly LemmaSeries[], { id, title, subtitle, caption }: LemmaTexts): Figure {
  const curves = all.filter(({ certificates }) => certificates.length > 1);
  const series = curves.length === 0 ? all : curves;
  const kinds = [...new Set(series.map(({ kind }) => kind))];
  const names = [...new Set(series.map(({ name }) => name))];
  const styles = orderedStyles(names);
  const styleOf = (name: string): SeriesStyle => present(styles[names.indexOf(name)], 'style');
  const certificates = series.flatMap((one) => one.certificates);
  const epsilons = certificates.map(({ epsilon }) => epsilon);
  const single = kinds.length === 1;
  const errors = logAxis(
    'Largest error',
    certificates.flatMap(({ bound, measured }) => [bound, measured]),
  );
  const shares = shareAxis(certificates.map(({ measured, epsilon }) => measured / epsilon));
  const of = (kind: string): LemmaSeries[] => series.filter((one) => one.kind === kind);
  const failed = all.flatMap((one) => one.certificates).filter(({ holds }) => !holds).length;
  return makeFigure({
    id: idOf(id),
    title,
    subtitle: `${subtitle}. Lines: proved; markers: found`,
    caption,
    alt:
      `${names.join('; ')}: ${certificates.length} certificates with errors asked for from ${formatShort(Math.max(...epsilons))} to ` +
      `${formatShort(Math.min(...epsilons))}; ${failed === 0 ? 'every error found is below its bound' : `${failed} do not hold`}.`,
    columns: single ? 2 : kinds.length,
    panelHeight: single ? 280 : 210,
    panels: [
      ...kinds.map((kind): PanelSpec => ({
        title: single ? 'Error against the largest weight' : `${capital(kind)}: error`,
        x: logAxisOf(
          largestWeight,
          of(kind).flatMap((one) => one.certificates.map(({ weightNorm }) => weightNorm.largest)),
        ),
        y: errors,
        data: of(kind).flatMap((one) => weightTraces(one, styleOf(one.name))),
      })),
      ...kinds.map((kind): PanelSpec => ({
        title: single ? 'Error found, as a share of ε' : `${capital(kind)}: share of ε`,
        x: { ...logAxisOf(epsilonAsked, epsilons), autorange: 'reversed' },
        y: shares,
        data: of(kind).map((one) =>
          lineTrace({
            x: one.certificates.map(({ epsilon }) => epsilon),
            y: one.certificates.map(({ measured, epsilon }) => positive(measured / epsilon)),
            style: styleOf(one.name),
            markers: true,
          }),
        ),
        marks: [horizontalLine(1)],
      })),
    ],
  });
}

/** The proved errors as a line, those found as markers, over the largest weight. */
function weightTraces({ certificates }: LemmaSeries, style: SeriesStyle): PlotlyObject[] {
  const x = certificates.map(({ weightNorm }) => weightNorm.largest);
  return [
    {
      ...lineTrace({ x, y: certificates.map(({ bound }) => bound), style }),
      hovertemplate: pointerOf(largestWeight, proved),
    },
    {
      ...pointsTrace({ x, y: certificates.map(({ measured }) => positive(measured)), style }),
      hovertemplate: pointerOf(largestWeight, found),
    },
  ];
}

function shareAxis(shares: readonly number[]): AxisSpec {
  const least = Math.min(...shares.filter((share) => share > 0));
  return least > 0.04
    ? { ...axes.share('Largest error / ε'), range: [0, 1.1] }
    : logAxis('Largest error / ε', [least, 1]);
}

/** An error of exactly 0 has no place on a logarithmic axis. */
const positive = (value: number): number => (value > 0 ? value : Number.NaN);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A row of the table. */
interface CertificateRow extends Certificate {
  readonly series: LemmaSeries;
}

function certificateTable(series: readonly LemmaSeries[], { id }: LemmaTexts): Table {
  const rows = series.flatMap((one) =>
    one.certificates.map((certificate) => ({ ...certificate, series: one })),
  );
  const keys = [...new Set(rows.flatMap(({ parameters }) => Object.keys(parameters)))];
  const columns: readonly Measure<CertificateRow>[] = [
    { key: 'series', label: 'Construction', of: (row) => `${row.series.kind}, ${row.series.name}` },
    ...keys.map((key) => ({ key, label: capital(key), of: (row: CertificateRow) => row.parameters[key] })),
    { key: 'epsilon', ...epsilonAsked, of: ({ epsilon }) => epsilon },
    { key: 'proved', ...proved, of: ({ bound }) => bound },
    { key: 'found', ...found, of: ({ measured }) => measured },
    { key: 'hidden', label: 'Hidden units', format: 'integer', of: ({ hidden }) => hidden },
    { key: 'largest', ...largestWeight, of: ({ weightNorm }) => weightNorm.largest },
    {
      key: 'euclidean',
      label: 'Norm of weights',
      format: 'scientific',
      of: ({ weightNorm }) => weightNorm.euclidean,
    },
    { key: 'holds', label: 'Holds', of: ({ holds }) => holds },
  ];
  return makeTable(
    {
      id: `${idOf(id)}-certificates`,
      title: `Certificates of Lemma ${id.replace('lemma', '')}`,
      caption:
        'A construction holds if the largest error found is at most the proved bound, rounding included, and that at most the error asked for.',
    },
    columns,
    rows,
  );
}

function seriesFinding({ name, kind, certificates }: LemmaSeries): Finding {
  const failed = certificates.filter(({ holds }) => !holds);
  const shown = present(failed[0] ?? certificates.at(-1), 'certificate');
  const epsilons = certificates.map(({ epsilon }) => formatShort(epsilon));
  const range = epsilons.length === 1 ? epsilons[0] : `${epsilons[0] ?? ''} to ${epsilons.at(-1) ?? ''}`;
  const units = shown.hidden === 0 ? '' : `${formatCount(shown.hidden)} hidden units, `;
  const { epsilon, bound, measured, weightNorm } = shown;
  return {
    claim: `${capital(kind)}, ${name}, ε = ${range ?? ''}: the proved bound is at most ε, and no error found is above the bound`,
    holds: failed.length === 0,
    measured: `at ε = ${formatShort(epsilon)} found ${formatShort(measured)}, ${formatPercent(measured / bound)} of the proved bound; ${units}largest weight ${formatShort(weightNorm.largest)}`,
    check: true,
  };
}

/** The growth of the weights, fitted as powers: the largest must grow as stated, to within 0.1. */
function growthFinding(all: readonly LemmaSeries[], { kind, of, ofValue, ofError }: Growth): Finding[] {
  const series = all.filter((one) => one.kind === kind);
  const epsilons = series[0]?.certificates.map(({ epsilon }) => epsilon) ?? [];
  if (series.length < 2 || epsilons.length < 2) return [];
  const fitted = (norm: keyof WeightNorm): { value: number; error: number } => ({
    error: mean(
      series.map(
        ({ certificates }) =>
          fitPower(certificates.map(({ epsilon, weightNorm }) => [1 / epsilon, weightNorm[norm]])).exponent,
      ),
    ),
    value: mean(
      epsilons.map(
        (_, index) =>
          fitPower(
            series.map(({ value, certificates }) => [
              value,
              present(certificates[index], 'certificate').weightNorm[norm],
            ]),
          ).exponent,
      ),
    ),
  });
  const [largest, euclidean] = [fitted('largest'), fitted('euclidean')];
  const powers = (value: number | string, error: number | string): string =>
    `${ofValue === null ? '' : `${of} to the power ${value} and `}1/ε to the power ${error}`;
  const digits = ({ value, error }: typeof largest): string => powers(value.toFixed(2), error.toFixed(2));
  return [
    {
      claim: `${capital(kind)}: the largest weight grows as ${powers(ofValue ?? '', ofError)}`,
      holds:
        Math.abs(largest.error - ofError) < 0.1 &&
        (ofValue === null || Math.abs(largest.value - ofValue) < 0.1),
      measured: `fitted: ${digits(largest)}; the norm of all weights as ${digits(euclidean)}`,
      check: true,
    },
  ];
}
