// What the items of Lemmas 1.1 to 1.5 share: certificates in series, a figure of error against the
// weights that pay for it, a table with every certificate, and findings that are checks.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import {
  axes,
  type Figure,
  inPanel,
  lineTrace,
  makeFigure,
  type PanelSpec,
  type PlotlyObject,
} from '../../../report/figure';
import { formatShort, logAxis } from '../../../report/log-axis';
import { fitPower } from '../../../base/statistics';
import { ink, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Cell, type Table } from '../../../report/tables';
import { type Certificate } from '../../../theory/lemmas/certificate';
import { type WeightNorm } from '../../../theory/network/norms';
import { type Drawing, type Finding } from '../../run/report';

/** Certificates that differ in the error asked for. */
export interface LemmaSeries {
  /** What a legend calls it, e.g. `M = 4`. */
  readonly name: string;
  /** Series of one kind share a panel, e.g. `real matrices`. */
  readonly kind: string;
  /** What the series of a kind differ in. */
  readonly value: number;
  /** By falling epsilon. */
  readonly certificates: readonly Certificate[];
}

/** What the item of a lemma computes, at least. */
export interface LemmaResult {
  readonly series: readonly LemmaSeries[];
}

/**
 * What a lemma's largest weight should grow as: `value` to the power `ofValue`, 1 / epsilon to the
 * power `ofError`.
 */
export interface Growth {
  readonly kind: string;
  /** What `value` is, e.g. `M`. */
  readonly of: string;
  /** Null where no power is stated. */
  readonly ofValue: number | null;
  readonly ofError: number;
}

/** How the figure and tables of a lemma's item are called. */
export interface LemmaTexts {
  /** E.g. `lemma1.1`. */
  readonly id: string;
  /** The figure's title: what is seen. */
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

function errorFigure(all: readonly LemmaSeries[], { id, title, subtitle, caption }: LemmaTexts): Figure {
  const curves = all.filter(({ certificates }) => certificates.length > 1);
  const series = curves.length === 0 ? all : curves;
  const kinds = [...new Set(series.map(({ kind }) => kind))];
  const names = [...new Set(series.map(({ name }) => name))];
  const styles = orderedStyles(names);
  const styleOf = (name: string): SeriesStyle => present(styles[names.indexOf(name)], 'style');
  const certificates = series.flatMap((one) => one.certificates);
  const single = kinds.length === 1;
  const normsOf = (asked: string): number[] =>
    series
      .filter(({ kind }) => kind === asked)
      .flatMap((one) => one.certificates.map(({ weightNorm }) => weightNorm.largest));
  const errors = certificates.flatMap(({ bound, measured }) => [bound, measured]);
  const shares = certificates.map(({ measured, epsilon }) => measured / epsilon);
  const panels = (['norm', 'share'] as const).flatMap((row) =>
    kinds.map((kind): PanelSpec => {
      const heading = row === 'norm' ? 'Error against the largest weight' : 'Error found, as a share of ε';
      return {
        title: single ? heading : row === 'norm' ? `${capital(kind)}: error` : `${capital(kind)}: share of ε`,
        x:
          row === 'norm'
            ? logAxis('Largest weight', normsOf(kind))
            : {
                ...logAxis(
                  'ε asked for',
                  certificates.map(({ epsilon }) => epsilon),
                ),
                autorange: 'reversed',
              },
        y: row === 'norm' ? logAxis('Largest error', errors) : { ...shareAxis(shares) },
      };
    }),
  );
  const data = series.flatMap((one) => {
    const style = styleOf(one.name);
    const kind = kinds.indexOf(one.kind);
    const isFirst = series.find(({ name }) => name === one.name) === one;
    const of = (pick: (certificate: Certificate) => number): number[] => one.certificates.map(pick);
    const norm = of(({ weightNorm }) => weightNorm.largest);
    const bound = lineTrace({ x: norm, y: of((entry) => entry.bound), style, panel: kind, legend: isFirst });
    return [
      { ...bound, mode: 'lines', hovertemplate: 'weight %{x:.3g}: proved %{y:.3g}' },
      markers(
        style,
        norm,
        of(({ measured }) => positive(measured)),
        kind,
      ),
      lineTrace({
        x: of(({ epsilon }) => epsilon),
        y: of(({ measured, epsilon }) => positive(measured / epsilon)),
        style,
        panel: kinds.length + kind,
        legend: false,
        markers: true,
      }),
    ];
  });
  const failed = all.flatMap((one) => one.certificates).filter(({ holds }) => !holds).length;
  return makeFigure({
    id: idOf(id),
    title,
    subtitle: `${subtitle}. Lines: proved; markers: found`,
    caption,
    alt:
      `${names.join('; ')}: ${certificates.length} certificates with errors asked for from ${formatShort(Math.max(...certificates.map(({ epsilon }) => epsilon)))} to ` +
      `${formatShort(Math.min(...certificates.map(({ epsilon }) => epsilon)))}; ${failed === 0 ? 'every error found is below its bound' : `${failed} do not hold`}.`,
    data,
    panels,
    columns: single ? 2 : kinds.length,
    panelHeight: single ? 280 : 210,
    layout: {
      shapes: kinds.map((_, kind) => ({
        type: 'line',
        xref: `${inPanel(kinds.length + kind).xaxis} domain`,
        yref: inPanel(kinds.length + kind).yaxis,
        x0: 0,
        x1: 1,
        y0: 1,
        y1: 1,
        line: { color: ink.muted, width: 1, dash: 'dot' },
      })),
    },
  });
}

function shareAxis(shares: readonly number[]): PlotlyObject {
  const least = Math.min(...shares.filter((share) => share > 0));
  return least > 0.04
    ? { ...axes.share('Largest error / ε'), range: [0, 1.1] }
    : logAxis('Largest error / ε', [least, 1]);
}

/** An error of exactly 0 has no place on a logarithmic axis. */
const positive = (value: number): number => (value > 0 ? value : Number.NaN);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function markers(
  style: SeriesStyle,
  x: readonly number[],
  y: readonly number[],
  panel: number,
): PlotlyObject {
  return {
    ...lineTrace({ x, y, style, panel, legend: false, markers: true }),
    mode: 'markers',
    hovertemplate: 'weight %{x:.3g}: found %{y:.3g}',
  };
}

function certificateTable(series: readonly LemmaSeries[], { id }: LemmaTexts): Table {
  const keys = [
    ...new Set(
      series.flatMap(({ certificates }) => certificates.flatMap((one) => Object.keys(one.parameters))),
    ),
  ];
  return {
    id: `${idOf(id)}-certificates`,
    title: `Certificates of Lemma ${id.replace('lemma', '')}`,
    caption:
      'A construction holds if the largest error found is at most the proved bound, rounding included, and that at most the error asked for.',
    columns: [
      { key: 'series', label: 'Construction' },
      ...keys.map((key) => ({ key, label: capital(key) })),
      { key: 'epsilon', label: 'Error asked for', format: 'scientific' },
      { key: 'proved', label: 'Proved', format: 'scientific' },
      { key: 'found', label: 'Found', format: 'scientific' },
      { key: 'hidden', label: 'Hidden units', format: 'integer' },
      { key: 'largest', label: 'Largest weight', format: 'scientific' },
      { key: 'euclidean', label: 'Norm of weights', format: 'scientific' },
      { key: 'holds', label: 'Holds' },
    ],
    rows: series.flatMap(({ name, kind, certificates }) =>
      certificates.map((one): Record<string, Cell> => ({
        series: `${kind}, ${name}`,
        ...one.parameters,
        epsilon: one.epsilon,
        proved: one.bound,
        found: one.measured,
        hidden: one.hidden,
        largest: one.weightNorm.largest,
        euclidean: one.weightNorm.euclidean,
        holds: one.holds,
      })),
    ),
  };
}

function seriesFinding({ name, kind, certificates }: LemmaSeries): Finding {
  const failed = certificates.filter(({ holds }) => !holds);
  const shown = present(failed[0] ?? certificates.at(-1), 'certificate');
  const epsilons = certificates.map(({ epsilon }) => formatShort(epsilon));
  const range = epsilons.length === 1 ? epsilons[0] : `${epsilons[0] ?? ''} to ${epsilons.at(-1) ?? ''}`;
  const units = shown.hidden === 0 ? '' : `${shown.hidden.toLocaleString('en')} hidden units, `;
  const { epsilon, bound, measured, weightNorm } = shown;
  return {
    claim: `${capital(kind)}, ${name}, ε = ${range ?? ''}: no error is larger than ε`,
    holds: failed.length === 0,
    measured: `at ε = ${formatShort(epsilon)} found ${formatShort(measured)}, ${formatPercent(measured / bound)} of what is proved; ${units}largest weight ${formatShort(weightNorm.largest)}`,
    check: true,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** How the weights grow, against how the largest should: fitted powers, to within 0.1. */
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
