/**
 * What comes of an item: findings, provenance, and its export to files.
 *
 * @example
 * ```ts
 * import { items, reports, reproduce, silentReporter } from 'bipe-workbench';
 *
 * const report = await reproduce(items.lemma11, { preset: 'smoke', reporter: silentReporter });
 * console.log(reports.findingsTable(report).rows.map(({ verdict }) => verdict));
 * ```
 *
 * @module
 */

export type { ProgressTask } from '../base/progress';
export type { ExecuteOptions, Experiment } from '../experiments/run/definition';
export type { Drawing, Finding } from '../experiments/run/report';
export { exportReport } from '../experiments/run/export';
export { findingsTable, type Verdict } from '../experiments/run/findings';
export type { DataSource, Origin, Provenance, ProvenancePart, Work } from '../report/provenance';
export type { Machine } from '../report/machine';
