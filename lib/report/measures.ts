// Measures: a quantity and where a row has it. A table's column, an axis, its ticks and the text
// under the pointer all come from the measure, so none of them can be called by another's name.

import { type Range } from '../base/format';
import { axisOf, inWords, valueInWords } from './axes';
import { type AxisSpec, type PanelSpec, type PlotlyObject } from './spec';
import { ink, type SeriesStyle } from './style';
import { type Cell, type Column, intervalKeys, type Table } from './tables';
import { barTrace, lineTrace } from './traces';
import { whiskers } from './whiskers';

/** A column, and where a row has its value: with a range where it has an interval. */
export interface Measure<Row> extends Column {
  readonly of: (row: Row) => Cell | Range | undefined;
  /** A value as the place of a point: `1 operator`; left out, `hidden size 48`. */
  readonly place?: (value: number) => string;
}

/** A measure with intervals, whose ends are cells of the row without columns of their own. */
export function measured<Row>(column: Column, of: (row: Row) => Range | undefined): Measure<Row> {
  return { ...column, interval: column.interval ?? intervalKeys(column.key), of };
}

/** The same with a column for each end of the interval. */
export function measuredWithEnds<Row>(
  column: Column,
  ends: readonly [low: string, high: string],
  of: (row: Row) => Range | undefined,
): Measure<Row>[] {
  const { format } = column;
  const endOf = (end: 'low' | 'high', place: 0 | 1): Measure<Row> => ({
    key: intervalKeys(column.key)[place],
    label: ends[place],
    ...(format && { format }),
    of: (row) => of(row)?.[end] ?? null,
  });
  return [measured(column, of), endOf('low', 0), endOf('high', 1)];
}

/** A table of these measures, a row for each of the rows. */
export function makeTable<Row>(
  texts: Pick<Table, 'id' | 'title' | 'caption'>,
  measures: readonly Measure<Row>[],
  rows: readonly Row[],
): Table {
  return {
    ...texts,
    columns: measures.map(columnOf),
    rows: rows.map((row) => Object.fromEntries(measures.flatMap((measure) => cellsOf(measure, row)))),
  };
}

/** The column of a measure: its fields that are data. */
function columnOf<Row>(measure: Measure<Row>): Column {
  const fields = Object.entries(measure).filter(([, value]) => typeof value !== 'function');
  return Object.fromEntries(fields) as unknown as Column;
}

function cellsOf<Row>({ key, interval, of }: Measure<Row>, row: Row): [key: string, cell: Cell][] {
  const value = of(row) ?? null;
  const { centre, low, high } = isRange(value) ? value : { centre: value, low: null, high: null };
  const ends: [string, Cell][] =
    interval === undefined
      ? []
      : [
          [interval[0], low],
          [interval[1], high],
        ];
  return [[key, centre], ...ends];
}

const isRange = (value: Cell | Range | undefined): value is Range =>
  typeof value === 'object' && value !== null;

/** Rows that are drawn in one style. */
export interface Series<Row> {
  readonly style: SeriesStyle;
  readonly rows: readonly Row[];
}

/** Two measures against each other. */
export interface Plane<Row> {
  readonly x: Measure<Row>;
  readonly y: Measure<Row>;
}

/** A panel of lines with a marker and a whisker at each row. */
export function linesPanel<Row>(
  { x, y }: Plane<Row>,
  series: readonly Series<Row>[],
  panel: Pick<PanelSpec, 'title' | 'marks'> & { readonly xAxis?: AxisSpec; readonly yAxis?: AxisSpec } = {},
): PanelSpec {
  const { xAxis = axisOf(x), yAxis = axisOf(y), ...further } = panel;
  return { ...further, x: xAxis, y: yAxis, data: series.map((one) => measuredLine({ x, y }, one)) };
}

/** A line with a marker and a whisker at each row, and both measures under the pointer. */
export function measuredLine<Row>({ x, y }: Plane<Row>, { style, rows }: Series<Row>): PlotlyObject {
  const places = rows.map((row) => Number(x.of(row)));
  const ranges = rows.map((row) => rangeOf(y, row));
  return {
    ...lineTrace({ x: places, y: ranges.map(({ centre }) => centre), style, markers: true }),
    ...whiskers(
      ranges,
      places.map((value) => `${style.name} at ${placeInWords(x, value)}`),
      y,
    ),
  };
}

/** A bar with a whisker, named by its style. */
export function measuredBar<Row>(measure: Measure<Row>, style: SeriesStyle, row: Row): PlotlyObject {
  const range = rangeOf(measure, row);
  return {
    ...barTrace({ x: [style.name], y: [range.centre], style }),
    ...whiskers([range], [style.name], measure, { width: 4, color: ink.text }),
  };
}

/** The value of a row with its ends; both ends are the value where there is no interval. */
export function rangeOf<Row>({ of }: Measure<Row>, row: Row): Range {
  const value = of(row);
  if (isRange(value)) return value;
  const centre = typeof value === 'number' ? value : Number.NaN;
  return { centre, low: centre, high: centre };
}

function placeInWords<Row>(measure: Measure<Row>, value: number): string {
  return measure.place?.(value) ?? `${inWords(measure)} ${valueInWords(value, measure)}`;
}
