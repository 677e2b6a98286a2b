// One model that is trained and then asked something: the unit of which comparisons of trained
// models are made. Each is a run of its own in the run store: what is finished is not trained
// again, what was interrupted goes on.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError, ConfigError, DamagedRunError, MachineError } from '../../base/errors';
import { withStopAdvice } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { libraryVersion } from '../../base/version';
import { type Corpus } from '../../data/tokens/corpus';
import { startEngine } from '../../engine/engine';
import { checkCheckpoint, checkpointStep } from '../../model/files/checkpoint';
import { createDecoder } from '../../model/config';
import { type Decoder } from '../../model/decoder';
import { disposeParameters, type ModelParameters, parameterCount } from '../../model/parameters';
import { type DataSource, joinParts, type Origin } from '../../report/provenance';
import { type TrainingConfig } from '../../train/config';
import { statePath } from '../../train/checkpoint';
import { type EvaluationMetrics, hasMetrics, type MetricsLine, readMetrics } from '../../train/metrics';
import { type TrainingResult } from '../../train/run';
import { trainModel, type TrainModelOptions } from '../../train/train-model';
import { measured, type MeasuringContext, originNow } from './measured';
import { type RunConfiguration, type RunStore } from './store';
import { askedPart, beginSession, trainingParts } from './training-sessions';

/** What a training measured of its model after a step. */
export type TrainingEvaluation = Pick<EvaluationMetrics, 'step' | 'metrics'>;

/** A training, and what its model is asked. */
export interface TrainedRunSpec<Answers> {
  /** The run's name in the store; its training's is that and `-training`. */
  readonly item: string;
  /** Raise it when the computation changes. */
  readonly revision: number;
  /** Its name in the provenance of a comparison; no part of the result. */
  readonly label: string;
  readonly training: TrainingConfig;
  /** The data of the training, with checksums; none if left out. */
  readonly data?: readonly DataSource[];
  /** The corpus of a training on one, open. */
  readonly corpus?: Corpus;
  /** Everything that the answers depend on beside the training. */
  readonly asked: Readonly<Record<string, unknown>>;
  /**
   * Asks the model. Its answers are kept, so they have no names that neither the training nor
   * `asked` has.
   *
   * @param evaluations those of the training, by their steps
   */
  readonly ask: (
    decoder: Decoder,
    parameters: ModelParameters,
    evaluations: readonly TrainingEvaluation[],
  ) => Promise<Answers>;
}

/** Measurements of every trained model. */
export interface TrainingFigures {
  /** The number of trained parameters. */
  readonly parameters: number;
  /** Mean training loss of a prediction, over the steps since the point before. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

/** Options of a training. */
export interface TrainedRunOptions extends MeasuringContext {
  /**
   * Told each point of the training curve as it is measured; of one that goes on, at once those
   * that were measured before.
   */
  readonly onCurve?: (step: number, loss: number) => void;
  /** Makes what a training begins with; called before one that has not begun. */
  readonly onStart?: () => Promise<unknown>;
}

/** A training without what its model is asked. */
export type Training = Pick<TrainedRunSpec<unknown>, 'item' | 'revision' | 'training' | 'data' | 'corpus'>;

/**
 * Everything that a training depends on. Questions asked later do not matter: other questions find
 * the model trained.
 */
function trainingOf({ item, revision, training, data = [] }: Training): RunConfiguration {
  return { item: `${item}-training`, revision, libraryVersion, settings: training, data };
}

/** The folder of a run's model, as `loadCheckpoint` reads it, finished or not. */
export function trainedCheckpoint(training: Training, store: RunStore): string {
  return join(store.folderOf(trainingOf(training)), 'checkpoint');
}

/**
 * Trains a model, or goes on, or finds it finished; then asks it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function trainedRun<Answers extends object>(
  spec: TrainedRunSpec<Answers>,
  options: TrainedRunOptions,
): Promise<Answers & TrainingFigures> {
  const { item, revision, label, training, data = [], asked } = spec;
  const { store, fresh = false } = options;
  const configuration = { item, revision, libraryVersion, settings: { training, ...asked }, data };
  if (fresh) await store.forget(trainingOf(spec));
  const labels = { label, seeds: [training.seed], steps: training.steps };
  const { result } = await measured(options, configuration, labels, async (origin) => {
    const startedAt = Date.now();
    const answered = await withStopAdvice(adviceAfterStop(fresh), () => trainAndAsk(spec, origin, options));
    const seconds = (Date.now() - startedAt) / 1000;
    const asking = askedPart(origin, store.folderOf(configuration), seconds - answered.trainedFor);
    const trained = await trainingParts(store.folderOf(trainingOf(spec)));
    return { result: answered.result, parts: joinParts([...trained, asking]), secondsInParts: seconds };
  });
  return result;
}

/**
 * The folder of a finished training's model, as `loadCheckpoint` reads it. One that is damaged,
 * gone or not of the last step is written again from the training's state, or else trained further.
 *
 * @throws MachineError if the training was interrupted; LockedError if another process trains it
 */
export async function trainedModel(training: Training, options: TrainedRunOptions): Promise<string> {
  const folder = trainedCheckpoint(training, options.store);
  try {
    await checkCheckpoint(folder);
    await checkFinished(folder, training.training);
  } catch (error) {
    if (!(error instanceof CheckpointError || error instanceof ConfigError)) throw error;
    options.reporter.note(`damaged (${error.message}); made anew`, 'warning');
    const origin = originNow(await startEngine({ reporter: options.reporter }));
    const { outcome, parameters } = await trainOrMend(training, origin, options);
    disposeParameters(parameters);
    if (outcome === 'interrupted') throw interrupted();
  }
  return folder;
}

/**
 * Makes sure that a whole model is that of the last step. A result says that a model was trained,
 * but its folder may have been deleted since, and the model be made anew just now.
 */
async function checkFinished(folder: string, { steps }: TrainingConfig): Promise<void> {
  const step = await checkpointStep(folder);
  if (step === steps) return;
  const found = step === undefined ? 'does not say of which step it is' : `is of step ${step} of ${steps}`;
  throw new CheckpointError(`${displayPath(folder)}: the model ${found}`);
}

/** What a reader is told who stops a cell in which models are trained. */
export function adviceAfterStop(fresh: boolean): string {
  return `what was trained is kept; to go on, run the cell again${fresh ? ' without fresh' : ''}`;
}

function interrupted(): MachineError {
  return new MachineError('training was interrupted; the same command continues where it stopped');
}

interface Outcome<Answers> {
  readonly result: Answers & TrainingFigures;
  /** Seconds of training now; of one that was found finished, 0. */
  readonly trainedFor: number;
}

async function trainAndAsk<Answers extends object>(
  spec: TrainedRunSpec<Answers>,
  origin: Origin,
  options: TrainedRunOptions,
): Promise<Outcome<Answers>> {
  const { store, onCurve } = options;
  const folder = store.folderOf(trainingOf(spec));
  let begunAt: number | undefined;
  const tell = (line: MetricsLine): void => {
    if (line.kind === 'training') onCurve?.(line.step, line.loss);
  };
  const { outcome, parameters } = await trainOrMend(spec, origin, options, {
    onBegin: async (position) => {
      begunAt = position.seconds;
      // A curve that is drawn anew has what was trained before, too.
      (await readMetrics(folder)).forEach(tell);
    },
    onMetrics: tell,
  });
  try {
    if (outcome === 'interrupted') throw interrupted();
    const decoder = createDecoder(spec.training.model);
    const all = await readMetrics(folder);
    const evaluations = all.filter((line) => line.kind === 'evaluation');
    const answers = await spec.ask(decoder, parameters, evaluations);
    const lines = all.filter((line) => line.kind === 'training');
    const paces = lines.map((line) => line.machine.tokensPerSecond).sort((a, b) => a - b);
    return {
      result: {
        ...answers,
        parameters: parameterCount(decoder.parameters),
        curve: lines.map(({ step, loss }) => ({ step, loss })),
        tokensPerSecond: paces[paces.length >> 1] ?? 0,
        seconds: lines.at(-1)?.machine.seconds ?? 0,
      },
      trainedFor: begunAt === undefined ? 0 : (all.at(-1)?.machine.seconds ?? 0) - begunAt,
    };
  } finally {
    disposeParameters(parameters);
  }
}

/**
 * Trains, or goes on; a training whose files are not what it wrote is kept aside, and made anew.
 */
async function trainOrMend(
  training: Training,
  origin: Origin,
  { store, reporter, onStart }: TrainedRunOptions,
  { onBegin, onMetrics }: Pick<TrainModelOptions, 'onBegin' | 'onMetrics'> = {},
): Promise<TrainingResult> {
  const configuration = trainingOf(training);
  const folder = store.folderToCompute(configuration);
  const train = async (): Promise<TrainingResult> => {
    if (!existsSync(statePath(folder))) await onStart?.();
    return trainModel(training.training, {
      folder,
      resume: true,
      reporter,
      onBegin: async (position) => {
        await beginSession(folder, position, origin);
        await onBegin?.(position);
      },
      ...(onMetrics && { onMetrics }),
      ...(training.corpus && { corpus: training.corpus }),
    });
  };
  try {
    // Its curve is a part of the result.
    if (existsSync(statePath(folder)) && !hasMetrics(folder))
      throw new DamagedRunError(`${displayPath(folder)}: its metrics are gone`);
    return await train();
  } catch (error) {
    if (!(error instanceof DamagedRunError)) throw error;
    const aside = displayPath(await store.setAside(configuration));
    reporter.note(`damaged (${error.message}); trained anew, and what was there is in ${aside}`, 'warning');
    return train();
  }
}
