// A figure of one's own from tidy rows, in one line, in the style of the others.

import { ConfigError } from '../base/errors';
import { type Range } from '../base/format';
import { logAxis } from './log-axis';
import { type AxisSpec, type PlotlyObject } from './spec';
import { barTrace, lineTrace } from './traces';
import { type Figure, makeFigure } from './figure';
import { encodingStyle, orderedStyles, type SeriesStyle } from './style';
import { type TidyRow } from './rows';
import { type Cell } from './tables';
import { escapeMarkup } from './text';
import { overSeeds } from './over-seeds';
import { whiskers } from './whiskers';

/** The columns of rows that are drawn; all but `x` and `y` can be left out. */
export interface PlotOptions<Row extends TidyRow> {
  /** Numbers are drawn as lines, words as groups of bars. */
  readonly x: keyof Row & string;
  readonly y: keyof Row & string;
  /** A line, or a bar of each group, for each of its values. */
  readonly color?: keyof Row & string;
  /** A panel for each of its values. */
  readonly panel?: keyof Row & string;
  /** The ends of an interval; used where one row stands for a point. */
  readonly low?: keyof Row & string;
  readonly high?: keyof Row & string;
  /** Axes that are logarithmic. */
  readonly log?: 'x' | 'y' | 'xy';
  readonly title?: string;
  /** File name without extension. */
  readonly id?: string;
}

/**
 * Rows as lines or bars. Rows that share a place, as those of several seeds, are drawn as their
 * mean, with whiskers from the least to the most. Rows without a number in `y` are left out.
 *
 * @throws ConfigError if no row has such a number, or a name of the options is none of the rows
 */
export function plot<Row extends TidyRow>(rows: readonly Row[], options: PlotOptions<Row>): Figure {
  checkNames(rows, options);
  const drawn = rows.filter((row) => Number.isFinite(row[options.y]));
  if (drawn.length === 0)
    throw new ConfigError(`y: no row has a number in ${options.y}; give one of ${numericNames(rows)}`);
  const panels = valuesOf(drawn, options.panel);
  const series = valuesOf(drawn, options.color);
  const title = options.title ?? `${wordsOf(options.y)} by ${wordsOf(options.x).toLowerCase()}`;
  const isLine = drawn.every((row) => typeof row[options.x] === 'number');
  const styles = stylesOf(series, options.color);
  const panelName = namesIn(options.panel);
  const dataOf = (panel: Cell): PlotlyObject[] =>
    series.flatMap((value, place) => {
      const own = drawn.filter((row) => isAt(row, options.panel, panel) && isAt(row, options.color, value));
      const style = styles[place];
      return own.length === 0 || style === undefined
        ? []
        : [trace(own, options, { style, isLine, ...(series.length === 1 && { legend: false }) })];
    });
  return makeFigure({
    id: options.id ?? 'plot',
    title: escapeMarkup(title),
    caption: `${drawn.length} rows${rows.length > drawn.length ? `; ${rows.length - drawn.length} without a value are left out` : ''}. Rows that share a place are drawn as their mean, with whiskers from the least to the most.`,
    alt: `${wordsOf(options.y)} over ${wordsOf(options.x).toLowerCase()}${series.length > 1 ? ` for ${styles.map(({ name }) => name).join(', ')}` : ''}.`,
    columns: Math.min(3, panels.length),
    panels: panels.map((panel) => ({
      ...(options.panel !== undefined && { title: escapeMarkup(panelName(panel)) }),
      x: isLine ? axisOf('x', drawn, options) : { title: wordsOf(options.x) },
      y: axisOf('y', drawn, options),
      data: dataOf(panel),
    })),
    layout: { barmode: 'group' },
  });
}

function checkNames<Row extends TidyRow>(rows: readonly Row[], options: PlotOptions<Row>): void {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const option of ['x', 'y', 'color', 'panel', 'low', 'high'] as const) {
    const name = options[option];
    if (name !== undefined && !names.has(name))
      throw new ConfigError(`${option}: rows have no ${name}; give one of ${[...names].join(', ')}`);
  }
}

function numericNames(rows: readonly TidyRow[]): string {
  const names = rows.flatMap((row) => Object.keys(row).filter((name) => Number.isFinite(row[name])));
  return [...new Set(names)].join(', ');
}

function valuesOf(rows: readonly TidyRow[], name: string | undefined): Cell[] {
  return name === undefined ? [null] : [...new Set(rows.map((row) => row[name] ?? null))];
}

function isAt(row: TidyRow, name: string | undefined, value: Cell): boolean {
  return name === undefined || (row[name] ?? null) === value;
}

const nameOf = (value: Cell): string => (value === null ? '–' : String(value));

/** The column of encodings; in others `none` or `learned` is another thing. */
const encodingColumn = 'encoding';

/** How figures call a value of a column. */
export function namesIn(column: string | undefined): (value: Cell) => string {
  return column === encodingColumn ? (value) => encodingStyle(nameOf(value)).name : nameOf;
}

/** A style for each value of a column: an encoding's own, others by their order. */
function stylesOf(values: readonly Cell[], column: string | undefined): SeriesStyle[] {
  const names = values.map(nameOf);
  return column === encodingColumn ? names.map((name) => encodingStyle(name, names)) : orderedStyles(names);
}

/** `hiddenSize` as `Hidden size`. */
function wordsOf(name: string): string {
  const words = name.replace(/_/g, ' ').replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

interface Series {
  readonly style: SeriesStyle;
  readonly isLine: boolean;
  readonly legend?: false;
}

function trace<Row extends TidyRow>(
  rows: readonly Row[],
  options: PlotOptions<Row>,
  { style, isLine, ...legend }: Series,
): PlotlyObject {
  const places = [...new Set(rows.map((row) => row[options.x] ?? null))];
  if (isLine) places.sort((a, b) => Number(a) - Number(b));
  const ranges = places.map((place) =>
    rangeOf(
      rows.filter((row) => (row[options.x] ?? null) === place),
      options,
    ),
  );
  const y = ranges.map(({ centre }) => centre);
  const nameAt = namesIn(options.x);
  const x = isLine ? places.map(Number) : places.map(nameAt);
  const curve = { x, y, style, ...legend };
  const points = places.map((place) => `${style.name}, ${nameAt(place)}`);
  return {
    ...(isLine ? lineTrace({ ...curve, markers: true }) : barTrace(curve)),
    ...whiskers(ranges, points, { label: wordsOf(options.y) }),
  };
}

/** The interval of a row that stands alone; of several, what is known over them. */
function rangeOf<Row extends TidyRow>(rows: readonly Row[], { y, low, high }: PlotOptions<Row>): Range {
  return overSeeds(
    rows.map((row) => {
      const centre = Number(row[y]);
      const end = (name: string | undefined): number => numberOr(row[name ?? ''], centre);
      return { centre, low: end(low), high: end(high) };
    }),
  );
}

const numberOr = (value: Cell | undefined, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;

function axisOf<Row extends TidyRow>(
  which: 'x' | 'y',
  rows: readonly Row[],
  options: PlotOptions<Row>,
): AxisSpec {
  const name = options[which];
  const title = wordsOf(name);
  if (options.log?.includes(which) !== true)
    return which === 'x' ? { title } : { title, type: 'linear', rangemode: 'tozero' };
  const values = rows.map((row) => Number(row[name]));
  if (values.some((value) => value <= 0))
    throw new ConfigError(`log: ${name} is not positive everywhere; leave ${which} out`);
  return logAxis(`${title}, log scale`, values);
}
