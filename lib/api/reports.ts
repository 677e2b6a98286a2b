/**
 * What comes of an item: findings, provenance, and its export to files.
 *
 * @module
 */

export type { ProgressTask } from '../base/progress';
export type { ExecuteOptions, Experiment } from '../experiments/run/experiment';
export type { Drawing, Finding } from '../experiments/run/report';
export { exportReport } from '../experiments/run/export';
export { findingsTable, type Verdict } from '../experiments/run/findings';
export type { DataSource, Machine, Origin, Provenance, ProvenancePart, Work } from '../report/provenance';
