// Controls made from results: which rows are drawn, which lines of a table are shown, and in which
// order.

import { ConfigError } from '../../base/errors';
import { namesIn, plot, type PlotOptions } from '../plot';
import { type TidyRow } from '../rows';
import { type Cell, formatCell, type Table } from '../tables';
import { checkbox, choice, type Control, text } from './controls';
import { interact } from './interact';
import { several } from './several';

/** What `explorePlot` draws, and which columns it has controls for. */
export interface ExploreOptions<Row extends TidyRow> extends PlotOptions<Row> {
  /** Columns whose values can be chosen; default: `color` and `panel`. */
  readonly filters?: readonly (keyof Row & string)[];
}

/**
 * `plot` with a control for each column of `filters` that tells rows apart: which of its values are
 * drawn; and, where `x` has several numbers, up to which.
 *
 * @throws ConfigError as `plot` does
 */
export async function explorePlot<Row extends TidyRow>(
  rows: readonly Row[],
  options: ExploreOptions<Row>,
): Promise<void> {
  const { x, y, color, panel, log, filters = [color, panel].filter((name) => name !== undefined) } = options;
  const valuesOf = (name: keyof Row): Cell[] => [...new Set(rows.map((row) => row[name] ?? null))];
  const chosen = filters.filter((name) => valuesOf(name).length > 1);
  const places = valuesOf(x).filter((value) => typeof value === 'number');
  const ends = places.sort((a, b) => a - b).slice(1);
  const controls: Record<string, Control<unknown>> = Object.fromEntries(
    chosen.map((name) => [
      name,
      several(Object.fromEntries(valuesOf(name).map((value) => [namesIn(name)(value), value]))),
    ]),
  );
  const last = ends.at(-1);
  if (last !== undefined && ends.length > 1)
    controls['upTo'] = choice(ends, { value: last, label: `${x} up to`, as: 'list' });
  if (log?.includes('y') === true)
    controls['logarithmic'] = checkbox(true, { label: `${y} on a logarithmic axis` });
  await interact(controls, ({ upTo, logarithmic = true, ...values }) => {
    const isChosen = (row: Row): boolean =>
      chosen.every((name) => (values[name] as readonly Cell[]).includes(row[name] ?? null));
    const isNear = (row: Row): boolean => typeof upTo !== 'number' || Number(row[x]) <= upTo;
    const drawn = rows.filter((row) => isChosen(row) && isNear(row));
    if (drawn.length === 0) throw new ConfigError('no row is left: tick at least one value of each column');
    const { log: _, ...linear } = options;
    if (logarithmic === true) return plot(drawn, options);
    return plot(drawn, log === 'xy' ? { ...linear, log: 'x' } : linear);
  });
}

/** What `exploreTable` compares. */
export interface TableControls {
  /** Keys of columns: gives a control that leaves only the rows in which they differ. */
  readonly compare?: readonly string[];
}

const asGiven = '(as given)';

/**
 * A table with controls: by which column it is sorted, and which words its rows have.
 *
 * @throws ConfigError if a column to compare is none of the table's
 */
export async function exploreTable(table: Table, { compare = [] }: TableControls = {}): Promise<void> {
  const labels = new Map(table.columns.map(({ key, label }) => [label, key]));
  const unknown = compare.find((key) => table.columns.every((column) => column.key !== key));
  if (unknown !== undefined)
    throw new ConfigError(
      `compare: the table has no column ${unknown}; give some of ${[...labels.values()].join(', ')}`,
    );
  const differs = checkbox(false, { label: 'only where they differ' });
  const controls = {
    sortBy: choice([asGiven, ...labels.keys()], { as: 'list' }),
    largestFirst: checkbox(false),
    containing: text('', { placeholder: 'words' }),
    ...(compare.length > 1 && { differs }),
  };
  await interact(controls, ({ sortBy, largestFirst, containing, differs: isCompared = false }) => {
    const key = labels.get(sortBy);
    const words = containing.toLowerCase().split(/\s+/);
    const rows = table.rows.filter((row) => {
      const cells = table.columns.map((column) => formatCell(row[column.key] ?? null, column.format));
      const said = cells.join(' ').toLowerCase();
      const isDifferent = new Set(compare.map((name) => row[name] ?? null)).size > 1;
      return words.every((word) => said.includes(word)) && (!isCompared || isDifferent);
    });
    const sorted = key === undefined ? rows : rows.toSorted((a, b) => order(a[key], b[key]));
    return { ...table, rows: largestFirst ? sorted.toReversed() : sorted };
  });
}

/** Numbers by size, words by the alphabet, numbers before words, and what is missing last. */
function order(a: Cell | undefined, b: Cell | undefined): number {
  const rank = (value: Cell | undefined): number => ['number', 'boolean', 'string'].indexOf(typeof value);
  const [first, second] = [a ?? null, b ?? null];
  if (first === null || second === null) return Number(first === null) - Number(second === null);
  if (rank(first) !== rank(second)) return rank(first) - rank(second);
  return typeof first === 'string' ? first.localeCompare(String(second)) : Number(first) - Number(second);
}
