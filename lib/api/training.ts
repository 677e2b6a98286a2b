/**
 * Trainings as values: configuration, loop, schedule and metrics.
 *
 * @example
 * ```ts
 * import { training } from 'bipe-workbench';
 *
 * const rates = { learningRate: 1e-3, warmupSteps: 2, finalFraction: 0 };
 * const schedule = { kind: 'linear', ...rates } as const;
 * console.log([1, 2, 3, 4].map((step) => training.learningRateAt(schedule, step, 4)));
 * ```
 *
 * @module
 */

export type { AdamWSettings, ParameterGroup } from '../train/step/adamw';
export type { ArithmeticTaskConfig } from '../train/tasks/arithmetic';
export type { Batch, BatchArray, BatchSource } from '../data/batches';
export { parseTrainingConfig, type TrainingConfig } from '../train/config';
export type { CorpusTaskConfig } from '../train/tasks/corpus';
export type { EarlyStopSettings } from '../train/step/early-stop';
export {
  type EvaluationMetrics,
  type MachineFigures,
  type MetricsLine,
  readMetrics,
  type TrainingMetrics,
} from '../train/metrics';
export type { TrainingPlan, TrainingResult, TrainingRun } from '../train/run';
export { learningRateAt, type ScheduleSettings } from '../train/step/schedule';
export type { LossFunction, Parameters } from '../train/step/step';
export type { StateSetsTaskConfig } from '../train/tasks/state-sets';
export type { TaskConfig } from '../train/tasks/registry';
export type { TextTaskConfig } from '../train/tasks/text';
export { train } from '../train/train';
export type { TrainModelOptions } from '../train/train-model';
