// Numbers of a document that are copies of a file's. The line `<!-- numbers: <file> -->` before a table or a paragraph says which file.

import { existsSync, readFileSync } from 'node:fs';
import { projectPath } from '../../lib/base/paths';
import { numbersInside, readNumbers, type TextNumber } from './numbers';

/** A table or a paragraph, and what stands in its mark: files, or in words where its numbers are from. */
export interface MarkedBlock {
  readonly text: string;
  readonly source: string;
}

/** The blocks of a document that have a mark. */
export function markedBlocks(markdown: string): MarkedBlock[] {
  return [...markdown.matchAll(/<!-- numbers: (.+?) -->\s*\n\n((?:.+\n?)+)/g)].map(
    ([, source = '', text = '']) => ({ text, source }),
  );
}

/** The tables of a document that measure something and have no mark: in some column two rows begin with a fraction or a percentage. */
export function unmarkedTables(markdown: string): string[] {
  const unmarked = markdown.replace(/<!-- numbers: .+? -->\s*\n\n(?:.+\n?)+/g, '');
  const tables = unmarked.match(/(?:^\|.*\n?)+/gm) ?? [];
  return tables.filter((table) => {
    const [head = [], , ...rows] = rowsOf(table);
    return head.some(
      (_, column) => rows.filter((row) => /^\d+(?:\.\d+| %)/.test(row[column] ?? '')).length > 1,
    );
  });
}

/** What of a marked block is not in its file, one line each; nothing where the mark is in words. */
export function contradictions(where: string, { text, source }: MarkedBlock): string[] {
  if (!source.endsWith('.json')) return [];
  if (!existsSync(projectPath(source))) return [`${where}: there is no ${source}`];
  const file = readJson(source);
  const everything = [...numbersInside(file), ...overSeeds(file)];
  const missing = (number: TextNumber, values: readonly number[], place: string): string[] =>
    values.some((value) => isWritten(number, value))
      ? []
      : [
          `${where}${place}: ${number.text} is not in ${source}; write what is there (${nearest(number, values)})`,
        ];
  if (!text.startsWith('|')) return readNumbers(text).flatMap((number) => missing(number, everything, ''));
  const [head = [], , ...rows] = rowsOf(text);
  return rows.flatMap(([label = '', ...cells]) =>
    cells.flatMap((cell, index) => {
      const column = head[index + 1] ?? '';
      const values = cellsOf(file, label, column) ?? everything;
      return readNumbers(cell).flatMap((number) =>
        missing(number, values, `, row ${label}, column ${column}`),
      );
    }),
  );
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(projectPath(path), 'utf8'));
}

function rowsOf(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

interface TableFile {
  readonly kind: 'table';
  readonly columns: readonly { readonly key: string; readonly label: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What a file of a table has in the row with that name: in the column of that label if it has it, else in all. */
function cellsOf(file: unknown, label: string, column: string): number[] | undefined {
  if (!isTable(file)) return undefined;
  const rows = file.rows.filter((row) => Object.values(row).includes(label));
  if (rows.length === 0) return undefined;
  const key = file.columns.find((one) => one.label === column)?.key;
  return rows.flatMap((row) => numbersInside(key === undefined ? row : row[key]));
}

function isTable(file: unknown): file is TableFile {
  return typeof file === 'object' && file !== null && 'kind' in file && file.kind === 'table';
}

const measures = ['perplexity', 'accuracy'];

/** Of records that differ in their seed alone, the mean, the least and the most of what they measure. */
function overSeeds(file: unknown): number[] {
  const lists = typeof file === 'object' && file !== null ? Object.values(file).filter(Array.isArray) : [];
  const groups = new Map<string, number[]>();
  for (const record of lists.flat() as Readonly<Record<string, unknown>>[]) {
    const rest = Object.entries(record).filter(([key]) => key !== 'seed' && !measures.includes(key));
    const key = JSON.stringify(rest);
    groups.set(key, [
      ...(groups.get(key) ?? []),
      ...measures.flatMap((measure) => numbersInside(record[measure])),
    ]);
  }
  return [...groups.values()].flatMap((values) => {
    const sum = values.reduce((total, value) => total + value, 0);
    return [sum / values.length, Math.min(...values), Math.max(...values)];
  });
}

/** Whether a text's number is a value, rounded to as many digits as it shows; a share may stand as a percentage. */
function isWritten({ value, decimals }: TextNumber, of: number): boolean {
  return [of, 100 * of].some((one) => Math.abs(one - value) <= 0.5 * 10 ** -decimals * (1 + 1e-9));
}

function nearest({ value }: TextNumber, values: readonly number[]): string {
  const distance = (one: number): number => Math.abs(one - value);
  const written = values.flatMap((one) => [one, 100 * one]);
  return written.length === 0
    ? 'nothing'
    : String(written.reduce((best, one) => (distance(one) < distance(best) ? one : best)));
}
