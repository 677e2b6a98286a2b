// A table is data: columns with labels, units and a number format, and rows of plain values. From
// it come a danfo data frame to work with, and Markdown, LaTeX, HTML to read, and CSV and JSON with
// every digit.

import { join } from 'node:path';
import { type DataFrame } from 'danfojs-node';
import { ConfigError } from '../base/errors';
import { writeFilesAtomic } from '../base/files';
import { checkOutputs } from '../base/outputs';
import { ownEntry } from '../base/own';
import { displayPath } from '../base/paths';
import { printable } from '../base/printable';
import { type Reporter, silentReporter } from '../base/progress';
import { isMissing, loadDanfo } from './danfo';
import { exportOutputs } from './outputs';
import { formatJson } from './json';
import { type Provenance } from './provenance';
import { provenanceLine } from './provenance-line';
import { type Tone, toneColors } from './style';
import { escapeHtml } from './text';

/** A value of a table; null is a value that is not known, NaN one that does not exist. */
export type Cell = string | number | boolean | null;

/**
 * How a number is written for readers; `percent` takes shares of 1. Without it: four significant
 * digits.
 */
export type CellFormat = 'integer' | 'percent' | 'fixed1' | 'fixed2' | 'fixed3' | 'fixed4' | 'scientific';

/** A quantity: what it is called, and how its values are written. */
export interface Quantity {
  readonly label: string;
  readonly unit?: string;
  readonly format?: CellFormat;
}

/** The sign of a value. */
export interface CellSign {
  readonly sign: string;
  readonly tone: Tone;
}

/** A column: a quantity, and where its values are in a row. */
export interface Column extends Quantity {
  readonly key: string;
  /**
   * Keys, in the same row, of the ends of the interval to which the value was measured; they need
   * no columns of their own.
   */
  readonly interval?: readonly [low: string, high: string];
  /** The value belongs to the machine, as a speed does: another one has another. */
  readonly ofMachine?: true;
  /** What stands before a value of these, as ✓ before `holds`, and its colour on a page. */
  readonly signs?: Readonly<Record<string, CellSign>>;
}

/** A table to show and to export. The ids of an item's figures and tables share one folder. */
export interface Table {
  /** File name without extension: lower-case letters, digits and `-`. */
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  /** Values by column key; a missing key is null. */
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** The keys of the ends of an interval, if they have no others. */
export function intervalKeys(key: string): readonly [low: string, high: string] {
  return [`${key}Low`, `${key}High`];
}

const cellOf = (row: Readonly<Record<string, Cell>>, column: Column): Cell =>
  ownEntry(row, column.key) ?? null;

const signOf = (cell: Cell, { signs }: Column): CellSign | undefined =>
  typeof cell === 'string' && signs !== undefined ? ownEntry(signs, cell) : undefined;

/** A cell as readers of a text see it, with its sign. */
function signedCell(row: Readonly<Record<string, Cell>>, column: Column): string {
  const cell = cellOf(row, column);
  const { sign } = signOf(cell, column) ?? {};
  return `${sign === undefined ? '' : `${sign} `}${formatCell(cell, column.format)}`;
}

/** True for a column of numbers, which is set flush right. */
function isNumeric(table: Table, column: Column): boolean {
  return table.rows.some((row) => typeof cellOf(row, column) === 'number');
}

/** A quantity with its unit, as the head of a column or the title of an axis has it. */
export function headerOf({ label, unit }: Quantity): string {
  return unit === undefined ? label : `${label} (${unit})`;
}

/** A value as readers see it; `–` where there is none. */
export function formatCell(cell: Cell, format?: CellFormat): string {
  if (isMissing(cell)) return '–';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (typeof cell !== 'number') return String(cell);
  if (!Number.isFinite(cell)) return cell > 0 ? '∞' : '−∞';
  // A true minus sign, not a hyphen.
  return formatNumber(cell, format).replace('-', '−');
}

function formatNumber(value: number, format: CellFormat | undefined): string {
  const fixed = (digits: number): Intl.NumberFormatOptions => ({
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  switch (format) {
    case 'integer':
      return value.toLocaleString('en', fixed(0));
    case 'percent':
      return `${(100 * value).toLocaleString('en', fixed(1))} %`;
    case 'fixed1':
    case 'fixed2':
    case 'fixed3':
    case 'fixed4':
      return value.toLocaleString('en', fixed(Number(format.at(-1))));
    case 'scientific':
      return value.toExponential(2);
    case undefined:
      return Number.isInteger(value)
        ? value.toLocaleString('en')
        : value.toLocaleString('en', { maximumSignificantDigits: 4 });
  }
}

/**
 * The table as a danfo data frame, with the columns' keys as names. What is missing is NaN in
 * columns of numbers and null elsewhere; danfo leaves it out of means and sums, and sorts it last.
 * A column that is called like a member of the frame (`index`, `mean`) is reached by
 * `frame.column(name)`.
 */
export async function toDataFrame(table: Table): Promise<DataFrame> {
  const danfo = await loadDanfo();
  const missing = table.columns.map((column) => (isNumeric(table, column) ? Number.NaN : null));
  return new danfo.DataFrame(
    table.rows.map((row) => table.columns.map((column, place) => cellOf(row, column) ?? missing[place])),
    { columns: table.columns.map(({ key }) => key) },
  );
}

/**
 * A data frame as a table again, to show and to export: its columns have the labels, units and
 * formats of those of `like` with the same keys, and their own names otherwise.
 */
export function tableOf(
  frame: DataFrame,
  texts: Pick<Table, 'id' | 'title' | 'caption'>,
  like?: Pick<Table, 'columns'>,
): Table {
  const keys = frame.columns;
  const rows = frame.values as Cell[][];
  return {
    ...texts,
    columns: keys.map((key) => like?.columns.find((column) => column.key === key) ?? { key, label: key }),
    rows: rows.map((cells) => Object.fromEntries(keys.map((key, index) => [key, cells[index] ?? null]))),
  };
}

/** GitHub-flavoured Markdown: title, table, caption. */
export function toMarkdown(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const { columns, rows } = table;
  return [
    `**${escapeMarkdown(table.title)}**`,
    '',
    line(columns.map((column) => escapeMarkdown(headerOf(column)))),
    line(columns.map((column) => (isNumeric(table, column) ? '---:' : ':---'))),
    ...rows.map((row) => line(columns.map((column) => escapeMarkdown(signedCell(row, column))))),
    '',
    escapeMarkdown(table.caption),
    '',
  ].join('\n');
}

/** Lines joined, and control characters seen: a terminal that shows the file would obey them. */
function onOneLine(text: string): string {
  return printable(text.replace(/\s*[\r\n]+\s*/g, ' '));
}

/**
 * Text that Markdown shows as it is, on one line; `$` too, which notebooks take for mathematics.
 */
export function escapeMarkdown(text: string): string {
  return onOneLine(text).replace(/[\\`*_{}[\]<>|$~#&]/g, '\\$&');
}

/**
 * CSV (RFC 4180): a header of column keys, full precision, an empty field for what is missing, CRLF
 * line ends.
 */
export function toCsv(table: Table): string {
  const line = (fields: readonly string[]): string => `${fields.map(escapeCsv).join(',')}\r\n`;
  const header = line(table.columns.map((column) => column.key));
  const rows = table.rows.map((row) =>
    line(
      table.columns.map((column) => {
        const cell = cellOf(row, column);
        return isMissing(cell) ? '' : String(cell);
      }),
    ),
  );
  return header + rows.join('');
}

function escapeCsv(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replace(/"/g, '""')}"` : field;
}

/** A LaTeX table for `booktabs`, in UTF-8. */
export function toLatex(table: Table): string {
  const { columns, rows } = table;
  const line = (cells: readonly string[]): string => `    ${cells.map(escapeLatex).join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '  \\centering',
    `  \\caption{\\textbf{${escapeLatex(table.title)}.} ${escapeLatex(table.caption)}}`,
    `  \\label{tab:${table.id}}`,
    `  \\begin{tabular}{${columns.map((column) => (isNumeric(table, column) ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(columns.map(headerOf)),
    '    \\midrule',
    ...rows.map((row) => line(columns.map((column) => formatCell(cellOf(row, column), column.format)))),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '–': '--',
  '−': '$-$',
  '∞': '$\\infty$',
  // A bracket after \\ or \midrule would be taken for its optional argument.
  '[': '{[}',
  ']': '{]}',
};

/** Text that LaTeX prints as it is, on one line. */
export function escapeLatex(text: string): string {
  return onOneLine(text).replace(
    /[\\~^<>|"–−∞[\]]|[$&#%_{}]/g,
    (character) => LATEX[character] ?? `\\${character}`,
  );
}

/** An HTML table for notebooks and pages. */
export function toHtml(table: Table): string {
  const { columns, rows } = table;
  const style = (column: Column): string =>
    `style="text-align:${isNumeric(table, column) ? 'right' : 'left'};padding:2px 10px"`;
  const head = columns.map(
    (column) => `<th scope="col" ${style(column)}>${escapeHtml(headerOf(column))}</th>`,
  );
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const { tone } = signOf(cellOf(row, column), column) ?? {};
      const text = unbroken(escapeHtml(signedCell(row, column)));
      return `<td ${style(column)}>${tone === undefined ? text : `<span style="color:${toneColors[tone]}">${text}</span>`}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  // A long caption would be set in a narrow column above a narrow table.
  const least = table.caption.length > 60 ? 'min-width:min(34em,100cqw - 20px);' : '';
  return [
    '<table style="border-collapse:collapse">',
    `<caption style="text-align:left;padding:4px 10px"><div style="position:sticky;left:10px;${least}max-width:calc(100cqw - 20px)"><b>${escapeHtml(table.title)}</b><br>${escapeHtml(table.caption)}</div></caption>`,
    `<thead><tr>${head.join('')}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody>`,
    '</table>',
  ].join('\n');
}

/**
 * Keeps on one line: a number with its sign of per cent, a power of ten (1e-8), and what is equal
 * or compared (n = 4). Paths may go on below after a slash, so that they leave room to other
 * columns.
 */
function unbroken(html: string): string {
  return html
    .replace(/(?<=\d) %/g, '&nbsp;%')
    .replace(/\d[\d.]*e-\d+/g, '<span style="white-space:nowrap">$&</span>')
    .replace(/(?<=[a-z]{3}\/)(?=[a-z])/g, '<wbr>')
    .replace(/(?<=^|[\s(])(\S+) (=|≤|≥|&lt;|&gt;) (?=\S)/g, '$1&nbsp;$2&nbsp;');
}

/** Where tables go, and what is written with them. */
export interface TableExportOptions {
  readonly folder: string;
  readonly provenance: Provenance;
  readonly reporter?: Reporter;
}

/**
 * Writes `<id>.md`, `.csv`, `.tex` and `.json` of each table; the four take their names together.
 *
 * @returns the paths written
 * @throws MachineError if the folder cannot be written
 */
export async function exportTables(tables: readonly Table[], options: TableExportOptions): Promise<string[]> {
  const { folder, provenance } = options;
  const written: string[] = [];
  for (const table of tables) {
    checkTable(table);
    const source = provenanceLine(provenance);
    const json = { kind: 'table', ...table, provenance };
    const files: [string, string][] = [
      [join(folder, `${table.id}.md`), `${toMarkdown(table)}\n${escapeMarkdown(source)}\n`],
      [join(folder, `${table.id}.csv`), toCsv(table)],
      [join(folder, `${table.id}.tex`), `% ${source}\n${toLatex(table)}`],
      [join(folder, `${table.id}.json`), formatJson(json)],
    ];
    await checkOutputs(exportOutputs(files.map(([path]) => path)));
    await writeFilesAtomic(files);
    written.push(...files.map(([path]) => path));
  }
  (options.reporter ?? silentReporter).note(
    `${tables.length} ${tables.length === 1 ? 'table' : 'tables'} to ${displayPath(folder)}`,
  );
  return written;
}

function checkTable(table: Table): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(table.id))
    throw new ConfigError(`table id "${table.id}": only lower-case letters, digits and single hyphens`);
  const keys = new Set(table.columns.map((column) => column.key));
  if (keys.size < table.columns.length)
    throw new ConfigError(`table ${table.id}: two columns have the same key`);
  const known = new Set(table.columns.flatMap(({ key, interval = [] }) => [key, ...interval]));
  for (const row of table.rows) {
    const stray = Object.keys(row).find((key) => !known.has(key));
    if (stray !== undefined)
      throw new ConfigError(`table ${table.id}: a row has "${stray}", but no column shows it`);
  }
}
