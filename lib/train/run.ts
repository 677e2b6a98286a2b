// A training run: its plan, its parts, its progress and its result.

import { type Reporter } from '../base/progress';
import { type BatchSource } from '../data/batches';
import { type ProductType } from '../engine/graph/program';
import { type MetricsLine } from './metrics';
import { type AdamWSettings, type ParameterShape } from './step/adamw';
import { type EarlyStopSettings } from './step/early-stop';
import { type ScheduleSettings } from './step/schedule';
import { type LossFunction, type Parameters } from './step/step';

/** Length and settings of a training. */
export interface TrainingPlan {
  /** Updates of the parameters. */
  readonly steps: number;
  /** Batches whose gradients make one update. Default 1. */
  readonly accumulation?: number;
  readonly optimizer: AdamWSettings;
  readonly schedule: ScheduleSettings;
  /** The largest global norm of the gradient. Default: no clipping. */
  readonly clipNorm?: number;
  /**
   * Precision of factors and results of a step's matrix products. Everything else, and every
   * evaluation, is float32. `bfloat16` needs an engine that captures steps as graphs. Default
   * `float32`.
   */
  readonly products?: ProductType;
  /** Steps between two lines of metrics. The loss is read from the device only then. */
  readonly logEvery: number;
  /** Steps between two checkpoints; there is one at the end in any case. */
  readonly checkpointEvery: number;
  /** Steps between two evaluations; there is one after the last step in any case. */
  readonly evaluateEvery?: number;
  readonly earlyStop?: EarlyStopSettings;
}

/** Parts of a training run: parameters, loss, batches, and the folder where it is kept. */
export interface TrainingRun {
  /** The run's folder: `config.json`, `metrics.jsonl`, TensorBoard events, `checkpoint/`. */
  readonly folder: string;
  /** Everything that the run's numbers depend on, as JSON: kept, and compared on resuming. */
  readonly config: unknown;
  /** First words of messages about the settings, e.g. their file. Default `training`. */
  readonly where?: string;
  /**
   * Continues the run in the folder from its last checkpoint, if there is one. Default: a run that
   * is there is an error.
   */
  readonly resume?: boolean;
  readonly plan: TrainingPlan;
  /** Trained parameters, in the order of a checkpoint. */
  readonly parameters: readonly ParameterShape[];
  /**
   * Gives the parameters before training. Called once, unless the folder's checkpoint has others;
   * the trainer disposes them.
   */
  readonly initial: () => Parameters;
  readonly loss: LossFunction;
  readonly batches: BatchSource;
  /**
   * Measures numbers by name. It must dispose what it makes, and depend on nothing but the
   * parameters and the step.
   */
  readonly evaluate?: (parameters: Parameters, step: number) => Promise<Readonly<Record<string, number>>>;
  /**
   * Writes the model alone, for those who use it, into `checkpoint/` and, with an early stop,
   * `best/`. A resumed run calls it at once: the run's state decides what its models are, not the
   * files that a killed process left.
   *
   * @param step after which the parameters were these
   */
  readonly exportModel?: (folder: string, parameters: Parameters, step: number) => Promise<void>;
  /** Default `captured`: whole steps run as one native graph where the backend can do that. */
  readonly execution?: 'captured' | 'eager';
  readonly reporter?: Reporter;
  /** Called before the first step of this process, unless nothing is left to do. */
  readonly onBegin?: (position: TrainingPosition) => Promise<void>;
  /** Called with each line of metrics as it is written, e.g. to draw a live curve. */
  readonly onMetrics?: (line: MetricsLine) => void;
  /**
   * Stops after the current batch, with a checkpoint of the last whole step. Default: the
   * notebook's stop button.
   */
  readonly signal?: AbortSignal;
}

/** Progress of a training. */
export interface TrainingPosition {
  readonly step: number;
  /** Seconds of training and evaluation so far, without pauses. */
  readonly seconds: number;
}

/** Result of a training. */
export interface TrainingResult {
  readonly outcome: 'finished' | 'stopped early' | 'interrupted';
  /** Why, in words. */
  readonly reason: string;
  /** Steps done in all. */
  readonly step: number;
  /** Best value of the metric that an early stop watches. */
  readonly best?: { readonly value: number; readonly step: number };
  /** The trained parameters, the caller's to dispose. */
  readonly parameters: Parameters;
}
