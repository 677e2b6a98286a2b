// One model trained on the arithmetic task and asked questions: the unit of which Figure 3 is made.

import { z } from 'zod';
import { present } from '../../../base/present';
import { arithmeticLength } from '../../../data/arithmetic/generator';
import { distinctQuestions } from '../../../data/arithmetic/questions';
import { arithmeticSeparators, arithmeticVocabulary } from '../../../data/arithmetic/vocabulary';
import { Random } from '../../../engine/random/random';
import { evaluateArithmetic } from '../../../evaluate/arithmetic';
import { decoderGenerator } from '../../../evaluate/generator';
import { proportion, type Proportion } from '../../../evaluate/intervals';
import { arithmeticModelSize, type ModelConfig } from '../../../model/config';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';
import { createEncoding, encodingNamed } from '../../../positional/registry';
import { type TrainingConfig } from '../../../train/config';
import {
  clipNormField,
  count,
  dropoutField,
  productsField,
  type SettingsWith,
  trainingFields,
  variantsField,
} from '../../settings/fields';
import { type ModelPoint } from '../../run/compared-models';
import {
  trainedModel,
  trainedRun,
  type TrainedRunOptions,
  type TrainedRunSpec,
  type TrainingEvaluation,
  type TrainingFigures,
} from '../../run/trained-run';
import { trainingPlan } from '../../run/training-plan';

/** The fields of the settings that all runs of a comparison share. */
export const arithmeticFields = {
  variants: variantsField,
  operators: count.describe('the most operators of a training instance; 6 in the paper'),
  modulus: count.describe('numbers are counted modulo this prime; 11 in the paper'),
  ...trainingFields,
  accumulation: count.describe(
    'batches that make one update; its instances are ordered by length, so that each batch has little padding',
  ),
  clipNorm: clipNormField,
  products: productsField,
  dropout: dropoutField,
  instances: count
    .nullable()
    .describe('training instances, all different, gone through in epochs; null: new ones without end'),
  questions: count.describe('test questions for each number of operators, as far as there are so many'),
  longer: z.array(count).readonly().describe('numbers of operators beyond training that are asked too'),
  evaluations: count.describe('evaluations during training, after equally many steps each'),
  evaluationQuestions: count.describe(
    'questions of each of those, with as many operators as the longest of training',
  ),
};

/** Settings that all runs of a comparison share. */
export type ArithmeticRunSettings = SettingsWith<typeof arithmeticFields>;

/** Right answers among questions of so many operators. */
export interface OperatorsAccuracy {
  readonly operators: number;
  readonly accuracy: Proportion;
  /** Right answers by right steps alone. */
  readonly soundness: Proportion;
}

/** Right answers after so many instances of training. */
export interface InstancesAccuracy {
  readonly instances: number;
  readonly accuracy: Proportion;
}

/** The answers of a model. */
export interface ArithmeticAnswers {
  /** The most operators of a training instance. */
  readonly trainedOperators: number;
  /** Numbers there are to guess among. */
  readonly modulus: number;
  /** On questions with as many operators as the longest of training: what the paper counts. */
  readonly accuracy: Proportion;
  /** On the same questions: right answers by right steps alone. */
  readonly soundness: Proportion;
  /** Ascending; those beyond training last. */
  readonly byOperators: readonly OperatorsAccuracy[];
  /**
   * During training, on other questions with as many operators as the longest of training; the last
   * is at its end.
   */
  readonly byInstances: readonly InstancesAccuracy[];
}

/** The result of a run. */
export type ArithmeticRun = ModelPoint & ArithmeticAnswers & TrainingFigures;

const revision = 3;

function modelConfig(point: ModelPoint, settings: ArithmeticRunSettings): ModelConfig {
  const encoding = encodingNamed(point.encoding, settings.variants);
  const { levels } = createEncoding(encoding);
  return {
    ...arithmeticModelSize(point.hiddenSize, arithmeticLength(settings.operators)),
    vocabSize: arithmeticVocabulary(settings.modulus).size,
    separators: Array.from({ length: levels - 1 }, arithmeticSeparators),
    encoding,
    ...(settings.dropout === 0 ? {} : { dropout: settings.dropout }),
  };
}

/** The training of a run. */
export function arithmeticTraining(point: ModelPoint, settings: ArithmeticRunSettings): TrainingConfig {
  const { operators, modulus, instances, steps, evaluations, evaluationQuestions } = settings;
  return {
    model: modelConfig(point, settings),
    task: {
      kind: 'arithmetic',
      operators,
      modulus,
      // The questions of the comparison are others, and come after the training.
      testInstances: evaluationQuestions,
      testMix: 'exact',
      ...(instances === null ? {} : { instances }),
    },
    ...trainingPlan(settings, point.seed, 1000),
    evaluateEvery: Math.ceil(steps / evaluations),
  };
}

/** A run without its questions. */
function trainingOf(point: ModelPoint, settings: ArithmeticRunSettings) {
  return { item: 'arithmetic', revision, training: arithmeticTraining(point, settings) };
}

/**
 * The folder of a run's model, as `loadCheckpoint` reads it; of one that is not finished it is
 * trained first.
 *
 * @throws MachineError if the run was interrupted
 */
export function trainedArithmeticModel(
  point: ModelPoint,
  settings: ArithmeticRunSettings,
  options: TrainedRunOptions,
): Promise<string> {
  return trainedModel(trainingOf(point, settings), options);
}

/**
 * Trains a model, or goes on, or finds it finished; then asks it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function arithmeticRun(
  point: ModelPoint,
  settings: ArithmeticRunSettings,
  options: TrainedRunOptions,
): Promise<ArithmeticRun> {
  const { questions, longer } = settings;
  const run: TrainedRunSpec<ArithmeticAnswers> = {
    ...trainingOf(point, settings),
    label: `${point.encoding}, hidden size ${point.hiddenSize}`,
    asked: { questions, longer },
    ask: async (decoder, parameters, evaluations) => ({
      ...(await askArithmetic(point, settings, decoder, parameters)),
      byInstances: evaluations.map((one) => accuracyAfter(one, settings)),
    }),
  };
  return { ...point, ...(await trainedRun(run, options)) };
}

async function askArithmetic(
  point: ModelPoint,
  settings: ArithmeticRunSettings,
  decoder: Decoder,
  parameters: ModelParameters,
): Promise<Omit<ArithmeticAnswers, 'byInstances'>> {
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
  const longest = byOperators.find(({ operators }) => operators === settings.operators);
  const { accuracy, soundness } = present(longest, 'the trained number of operators');
  return { trainedOperators: settings.operators, modulus, accuracy, soundness, byOperators };
}

function accuracyAfter(
  { step, metrics }: TrainingEvaluation,
  settings: ArithmeticRunSettings,
): InstancesAccuracy {
  const { evaluationQuestions } = settings;
  const right = Math.round(present(metrics['accuracy'], 'accuracy') * evaluationQuestions);
  return {
    instances: step * instancesOfStep(settings),
    accuracy: proportion(right, evaluationQuestions),
  };
}

/** Instances that each update is made of. */
export function instancesOfStep({
  batchSize,
  accumulation,
}: Pick<ArithmeticRunSettings, 'batchSize' | 'accumulation'>): number {
  return batchSize * accumulation;
}

function operatorsAsked({ operators, longer }: ArithmeticRunSettings): number[] {
  return [...Array.from({ length: operators }, (_, index) => index + 1), ...longer];
}

/** A model's accuracy on questions of one length, after so many instances of training. */
export type AccuracyRow = Readonly<
  Record<'encoding', string> &
    Record<'hiddenSize' | 'seed' | 'instances' | 'operators' | 'accuracy' | 'low' | 'high', number>
> & {
  /** Right answers by right steps alone; counted at the end of training alone. */
  readonly rightSteps: number | null;
};

/**
 * A row for each model, seed and number of operators; before these, one for each evaluation during
 * training.
 */
export function accuracyRows(runs: readonly ArithmeticRun[]): AccuracyRow[] {
  return runs.flatMap(({ encoding, hiddenSize, seed, trainedOperators, byInstances, byOperators }) => {
    const point = { encoding, hiddenSize, seed };
    const shares = ({ share: accuracy, low, high }: Proportion) => ({ accuracy, low, high });
    const seen = byInstances.at(-1)?.instances ?? 0;
    return [
      ...byInstances.slice(0, -1).map(({ instances, accuracy }) => ({
        ...point,
        instances,
        operators: trainedOperators,
        ...shares(accuracy),
        rightSteps: null,
      })),
      ...byOperators.map(({ operators, accuracy, soundness }) => ({
        ...point,
        instances: seen,
        operators,
        ...shares(accuracy),
        rightSteps: soundness.share,
      })),
    ];
  });
}
