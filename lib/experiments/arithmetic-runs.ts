// One model trained on the arithmetic task and asked questions: the unit of which Figure 3 is made. Each is a run of
// its own in the run store: what is finished is not trained again, what was interrupted goes on.

import { join } from 'node:path';
import { MachineError } from '../base/errors';
import { type Reporter } from '../base/progress';
import { libraryVersion } from '../base/version';
import { arithmeticLength } from '../data/arithmetic/generator';
import { distinctQuestions } from '../data/arithmetic/questions';
import { arithmeticSeparators, arithmeticVocabulary } from '../data/arithmetic/vocabulary';
import { startEngine } from '../engine/engine';
import { type ProductType } from '../engine/graph/program';
import { Random } from '../engine/random';
import { evaluateArithmetic } from '../evaluate/arithmetic';
import { decoderGenerator } from '../evaluate/generator';
import { type Proportion } from '../evaluate/intervals';
import { arithmeticModelSize, createDecoder, type ModelConfig } from '../model/config';
import { disposeParameters, parameterCount } from '../model/parameters';
import { createEncoding, type EncodingConfig, encodingNamed } from '../positional/registry';
import { collectProvenance } from '../report/provenance';
import { defaultAdamW } from '../train/adamw';
import { type TrainingConfig } from '../train/config';
import { readMetrics } from '../train/metrics';
import { trainModel } from '../train/train-model';
import { type RunConfiguration, type RunStore } from './run-store';

/** What all runs of a comparison share. */
export interface ArithmeticRunSettings {
  /** Encodings by names that the registry does not have, as for ablations, or has with other settings. */
  readonly variants: Readonly<Record<string, EncodingConfig>>;
  /** The most operators of a training instance; 6 in the paper. */
  readonly operators: number;
  /** A prime; 11 in the paper. */
  readonly modulus: number;
  /** Updates of the parameters. */
  readonly steps: number;
  readonly batchSize: number;
  /** The highest, after the warm-up; it then falls linearly to 0. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** The largest norm of the gradient; null: no clipping. */
  readonly clipNorm: number | null;
  /** What training rounds matrix products to; questions are asked in float32. Default `float32`. */
  readonly products?: ProductType;
  readonly dropout: number;
  /** Training instances, no two alike, stored and gone through in epochs; null: new ones without end. */
  readonly instances: number | null;
  /** Test questions for each number of operators, as far as there are so many different ones. */
  readonly questions: number;
  /** Numbers of operators beyond training that are asked too. */
  readonly longer: readonly number[];
}

/** What differs between runs. */
export interface ArithmeticRunPoint {
  /** A name of the encodings' registry, or of the variants. */
  readonly encoding: string;
  readonly hiddenSize: number;
  readonly seed: number;
}

/** Right answers among questions of so many operators. */
export interface OperatorsAccuracy {
  readonly operators: number;
  readonly accuracy: Proportion;
  /** Right answers by right steps alone. */
  readonly soundness: Proportion;
}

/** What came of a run. */
export interface ArithmeticRun extends ArithmeticRunPoint {
  /** The most operators of a training instance. */
  readonly trainedOperators: number;
  /** Numbers there are to guess among. */
  readonly modulus: number;
  /** How many numbers were trained. */
  readonly parameters: number;
  /** Mean training loss of a predicted token, over the steps since the point before. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  /** On questions with as many operators as the longest of training: what the paper counts. */
  readonly accuracy: Proportion;
  /** On the same questions: right answers by right steps alone. */
  readonly soundness: Proportion;
  /** Ascending; those beyond training last. */
  readonly byOperators: readonly OperatorsAccuracy[];
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

/** How a run is made. */
export interface ArithmeticRunOptions {
  readonly store: RunStore;
  readonly reporter: Reporter;
  /** Train and ask anew, even if it is all there. */
  readonly fresh?: boolean;
  /** Told each point of the training curve as it is measured. */
  readonly onCurve?: (step: number, loss: number) => void;
}

const revision = 2;

function modelConfig(point: ArithmeticRunPoint, settings: ArithmeticRunSettings): ModelConfig {
  const encoding = settings.variants[point.encoding] ?? encodingNamed(point.encoding);
  const { levels } = createEncoding(encoding);
  return {
    ...arithmeticModelSize(point.hiddenSize, arithmeticLength(settings.operators)),
    vocabSize: arithmeticVocabulary(settings.modulus).size,
    separators: Array.from({ length: levels - 1 }, arithmeticSeparators),
    encoding,
    ...(settings.dropout === 0 ? {} : { dropout: settings.dropout }),
  };
}

function trainingConfig(point: ArithmeticRunPoint, settings: ArithmeticRunSettings): TrainingConfig {
  const { operators, modulus, steps, batchSize, learningRate, warmupSteps, clipNorm, products, instances } =
    settings;
  return {
    model: modelConfig(point, settings),
    task: {
      kind: 'arithmetic',
      operators,
      modulus,
      // A glance at the end of training; the questions of the comparison come after it.
      testInstances: 100,
      ...(instances === null ? {} : { instances }),
    },
    batchSize,
    seed: point.seed,
    steps,
    accumulation: 1,
    optimizer: defaultAdamW,
    schedule: { kind: 'linear', learningRate, warmupSteps, finalFraction: 0 },
    ...(clipNorm === null ? {} : { clipNorm }),
    ...(products === 'bfloat16' ? { products } : {}),
    logEvery: Math.max(1, Math.round(steps / 50)),
    checkpointEvery: Math.max(1, Math.min(1000, Math.round(steps / 4))),
  };
}

/** The folder of a run's model, as `loadCheckpoint` reads it, finished or not. */
export function arithmeticCheckpoint(
  point: ArithmeticRunPoint,
  settings: ArithmeticRunSettings,
  store: RunStore,
): string {
  return join(store.folderOf(trainingOf(point, settings)), 'checkpoint');
}

/** What a training depends on. What its model is asked later does not matter: other questions find it trained. */
function trainingOf(point: ArithmeticRunPoint, settings: ArithmeticRunSettings): RunConfiguration {
  const training = trainingConfig(point, settings);
  return { item: 'arithmetic-training', revision, libraryVersion, settings: training, data: [] };
}

function configurationOf(point: ArithmeticRunPoint, settings: ArithmeticRunSettings): RunConfiguration {
  const { questions, longer } = settings;
  const training = trainingConfig(point, settings);
  return {
    item: 'arithmetic',
    revision,
    libraryVersion,
    settings: { training, questions, longer },
    data: [],
  };
}

/**
 * Trains a model, or goes on, or finds it finished; then asks it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function arithmeticRun(
  point: ArithmeticRunPoint,
  settings: ArithmeticRunSettings,
  options: ArithmeticRunOptions,
): Promise<ArithmeticRun> {
  const { store, reporter, fresh = false } = options;
  const configuration = configurationOf(point, settings);
  if (fresh) {
    await store.forget(configuration);
    await store.forget(trainingOf(point, settings));
  }
  const finished = await store.findOrRun(configuration, async () => {
    const startedAt = Date.now();
    const engine = await startEngine({ reporter });
    const result = await trainAndAsk(point, settings, options);
    const provenance = collectProvenance({
      item: 'arithmetic',
      preset: `${point.encoding}, hidden size ${point.hiddenSize}`,
      scale: 'One model of a comparison.',
      startedAt,
      seeds: [point.seed],
      steps: settings.steps,
      engine: engine.description,
      captured: engine.captures,
    });
    return { result, provenance };
  });
  return finished.result;
}

async function trainAndAsk(
  point: ArithmeticRunPoint,
  settings: ArithmeticRunSettings,
  { store, reporter, onCurve }: ArithmeticRunOptions,
): Promise<ArithmeticRun> {
  const config = trainingConfig(point, settings);
  const folder = store.folderOf(trainingOf(point, settings));
  const { outcome, parameters } = await trainModel(config, {
    folder,
    resume: true,
    reporter,
    onMetrics: (line) => {
      if (line.kind === 'training') onCurve?.(line.step, line.loss);
    },
  });
  try {
    if (outcome === 'interrupted')
      throw new MachineError('training was interrupted; the same command continues where it stopped');
    const decoder = createDecoder(config.model);
    const { modulus, questions } = settings;
    const byOperators: OperatorsAccuracy[] = [];
    for (const operators of operatorsAsked(settings)) {
      // The same questions for every model.
      const asked = distinctQuestions({ operators, modulus, count: questions, seed: 0 });
      const generator = decoderGenerator(decoder, parameters, Random.fromSeed(point.seed).fork('questions'));
      const { accuracy, soundness } = await evaluateArithmetic(generator, asked, {
        vocabulary: arithmeticVocabulary(modulus),
      });
      byOperators.push({ operators, accuracy, soundness });
    }
    const lines = (await readMetrics(folder)).filter((line) => line.kind === 'training');
    const paces = lines.map((line) => line.machine.tokensPerSecond).sort((a, b) => a - b);
    const asked = byOperators.find(({ operators }) => operators === settings.operators);
    if (asked === undefined) throw new Error('the trained number of operators was not asked');
    return {
      ...point,
      trainedOperators: settings.operators,
      modulus,
      parameters: parameterCount(decoder.parameters),
      curve: lines.map(({ step, loss }) => ({ step, loss })),
      accuracy: asked.accuracy,
      soundness: asked.soundness,
      byOperators,
      tokensPerSecond: paces[paces.length >> 1] ?? 0,
      seconds: lines.at(-1)?.machine.seconds ?? 0,
    };
  } finally {
    disposeParameters(parameters);
  }
}

function operatorsAsked({ operators, longer }: ArithmeticRunSettings): number[] {
  return [...Array.from({ length: operators }, (_, index) => index + 1), ...longer];
}
