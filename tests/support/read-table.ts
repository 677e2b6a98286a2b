// Reads a table back from the Markdown that readers get: headers with their units, and cells as
// text.

import { type Table, toMarkdown } from '../../lib/report/tables';

/** A table as it is read. */
export interface ReadTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads a table, of which every cell has its column. */
export function readTable(table: Table): ReadTable {
  const keys = new Set(table.columns.flatMap(({ key, interval = [] }) => [key, ...interval]));
  const stray = table.rows.flatMap((row) => Object.keys(row)).find((key) => !keys.has(key));
  if (stray !== undefined) throw new Error(`a row has "${stray}", but no column shows it`);
  const lines = toMarkdown(table)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  const [headers = [], , ...rows] = lines.map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replace(/\\(.)/g, '$1')),
  );
  return { headers, rows };
}

/** Rows as objects by header, where no two headers are alike. */
export function recordsOf({ headers, rows }: ReadTable): Record<string, string>[] {
  if (new Set(headers).size < headers.length) throw new Error(`two headers are alike: ${headers.join(', ')}`);
  return rows.map((cells) =>
    Object.fromEntries(headers.map((header, index) => [header, cells[index] ?? ''])),
  );
}

/** Numbers as cells have them; written here once more, so that a format that changes is seen. */
export const cells = {
  integer: (value: number): string =>
    Math.round(value)
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, ','),
  percent: (share: number): string => `${(100 * share).toFixed(1)} %`,
  fixed: (value: number, digits: number): string => value.toFixed(digits),
  scientific: (value: number): string => value.toExponential(2).replace('-', '−'),
} as const;
