// A whole training as one checked JSON file: model, task, optimizer, schedule, and how often to
// measure.

import { z } from 'zod';
import { countUpTo, errorAt, parseWith } from '../base/schema';
import { unknownName } from '../base/suggest';
import { type ModelConfig, modelConfigSchema, parseModelConfig } from '../model/config';
import { defaultAdamW } from './step/adamw';
import { type TaskConfig, taskMetrics, taskSchema } from './tasks/registry';
import { type TrainingPlan } from './run';

/** Everything that a training's numbers depend on. */
export interface TrainingConfig extends TrainingPlan {
  readonly model: ModelConfig;
  readonly task: TaskConfig;
  /** Sequences of a batch. */
  readonly batchSize: number;
  /**
   * Tensors kept for a step's backward pass: every intermediate value, or each block's input alone,
   * from which the block is computed again, slower but in a fraction of the memory. Default `all`.
   */
  readonly remember?: 'all' | 'block-inputs';
  /**
   * For finetuning: folder of the checkpoint to start from; a relative path counts from the
   * repository's root. Left out: the parameters are drawn.
   */
  readonly initialCheckpoint?: string;
  /**
   * Seed of everything random: first values of the parameters if they are drawn, the data and their
   * order, dropout.
   */
  readonly seed: number;
}

const count = z.int().min(1);
const share = z.number().min(0).lt(1);

const optimizerSchema = z.strictObject({
  beta1: share.default(defaultAdamW.beta1),
  beta2: share.default(defaultAdamW.beta2),
  epsilon: z.number().positive().default(defaultAdamW.epsilon),
  weightDecay: z.number().min(0).default(defaultAdamW.weightDecay),
  groups: z
    .array(
      z.strictObject({
        match: z.string(),
        weightDecay: z.number().min(0).exactOptional(),
        learningRateFactor: z.number().min(0).exactOptional(),
      }),
    )
    .default([]),
});

const earlyStopSchema = z
  .strictObject({
    metric: z.string(),
    better: z.enum(['larger', 'smaller']),
    patience: count.exactOptional(),
    target: z.number().exactOptional(),
  })
  .refine(({ patience, target }) => patience !== undefined || target !== undefined, {
    error: 'says neither when it is good enough nor when to give up; give a target, a patience, or both',
  });

/** Checks a training's configuration and fills in the defaults. */
export const trainingConfigSchema: z.ZodType<TrainingConfig> = z
  .strictObject({
    model: modelConfigSchema,
    task: taskSchema,
    batchSize: countUpTo(2 ** 31 - 1),
    remember: z.enum(['all', 'block-inputs']).exactOptional(),
    initialCheckpoint: z.string().min(1).exactOptional(),
    seed: z.int().min(0).default(0),
    steps: count,
    accumulation: count.default(1),
    optimizer: optimizerSchema.prefault({}),
    schedule: z.strictObject({
      kind: z.enum(['constant', 'linear', 'cosine']).default('linear'),
      learningRate: z.number().positive(),
      warmupSteps: z.int().min(0).default(0),
      finalFraction: z.number().min(0).max(1).default(0),
    }),
    clipNorm: z.number().positive().exactOptional(),
    products: z.enum(['float32', 'bfloat16']).exactOptional(),
    logEvery: count.default(100),
    checkpointEvery: count.default(1000),
    evaluateEvery: count.exactOptional(),
    earlyStop: earlyStopSchema.exactOptional(),
  })
  .superRefine(({ task, steps, schedule, evaluateEvery, earlyStop }, context) => {
    const fail = (path: string[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const { warmupSteps } = schedule;
    if (warmupSteps > steps)
      fail(
        ['schedule', 'warmupSteps'],
        `${warmupSteps} of only ${steps} steps, so learningRate is never reached; give ${steps} at most`,
      );
    if (earlyStop === undefined) return;
    const metrics = taskMetrics(task);
    if (!metrics.includes(earlyStop.metric))
      fail(['earlyStop', 'metric'], unknownName('metric', earlyStop.metric, metrics).message);
    if (evaluateEvery === undefined || evaluateEvery >= steps)
      fail(['earlyStop'], `nothing is evaluated before the last step; set evaluateEvery below ${steps}`);
  });

/**
 * Checks a training's configuration and fills in the defaults.
 *
 * @param where first words of the message, e.g. the file it is from
 * @throws ConfigError naming the field
 */
export function parseTrainingConfig(value: unknown, where = 'training'): TrainingConfig {
  const config = parseWith(trainingConfigSchema, value, where);
  try {
    parseModelConfig(config.model, `${where}: model`);
  } catch (error) {
    throw errorAt(where, error);
  }
  return config;
}
