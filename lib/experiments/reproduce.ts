// Running a paper item from code or from a notebook cell, and showing what came of it.

import { basename } from 'node:path';
import { bipe } from '../base/command';
import { CheckError } from '../base/errors';
import { type Reporter } from '../base/progress';
import { unknownName } from '../base/suggest';
import { defaultReporter, showFigure, showTable } from '../report/notebook';
import { type TidyRow } from '../report/plot';
import { type Table } from '../report/tables';
import { comparisonTable } from './compare';
import { type Experiment } from './experiment';
import { type Report } from './report';
import { findingsTable } from './findings';
import { contentStatus, describeContent, paperContents } from './paper-contents';
import { type PresetName, presetOrder } from './preset-names';
import { experiments } from './registry';
import { type RunStore } from './run-store';
import { describeStatus, statements, statementStatus } from './statements';

/**
 * The preset of a notebook: the environment variable BIPE_PRESET, or `quick`.
 *
 * @throws UsageError if that is none
 */
export function defaultPreset(): PresetName {
  const wanted = process.env['BIPE_PRESET'] ?? 'quick';
  const preset = presetOrder.find((name) => name === wanted);
  if (preset === undefined) throw unknownName('preset (BIPE_PRESET)', wanted, presetOrder);
  return preset;
}

/** How an item is run; every field has a default. */
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
}

/**
 * The report of a paper item (`items.fig4`), computed or found in the run store.
 *
 * @throws UsageError if the item has no such preset
 * @throws ConfigError if a setting is not right
 */
export function reproduce<Settings extends object, Result, Row extends TidyRow>(
  item: Experiment<Settings, Result, Row>,
  options: ReproduceOptions<Settings> = {},
): Promise<Report<Settings, Result, Row>> {
  const { preset = defaultPreset(), reporter = defaultReporter(), ...rest } = options;
  return item.execute({ preset, reporter, ...rest });
}

/**
 * The failure that a report's checks amount to, named in one line; undefined if all of them hold or
 * cannot be told.
 */
export function failedCheck(report: Pick<Report, 'item' | 'findings'>): CheckError | undefined {
  const failed = report.findings.filter(({ check, holds }) => check === true && holds === false);
  const [first] = failed;
  if (first === undefined) return undefined;
  const count = failed.length === 1 ? 'a check does' : `${failed.length} checks do`;
  return new CheckError(`${report.item}: ${count} not hold: ${first.claim}: ${first.measured}`);
}

/**
 * Shows a report below the cell: figures, findings, tables, where the numbers come from, and
 * whether they are the reference's.
 */
export function showReport(report: Report): void {
  report.figures.forEach(showFigure);
  if (report.findings.length > 0) showTable(findingsTable(report));
  report.tables.forEach(showTable);
  if (report.comparison !== null) showTable(comparisonTable(report.comparison, report.title));
}

/**
 * The statements of the paper and how each is checked, as a table. Its status is that of the item's
 * run that ended last.
 */
export async function statementsTable(store?: RunStore): Promise<Table> {
  const all = await Promise.all(
    statements.map(async (statement) => ({ statement, status: await statementStatus(statement, store) })),
  );
  return {
    id: 'statements',
    title: 'Statements of the paper',
    caption: `${bipe('reproduce <check>')} runs a check; what was checked with which preset is in brackets.`,
    columns: [
      { key: 'name', label: 'Statement' },
      { key: 'says', label: 'What' },
      { key: 'notebook', label: 'Notebook' },
      { key: 'check', label: 'Check' },
      { key: 'status', label: 'Status' },
    ],
    rows: all.map(({ statement: { name, says, notebook, check }, status }) => ({
      name,
      says,
      notebook: basename(notebook),
      check,
      status: describeStatus(status),
    })),
  };
}

/**
 * The paper's figures and tables and what stands for each, as a table. Its status is that of the
 * item's run that ended last on this machine.
 */
export async function contentsTable(store?: RunStore): Promise<Table> {
  return {
    id: 'paper-contents',
    title: 'Figures and tables of the paper',
    caption:
      "By its public summary page the paper has 9 figures and 8 tables. The page names Figures 1 to 5 and the subjects of some tables. Where it names nothing, what is listed here is this project's choice.",
    columns: [
      { key: 'name', label: 'In the paper' },
      { key: 'says', label: 'What, as far as is known' },
      { key: 'item', label: 'Item' },
      { key: 'covers', label: 'What is here' },
      { key: 'status', label: 'Status' },
    ],
    rows: await Promise.all(
      paperContents.map(async (content) => ({
        name: content.name,
        says: describeContent(content),
        item: content.item,
        covers: content.covers,
        status: await contentStatus(content, store),
      })),
    ),
  };
}

/** The paper items there are, as a table. */
export function itemsTable(): Table {
  return {
    id: 'items',
    title: 'Paper items',
    caption: 'Each has a notebook and presets; npm run reproduce runs them all.',
    columns: [
      { key: 'item', label: 'Item' },
      { key: 'title', label: 'What' },
      { key: 'notebook', label: 'Notebook' },
      { key: 'presets', label: 'Presets, and their time on two cores' },
    ],
    rows: experiments.map(({ id, title, notebook, presets }) => ({
      item: id,
      title,
      notebook: basename(notebook),
      presets: presets.map((preset) => `${preset.name}: ${preset.time}`).join('; '),
    })),
  };
}
