// Output of subcommands: JSON for machines on request, aligned columns for people.

import { toJson } from '../../base/json';
import { oneLine } from '../../base/printable';

/** Prints a value as one line of JSON; NaN and infinities as text, as `toJson` writes them. */
export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`);
}

/** Prints lines of text. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${oneLine(line, Infinity)}\n`).join(''));
}

/** Prints a result: as JSON for machines if that was asked for, else as lines for people. */
export function printResult(json: boolean | undefined, result: unknown, lines: readonly string[]): void {
  if (json === true) printJson(result);
  else printLines(lines);
}

/** Says on standard error, in one line, what went wrong. */
export function printFailure(message: string): void {
  process.stderr.write(`${oneLine(message)}\n`);
}

/** Rows as lines with aligned columns; the last column is not padded. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
