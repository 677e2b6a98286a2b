// What notebooks and other projects may use; everything else in lib is internal. The names that a
// notebook begins with stand here, all others in a namespace for each part of the library.

export { WorkbenchError } from './base/errors';
export { type Reporter, silentReporter, terminalReporter } from './base/progress';
export { startEngine } from './engine/engine';
export { Random } from './engine/random/random';
export { items } from './experiments/registry';
export { reproduce, type ReproduceOptions, showReport } from './experiments/reproduce';
export type { Report } from './experiments/run/report';
export { RunStore } from './experiments/run/store';
export { defaultPreset, type PresetName } from './experiments/settings/preset-names';
export { loadCheckpoint } from './model/files/checkpoint';
export { registerEncoding } from './positional/registry';
export type { Figure } from './report/figure';
export { showFigure, showTable } from './report/notebook/show';
export { plot, type PlotOptions } from './report/plot';
export { rowsTable, type TidyRow } from './report/rows';
export type { Table } from './report/tables';
export { trainModel } from './train/train-model';

export * as arithmetic from './api/arithmetic';
export * as automata from './api/automata';
export * as encodings from './api/encodings';
export * as engine from './api/engine';
export * as errors from './api/errors';
export * as evaluation from './api/evaluation';
export * as exercises from './api/exercises';
export * as figures from './api/figures';
export * as models from './api/models';
export * as paper from './api/paper';
export * as reports from './api/reports';
export * as scrolls from './api/scrolls';
export * as segments from './api/segments';
export * as tables from './api/tables';
export * as texts from './api/texts';
export * as theory from './api/theory';
export * as training from './api/training';
export * as widgets from './api/widgets';
