// The interface of tasks: a task gives batches, the loss on them, and the metrics of an evaluation.
// A new one is a file beside `arithmetic.ts` and a line in `registry.ts`; configuration files and
// `bipe train` then know it.

import type * as tf from '@tensorflow/tfjs';
import { type z } from 'zod';
import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { type Reporter } from '../../base/progress';
import { type BatchSource } from '../../data/batches';
import { type Corpus } from '../../data/tokens/corpus';
import { type Decoder, type ForwardOptions } from '../../model/decoder';
import { nextTokenLossSum } from '../../model/loss';
import { type LossFunction, type Parameters } from '../step/step';

/** A task, ready to train on. */
export interface Task {
  readonly batches: BatchSource;
  readonly loss: LossFunction;
  /** Measures each of the kind's `metrics`. Depends on nothing but the parameters. */
  readonly evaluate: (parameters: Parameters) => Promise<Readonly<Record<string, number>>>;
  /** Releases open files, if any. */
  readonly close?: () => void;
}

/** The context that a task is made for. */
export interface TaskContext {
  readonly decoder: Decoder;
  readonly batchSize: number;
  /** Batches whose gradients make one update. Default 1. */
  readonly accumulation?: number;
  readonly seed: number;
  /** Options of the loss's forward pass. */
  readonly forward?: ForwardOptions;
  /** Shows the progress of making the task's data. */
  readonly reporter?: Reporter;
  /** The corpus that the settings name, open; it stays so. Left out: the task opens its own. */
  readonly corpus?: Corpus;
}

/** Memory of a task. */
export interface TaskSize {
  /** Tokens of the longest sequence of a batch. */
  readonly time: number;
  /** Bytes of its data. */
  readonly bytes: number;
}

/** A kind of task: its settings as JSON, and the function that makes it from them. */
export interface TaskKind<Config extends { readonly kind: string }> {
  readonly kind: Config['kind'];
  /** Checks the settings and fills in the defaults. */
  readonly schema: z.ZodType<Config>;
  /** Names of an evaluation's metrics, which an early stop may watch. */
  readonly metrics: readonly string[];
  /** Its memory, known before anything is made. */
  readonly size: (config: Config, trainLength: number) => TaskSize;
  /** @throws ConfigError if the model does not fit the task */
  readonly create: (config: Config, context: TaskContext) => Task | Promise<Task>;
}

/**
 * Makes the loss of next tokens: their summed cross-entropy. A batch has `ids`, [batch, time]
 * int32, and may have `mask`, the weight of each token, [batch, time], and the inputs of
 * `withRandomInputs`.
 */
export function nextTokens(decoder: Decoder, options: ForwardOptions = {}): LossFunction {
  return (parameters, { ids, mask, dropoutSeed, drawnPositions }) =>
    nextTokenLossSum(decoder, parameters, present(ids, 'ids') as tf.Tensor2D, {
      ...options,
      ...(mask && { weights: mask as tf.Tensor2D }),
      ...(dropoutSeed && { dropoutSeed: dropoutSeed as tf.Tensor1D }),
      ...(drawnPositions && { drawnPositions: drawnPositions as tf.Tensor1D }),
    }).sum;
}

/**
 * Makes sure that a model's vocabulary and head fit a task.
 *
 * @param predicted numbers predicted at each token, if not the next token
 * @throws ConfigError if they do not
 */
export function checkVocabulary(
  { architecture: { vocabSize, outputs } }: Decoder,
  size: number,
  what: string,
  predicted?: number,
): void {
  if (vocabSize !== size)
    throw new ConfigError(`model.vocabSize: ${vocabSize}, but ${what} has ${size} tokens; give ${size}`);
  if (outputs === predicted) return;
  throw new ConfigError(
    predicted === undefined
      ? `model.outputs: ${outputs ?? size}, but ${what} predicts the next token; leave it out`
      : `model.outputs: ${outputs ?? 'left out'}, but ${what} predicts ${predicted} numbers; give ${predicted}`,
  );
}
