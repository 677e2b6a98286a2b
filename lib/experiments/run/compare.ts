// Comparison of a run's numbers with those of the reference. Each number of an item's tables is the
// same, which is to say that it is written the same; or it lies within the interval to which the
// reference measured it; or it differs.

import { canonicalJson } from '../../base/json';
import { formatCount } from '../../base/format';
import { type Cell, type Column, formatCell, type Table } from '../../report/tables';
import { type ReferenceComparison, type Difference, type Report, type TableComparison } from './report';
import { otherFields } from '../settings/changes';
import { verdictOf } from './findings';
import { plainRows, type Reference, type ReferenceTable } from './reference';

/** The part of a report that is compared. */
export type Compared = Pick<Report, 'item' | 'preset' | 'settings' | 'tables' | 'findings' | 'provenance'>;

/** Compares a report with what was published of the same item at the same preset. */
export function compareWith(report: Compared, reference: Reference): ReferenceComparison {
  const { item, preset } = report;
  const { commit } = reference.provenance;
  const obstacle = obstacleBetween(report, reference);
  if (obstacle !== undefined) return { item, preset, commit, obstacle, tables: [] };
  const tables = report.tables.map((table) =>
    compareTables(
      table,
      reference.tables.find(({ id }) => id === table.id),
    ),
  );
  const gone = reference.tables
    .filter(({ id }) => report.tables.every((table) => table.id !== id))
    .map(({ title }) => unlikeTables(title, 'no such table', 'a table'));
  return {
    item,
    preset,
    commit,
    tables: [...tables, ...gone, compareVerdicts(report, reference)].filter(hasCells),
  };
}

/** Other settings and other texts make other numbers: nothing can be learned from them. */
function obstacleBetween(report: Compared, reference: Reference): string | undefined {
  const fields = otherFields(report.settings as object, reference.settings as object);
  if (fields.length > 0) return `its settings are others: ${fields.join(', ')}`;
  const texts = ({ provenance: { data } }: Pick<Reference, 'provenance'>): string[] =>
    data.map(({ name, version, checksum }) => `${name} ${version} ${checksum}`).sort();
  if (canonicalJson(texts(report)) !== canonicalJson(texts(reference)))
    return 'it read other texts, or other versions of them';
  return undefined;
}

const hasCells = ({ same, within, differences }: TableComparison): boolean =>
  same + within + differences.length > 0;

/** Tables that have nothing to compare: one is not there, or has other rows. */
function unlikeTables(table: string, here: string, reference: string): TableComparison {
  return { table, same: 0, within: 0, differences: [{ table, row: '', column: '', here, reference }] };
}

function compareTables(table: Table, reference: ReferenceTable | undefined): TableComparison {
  if (reference === undefined) return unlikeTables(table.title, 'a table', 'no such table');
  const [here, there] = [table.rows.length, reference.rows.length];
  if (here !== there) return unlikeTables(table.title, `${here} rows`, `${there} rows`);
  const columns = table.columns.filter(({ ofMachine = false }) => !ofMachine);
  let [same, within] = [0, 0];
  const differences: Difference[] = [];
  for (const [place, row] of plainRows(table).entries()) {
    const other = reference.rows[place] ?? {};
    for (const column of columns) {
      const [a, b] = [row[column.key] ?? null, other[column.key] ?? null];
      if (formatCell(a, column.format) === formatCell(b, column.format)) same += 1;
      else if (isWithin(a, column, row, other, table.columns)) within += 1;
      else differences.push(differenceOf(table, row, column, a, b));
    }
  }
  return { table: table.title, same, within, differences };
}

type Row = ReferenceTable['rows'][number];

/**
 * True if a value lies within the reference's interval. The end of an interval does where the
 * interval's own value does.
 */
function isWithin(
  value: Cell,
  column: Column,
  row: Row,
  reference: Row,
  columns: readonly Column[],
): boolean {
  const owner = columns.find(({ interval }) => interval?.includes(column.key) === true);
  if (owner !== undefined) return isWithin(row[owner.key] ?? null, owner, row, reference, columns);
  const [low, high] = (column.interval ?? []).map((key) => reference[key]);
  return (
    typeof value === 'number' &&
    typeof low === 'number' &&
    typeof high === 'number' &&
    low <= value &&
    value <= high
  );
}

function differenceOf(table: Table, row: Row, column: Column, a: Cell, b: Cell): Difference {
  const words = table.columns.flatMap(({ key }) => {
    const cell = row[key];
    return typeof cell === 'string' && key !== column.key ? [cell] : [];
  });
  const change = typeof a === 'number' && typeof b === 'number' && b !== 0 ? a / b - 1 : undefined;
  return {
    table: table.title,
    row: words.join(', '),
    column: column.label,
    here: formatCell(a, column.format),
    reference: formatCell(b, column.format),
    ...(change !== undefined && { change }),
  };
}

/** A verdict is a word; what was measured stands in the tables. */
function compareVerdicts(report: Compared, reference: Reference): TableComparison {
  const table = 'Findings';
  const there = new Map(reference.findings.map((finding) => [finding.claim, verdictOf(finding)]));
  const here = new Map(report.findings.map((finding) => [finding.claim, verdictOf(finding)]));
  const claims = [...new Set([...there.keys(), ...here.keys()])];
  const differences = claims
    .filter((claim) => here.get(claim) !== there.get(claim))
    .map((claim) => ({
      table,
      row: claim,
      column: 'Verdict',
      here: here.get(claim) ?? 'no such claim',
      reference: there.get(claim) ?? 'no such claim',
    }));
  return { table, same: claims.length - differences.length, within: 0, differences };
}

/** A comparison in one word. */
export type Agreement = 'the same' | 'within intervals' | 'different' | 'not compared';

/** The word for a comparison as a whole. */
export function agreementOf({ obstacle, tables }: ReferenceComparison): Agreement {
  if (obstacle !== undefined) return 'not compared';
  if (tables.some(({ differences }) => differences.length > 0)) return 'different';
  return tables.some(({ within }) => within > 0) ? 'within intervals' : 'the same';
}

/** A comparison and its word, for programs. */
export function comparisonSummary(
  comparison: ReferenceComparison,
): { readonly agreement: Agreement } & ReferenceComparison {
  return { agreement: agreementOf(comparison), ...comparison };
}

const marks: Readonly<Record<Agreement, string>> = {
  'the same': '=',
  'within intervals': '≈',
  different: '≠',
  'not compared': '?',
};

/** The most differences that a terminal shows. */
const shownDifferences = 5;

/** A comparison on lines of a terminal. */
export function describeComparison(comparison: ReferenceComparison): string[] {
  const agreement = agreementOf(comparison);
  const { obstacle, tables } = comparison;
  const name = `${marks[agreement]} the reference${commitWord(comparison)}`;
  if (obstacle !== undefined) return [`${name}: not compared: ${obstacle}`];
  const differences = tables.flatMap((table) => table.differences);
  const total = (count: (table: TableComparison) => number): number =>
    tables.reduce((sum, table) => sum + count(table), 0);
  const [same, within] = [total((table) => table.same), total((table) => table.within)];
  const all = formatCount(same + within + differences.length);
  if (agreement === 'the same') return [`${name}: all ${all} entries are the same`];
  const counts = [
    `${formatCount(same)} of ${all} entries are the same`,
    ...(within > 0 ? [`${formatCount(within)} lie within its intervals`] : []),
    ...(differences.length > 0
      ? [`${formatCount(differences.length)} ${differences.length === 1 ? 'differs' : 'differ'}`]
      : []),
  ];
  const more = differences.length - shownDifferences;
  return [
    `${name}: ${counts.join(', ')}`,
    ...differences.slice(0, shownDifferences).map((one) => `  ${describeDifference(one)}`),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
  ];
}

function commitWord({ commit }: ReferenceComparison): string {
  return commit === null ? '' : ` (commit ${commit.slice(0, 10)})`;
}

function describeDifference(difference: Difference): string {
  const { table, row, column, here, reference } = difference;
  const where = [table, row, column].filter((word) => word !== '').join(' · ');
  return `${where}: ${here} here, ${reference} there${changeWord(difference)}`;
}

function changeWord({ change }: Difference): string {
  if (change === undefined) return '';
  return ` (${change < 0 ? '−' : '+'}${(100 * Math.abs(change)).toPrecision(2)} %)`;
}

/** A comparison as a table, a row for each table that was compared. */
export function comparisonTable(comparison: ReferenceComparison, title: string): Table {
  const { tables, obstacle } = comparison;
  return {
    id: 'comparison',
    title: `Is it the reference? ${title}`,
    caption:
      obstacle === undefined
        ? `Entries of this run's tables and those of the reference${commitWord(comparison)}, preset ${comparison.preset}. Same: written the same. Within: inside the interval to which the reference measured it. Speeds are not compared.`
        : `Not compared with the reference: ${obstacle}.`,
    columns: [
      { key: 'table', label: 'Table' },
      { key: 'same', label: 'Same', format: 'integer' },
      { key: 'within', label: 'Within', format: 'integer' },
      { key: 'different', label: 'Different', format: 'integer' },
      { key: 'largest', label: 'Largest difference' },
    ],
    rows: tables.map(({ table, same, within, differences }) => ({
      table,
      same,
      within,
      different: differences.length,
      largest: largestOf(differences),
    })),
  };
}

function largestOf(differences: readonly Difference[]): string | null {
  const size = ({ change }: Difference): number => Math.abs(change ?? Infinity);
  const [first] = [...differences].sort((a, b) => size(b) - size(a));
  return first === undefined ? null : describeDifference({ ...first, table: '' });
}
