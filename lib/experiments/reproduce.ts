// Running a paper item from code or from a notebook cell, and showing what came of it.

import { CheckError } from '../base/errors';
import { type Reporter } from '../base/progress';
import { showFigure, showLine, showTable } from '../report/notebook/show';
import { defaultReporter } from '../report/widgets/progress-pane';
import { type TidyRow } from '../report/rows';
import { type Table } from '../report/tables';
import { comparisonTable } from './run/compare';
import { type Experiment } from './run/definition';
import { type Report } from './run/report';
import { countVerdicts, describeFinding, findingsTable, signOf } from './run/findings';
import { WorkerPool } from './run/pool';
import { defaultPreset, type PresetName } from './settings/preset-names';

/** Options of a run; every field has a default. */
export interface ReproduceOptions<Settings extends object> {
  /** One that the item has; default `defaultPreset()`. */
  readonly preset?: PresetName;
  /**
   * Fields of the preset's settings to replace; `variants`, encodings of one's own by name, are
   * added to the preset's.
   */
  readonly settings?: Partial<Settings>;
  /** Default: bars below the cell in a notebook, the terminal elsewhere. */
  readonly reporter?: Reporter;
  /** Compute anew even if there is a finished run. */
  readonly fresh?: boolean;
  /**
   * Processes that train models at once; default: one for each core, where there is memory for
   * them. With 1, this process does everything itself.
   */
  readonly workers?: number;
}

/**
 * The report of a paper item (`items.fig4`), computed or found in the run store.
 *
 * @throws UsageError if the item has no such preset
 * @throws ConfigError if a setting is not right
 */
export async function reproduce<Settings extends object, Result, Row extends TidyRow>(
  item: Experiment<Settings, Result, Row>,
  options: ReproduceOptions<Settings> = {},
): Promise<Report<Settings, Result, Row>> {
  const { preset = defaultPreset(), reporter = defaultReporter(), workers, ...rest } = options;
  const pool = item.inPieces ? new WorkerPool({ ...(workers !== undefined && { workers }) }) : undefined;
  try {
    return await item.execute({
      preset,
      reporter,
      ...(pool !== undefined && pool.size > 1 && { pool }),
      ...rest,
    });
  } finally {
    pool?.close();
  }
}

/**
 * The failure that a report's checks amount to, named in one line; undefined if all of them hold or
 * are inconclusive.
 */
export function failedCheck(report: Pick<Report, 'item' | 'findings'>): CheckError | undefined {
  const failed = report.findings.filter(({ check, holds }) => check === true && holds === false);
  const [first] = failed;
  if (first === undefined) return undefined;
  const count = failed.length === 1 ? 'a check does' : `${failed.length} checks do`;
  return new CheckError(`${report.item}: ${count} not hold: ${first.claim}: ${first.measured}`);
}

/** Below figures, a table with more rows is closed at first. */
const mostOpenRows = 8;

/**
 * Shows a report below the cell: the finding that answers its question in one sentence, figures,
 * findings, tables, where the numbers come from, and whether they are the reference's.
 */
export function showReport(report: Report): void {
  const show = (table: Table, behind: string): void => {
    const isLong = report.figures.length > 0 && table.rows.length > mostOpenRows;
    showTable(table, isLong ? { behind } : {});
  };
  if (report.answer !== undefined && report.figures.length > 0) showLine(describeFinding(report.answer));
  report.figures.forEach(showFigure);
  const counts = countVerdicts(report.findings).map(
    ({ verdict, count }) => `${signOf(verdict)} ${verdict}: ${count}`,
  );
  if (report.findings.length > 0) show(findingsTable(report), `Claims: ${counts.join(', ')}`);
  for (const table of report.tables) show(table, `${table.title}: ${table.rows.length} rows`);
  if (report.comparison !== null) showTable(comparisonTable(report.comparison, report.title));
}
