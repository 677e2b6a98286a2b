// Parts of configurations that the trainings of all comparisons share.

import { type ProductType } from '../../engine/graph/program';
import { type ModelConfig } from '../../model/config';
import { defaultAdamW } from '../../train/step/adamw';
import { type TrainingConfig } from '../../train/config';
import { type SettingsWith, type trainingFields } from '../settings/fields';
import { type ModelPoint } from './compared-models';

/** The settings of a comparison that decide how its models are trained. */
export interface TrainingSettings extends SettingsWith<typeof trainingFields> {
  readonly accumulation?: number;
  /** Default: it falls linearly to 0. */
  readonly schedule?: 'constant' | 'linear';
  readonly weightDecay?: number;
  readonly clipNorm: number | null;
  readonly products?: ProductType;
}

/**
 * A training without its model and its task.
 *
 * @param checkpointEvery at most so many steps are between two checkpoints
 */
export function trainingPlan(
  settings: TrainingSettings,
  seed: number,
  checkpointEvery: number,
): Omit<TrainingConfig, 'model' | 'task'> {
  const { steps, batchSize, accumulation = 1, learningRate, warmupSteps, schedule = 'linear' } = settings;
  const { weightDecay = defaultAdamW.weightDecay, clipNorm, products } = settings;
  return {
    batchSize,
    seed,
    steps,
    accumulation,
    optimizer: { ...defaultAdamW, weightDecay },
    schedule: { kind: schedule, learningRate, warmupSteps, finalFraction: 0 },
    ...(clipNorm === null ? {} : { clipNorm }),
    ...(products === 'bfloat16' ? { products } : {}),
    logEvery: Math.max(1, Math.round(steps / 50)),
    checkpointEvery: Math.max(1, Math.min(checkpointEvery, Math.round(steps / 4))),
  };
}

/** The model of a comparison, in the paper's style, without what its task decides. */
export function comparedModel(
  { hiddenSize }: Pick<ModelPoint, 'hiddenSize'>,
  { layers, heads }: { readonly layers: number; readonly heads: number },
): Omit<ModelConfig, 'vocabSize' | 'trainLength' | 'separators' | 'encoding'> {
  return {
    style: 'llama',
    hiddenSize,
    intermediateSize: 4 * hiddenSize,
    numLayers: layers,
    numHeads: heads,
    normEps: 1e-5,
    initializerRange: 0.02,
    tieEmbeddings: false,
    logScale: false,
  };
}
