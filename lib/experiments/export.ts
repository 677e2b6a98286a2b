// A report as files: every figure and table of it, each with its numbers and their provenance, and what was found.

import { type Reporter } from '../base/progress';
import { type FigureDrawer } from '../report/draw';
import { exportFigures } from '../report/export';
import { exportTables } from '../report/tables';
import { type Report } from './experiment';
import { exportFindings, findingsId } from './findings';

/** Where a report goes. */
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
  const tables = await exportTables(report.tables, { folder, provenance });
  return [
    ...figures.flatMap((figure) => [figure.svg, figure.png, figure.json].filter((path) => path !== null)),
    ...tables,
    ...(await exportFindings(report, folder)),
  ];
}

/** Figures, tables and findings share a folder, in which each writes files of its name. */
function checkIds(report: Report): void {
  const { item, figures, tables } = report;
  const ids = [...figures.map(({ id }) => id), ...tables.map(({ id }) => id), findingsId(report)];
  const twice = ids.find((id, place) => ids.indexOf(id) !== place);
  if (twice !== undefined)
    throw new Error(`${item}: two of its figures, tables and findings have the id ${twice}`);
}
