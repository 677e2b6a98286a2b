// One model that is trained and then asked something: the unit of which comparisons of trained models are made. Each is a run of its
// own in the run store: what is finished is not trained again, what was interrupted goes on.

import { join } from 'node:path';
import { DataError, MachineError } from '../base/errors';
import { withStopAdvice } from '../base/interrupt';
import { displayPath } from '../base/paths';
import { type Reporter } from '../base/progress';
import { libraryVersion } from '../base/version';
import { startEngine } from '../engine/engine';
import { createDecoder } from '../model/config';
import { type Decoder } from '../model/decoder';
import { disposeParameters, type ModelParameters, parameterCount } from '../model/parameters';
import {
  collectStoredProvenance,
  currentOrigin,
  type DataSource,
  joinParts,
  type Origin,
} from '../report/provenance';
import { type TrainingConfig } from '../train/config';
import { type MetricsLine, readMetrics } from '../train/metrics';
import { trainModel } from '../train/train-model';
import { type RunConfiguration, type RunStore } from './run-store';
import { askedPart, beginSession, trainingParts } from './training-sessions';

/** A training, and what its model is asked. */
export interface TrainedRunSpec<Answers> {
  /** The run's name in the store; its training's is that and `-training`. */
  readonly item: string;
  /** Raise it when the computation changes. */
  readonly revision: number;
  /** Which of a comparison's models it is, for the provenance: no part of what is kept. */
  readonly label: string;
  readonly training: TrainingConfig;
  /** What the training reads, with checksums; none if left out. */
  readonly data?: readonly DataSource[];
  /** What the answers depend on beside the training. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** What it gives is kept, so it has no names in it that neither the training nor `asked` has. */
  readonly ask: (decoder: Decoder, parameters: ModelParameters) => Promise<Answers>;
}

/** What is known of every trained model. */
export interface TrainingFigures {
  /** How many numbers were trained. */
  readonly parameters: number;
  /** Mean training loss of a prediction, over the steps since the point before. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

/** How a run is made. */
export interface TrainedRunOptions {
  readonly store: RunStore;
  readonly reporter: Reporter;
  /** Train and ask anew, even if it is all there. */
  readonly fresh?: boolean;
  /** Told each point of the training curve as it is measured; of one that goes on, at once those that were measured before. */
  readonly onCurve?: (step: number, loss: number) => void;
}

type Training = Pick<TrainedRunSpec<unknown>, 'item' | 'revision' | 'training' | 'data'>;

/** What a training depends on. What its model is asked later does not matter: other questions find it trained. */
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
  const { store, reporter, fresh = false } = options;
  const configuration = { item, revision, libraryVersion, settings: { training, ...asked }, data };
  if (fresh) {
    await store.forget(configuration);
    await store.forget(trainingOf(spec));
  }
  const run = store.folderOf(configuration);
  const folder = store.folderOf(trainingOf(spec));
  const finished = await store.findOrRun<Answers & TrainingFigures>(
    configuration,
    async () => {
      const startedAt = Date.now();
      const engine = await startEngine({ reporter });
      // Looked up now: training may end beside other files than it began with.
      const origin = currentOrigin({ engine: engine.description, captured: engine.captures });
      const { result, trainedFor } = await withStopAdvice(
        `what was trained is kept; to go on, run the cell again${fresh ? ' without fresh' : ''}`,
        () => trainAndAsk(spec, folder, origin, options),
      );
      const seconds = (Date.now() - startedAt) / 1000;
      const provenance = collectStoredProvenance({
        item,
        startedAt,
        data,
        seeds: [training.seed],
        steps: training.steps,
        origin,
        parts: joinParts([...(await trainingParts(folder)), askedPart(origin, run, seconds - trainedFor)]),
        secondsInParts: seconds,
      });
      return { result, provenance };
    },
    { label, reporter },
  );
  return finished.result;
}

interface Outcome<Answers> {
  readonly result: Answers & TrainingFigures;
  /** Seconds of training now; of one that was found finished, 0. */
  readonly trainedFor: number;
}

async function trainAndAsk<Answers extends object>(
  spec: TrainedRunSpec<Answers>,
  folder: string,
  origin: Origin,
  { reporter, onCurve }: TrainedRunOptions,
): Promise<Outcome<Answers>> {
  let begunAt: number | undefined;
  const tell = (line: MetricsLine): void => {
    if (line.kind === 'training') onCurve?.(line.step, line.loss);
  };
  const { outcome, parameters } = await trainModel(spec.training, {
    folder,
    resume: true,
    reporter,
    onBegin: async (position) => {
      begunAt = position.seconds;
      await beginSession(folder, position, origin);
      // A curve that is drawn anew has what was trained before, too.
      (await readMetrics(folder)).forEach(tell);
    },
    onMetrics: tell,
  });
  try {
    if (outcome === 'interrupted')
      throw new MachineError('training was interrupted; the same command continues where it stopped');
    const decoder = createDecoder(spec.training.model);
    const answers = await spec.ask(decoder, parameters);
    const all = await readMetrics(folder);
    const lines = all.filter((line) => line.kind === 'training');
    if (lines.length === 0)
      throw new DataError(
        `${displayPath(folder)}: the metrics of this training are gone; delete the folder to train anew`,
      );
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
