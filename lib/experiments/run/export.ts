// A report as files: every figure and table of it, each with its numbers and their provenance, and
// what was found.

import { type Reporter } from '../../base/progress';
import { type FigureDrawer } from '../../report/export/draw';
import { exportFigures } from '../../report/export/export';
import { exportTables, type Table } from '../../report/tables';
import { type Report } from './report';
import { exportFindings, findingsId } from './findings';
import { fileNameOf } from './reference';
import { rowsTable } from '../../report/rows';

/** Options of an export. */
export interface ExportReportOptions {
  readonly folder: string;
  readonly reporter: Reporter;
  /** A browser page kept for several reports. */
  readonly drawer?: FigureDrawer;
}

/** Writes all figures, tables and findings of a report and returns the files' paths. */
export async function exportReport(report: Report, options: ExportReportOptions): Promise<string[]> {
  const { folder, reporter } = options;
  const { provenance } = report;
  checkIds(report);
  const figures =
    report.figures.length === 0
      ? []
      : await exportFigures(report.figures, {
          folder,
          provenance,
          numbers: {
            settings: report.settings,
            findings: report.findings,
            missing: report.missing,
            result: report.numbers,
          },
          reporter,
          ...(options.drawer === undefined ? {} : { drawer: options.drawer }),
        });
  const tables = await exportTables([...report.tables, ...ownRows(report)], { folder, provenance });
  return [
    ...figures.flatMap((figure) => [figure.svg, figure.png, figure.json].filter((path) => path !== null)),
    ...tables,
    ...(await exportFindings(report, folder)),
  ];
}

/** The tidy rows as a table, where they are not those of a table that is there. */
function ownRows({ item, title, rows, tables }: Report): Table[] {
  return rows.length === 0 || tables.some((table) => table.rows === rows)
    ? []
    : [
        rowsTable(rows, {
          id: `${fileNameOf(item)}-rows`,
          title: `Tidy rows. ${title}`,
          caption: 'One row for each measurement.',
        }),
      ];
}

/** Figures, tables and findings share a folder, in which each writes files of its name. */
function checkIds(report: Report): void {
  const { item, figures, tables } = report;
  const ids = [...figures, ...tables, ...ownRows(report), { id: findingsId(report) }].map(({ id }) => id);
  const twice = ids.find((id, place) => ids.indexOf(id) !== place);
  if (twice !== undefined)
    throw new Error(`${item}: two of its figures, tables and findings have the id ${twice}`);
}
