// Numbers of a document that are copies of a file's. The line `<!-- numbers: <file> -->` before a
// table says which file; before a paragraph it says which part of it, too:
// `<!-- numbers: <file>, <field or row> -->`. `<file>#<id>` is one of several tables of a file.

import { existsSync, readFileSync } from 'node:fs';
import { projectPath } from '../../lib/base/paths';
import { numbersInside, readNumbers, type TextNumber } from './numbers';

/**
 * A table or a paragraph, and what stands in its mark: files, or in words where its numbers are
 * from.
 */
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

/**
 * The tables of a document that measure something and have no mark: in some column two rows begin
 * with a fraction or a percentage.
 */
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

/**
 * What of a marked block contradicts its file, one line each; nothing where the mark is in words.
 */
export function contradictions(where: string, { text, source }: MarkedBlock): string[] {
  const [, path, table, part] = /^(\S+\.json)(?:#(\S+?))?(?:, (.+))?$/.exec(source) ?? [];
  if (path === undefined) return [];
  if (!existsSync(projectPath(path))) return [`${where}: there is no ${path}`];
  const file = tableIn(readJson(path), table);
  if (file === undefined) return [`${where}: ${path} has no table ${table ?? ''}`];
  const found = text.startsWith('|') ? inTable(text, file) : inParagraph(text, file, part);
  return found.map(({ place, says }) => `${where}${place}: ${says.replace('its file', path)}`);
}

/** A contradiction: where in a block, and what is wrong. */
interface Contradiction {
  readonly place: string;
  readonly says: string;
}

/**
 * A paragraph's numbers are in the part of the file that its mark names: a field, or rows by how
 * they begin.
 */
function inParagraph(text: string, file: unknown, part: string | undefined): Contradiction[] {
  if (part === undefined)
    return [{ place: '', says: 'say in the mark which part of its file the paragraph is about' }];
  const field = (file as Readonly<Record<string, unknown>>)[part];
  const values = numbersInside(field ?? (isTable(file) ? rowsNamed(file, part) : []));
  return readNumbers(text).flatMap((number) => missing(number, values, '', `${part} of its file`));
}

function inTable(text: string, file: unknown): Contradiction[] {
  const [head = [], , ...rows] = rowsOf(text);
  const measured = head.map((column) => isTable(file) || namesRecords(column, file));
  if (!measured.includes(true)) return [{ place: '', says: 'no column has a name of its file' }];
  return rows.flatMap((row) =>
    row.flatMap((cell, index) => {
      const [label = '', column = ''] = [row[0], head[index]];
      const place = `, row ${label}, column ${column}`;
      if (index === 0 || measured[index] !== true) return [];
      if (isTable(file)) return inCell(cell, columnOf(file, label, column), place);
      const values = overSeeds(file, [column, ...row.slice(0, index).reverse()]);
      return readNumbers(cell).flatMap((number) => missing(number, values, place));
    }),
  );
}

/** A cell has the number of its row, or of several rows the least and the most. */
function inCell(cell: string, values: readonly (readonly number[])[], place: string): Contradiction[] {
  const numbers = readNumbers(cell);
  const [only] = values;
  if (numbers.length === 0) return [];
  if (only === undefined) return [{ place, says: 'its file has no such row or column' }];
  if (values.length === 1) return numbers.flatMap((number) => missing(number, only, place));
  const all = values.flat();
  const ends = [Math.min(...all), Math.max(...all)];
  const [least, most] = [numbers[0], numbers.at(-1)] as [TextNumber, TextNumber];
  return [least, most].flatMap((number, end) => missing(number, ends.slice(end, end + 1), place));
}

function missing(
  number: TextNumber,
  values: readonly number[],
  place: string,
  what = 'its file',
): Contradiction[] {
  return values.some((value) => isWritten(number, value))
    ? []
    : [{ place, says: `${number.text} is not in ${what}; write what is there (${nearest(number, values)})` }];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(projectPath(path), 'utf8'));
}

/** A file as it is, or the table of that id in it, as the gallery's files have several. */
function tableIn(file: unknown, id: string | undefined): unknown {
  return id === undefined
    ? file
    : (file as { readonly tables?: readonly { readonly id: string }[] }).tables?.find((one) => one.id === id);
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
  readonly columns: readonly { readonly key: string; readonly label: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The row with that name, or the rows whose names begin so. */
function rowsNamed({ rows }: TableFile, name: string): TableFile['rows'] {
  const named = rows.filter((row) => Object.values(row).includes(name));
  if (named.length > 0) return named;
  return rows.filter((row) =>
    Object.values(row).some((cell) => typeof cell === 'string' && cell.startsWith(`${name}, `)),
  );
}

/**
 * What the rows of that name have in the column of that label: for each row that has something
 * there.
 */
function columnOf(file: TableFile, name: string, label: string): number[][] {
  const key = file.columns.find((one) => one.label === label)?.key;
  if (key === undefined) return [];
  return rowsNamed(file, name)
    .map((row) => numbersInside(row[key]))
    .filter((values) => values.length > 0);
}

function isTable(file: unknown): file is TableFile {
  return typeof file === 'object' && file !== null && 'columns' in file && 'rows' in file;
}

const measures = ['perplexity', 'accuracy'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Of records that differ in their seed alone, the mean, the least and the most of what they
 * measure.
 *
 * @param words a cell's column, and the cells left of it, nearest first: they choose records, each
 *   by the first field that has such a value
 */
function overSeeds(file: unknown, words: readonly string[]): number[] {
  return listsOf(file).flatMap((records) => {
    const groups = new Map<string, number[]>();
    for (const record of chosenBy(words, records)) {
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
  });
}

function listsOf(file: unknown): (readonly Fields[])[] {
  return typeof file === 'object' && file !== null ? Object.values(file).filter(Array.isArray) : [];
}

/** Values that a text may name: itself as an identifier, and its numbers. */
function valuesIn(word: string): readonly unknown[] {
  return [word.toLowerCase().replaceAll('-', '_'), ...readNumbers(word).map(({ value }) => value)];
}

/**
 * The first field, none of those that are decided, of which some record has a value that is named.
 */
function fieldNamed(
  word: string,
  records: readonly Fields[],
  decided: readonly string[] = [],
): string | undefined {
  const named = valuesIn(word);
  return Object.keys(records[0] ?? {}).find(
    (key) =>
      key !== 'seed' &&
      ![...measures, ...decided].includes(key) &&
      records.some((record) => named.includes(record[key])),
  );
}

function namesRecords(word: string, file: unknown): boolean {
  return listsOf(file).some((records) => fieldNamed(word, records) !== undefined);
}

function chosenBy(words: readonly string[], records: readonly Fields[]): readonly Fields[] {
  const decided: string[] = [];
  return words.reduce((left, word) => {
    const key = fieldNamed(word, records, decided);
    if (key === undefined) return left;
    decided.push(key);
    return left.filter((record) => valuesIn(word).includes(record[key]));
  }, records);
}

/**
 * Whether a text's number is a value, rounded to as many digits as it shows; a share may stand as a
 * percentage.
 */
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
