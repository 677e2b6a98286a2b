// Results as tidy rows: one for each measurement, to filter, to plot and to export.

import { type Cell, type Table } from './tables';

/** One observation, a value for each name. */
export type TidyRow = Readonly<Record<string, Cell>>;

/**
 * Rows as a table with a column for each name, to show, to export, or as a data frame
 * (`toDataFrame(rowsTable(report.rows))`).
 */
export function rowsTable(
  rows: readonly TidyRow[],
  texts: Pick<Table, 'id' | 'title' | 'caption'> = { id: 'rows', title: 'Rows', caption: '' },
): Table {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { ...texts, columns: keys.map((key) => ({ key, label: key })), rows };
}
