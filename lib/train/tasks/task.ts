// What a task is to the trainer: something that gives batches, the loss on them, and what an
// evaluation measures. A new one is a file beside `arithmetic.ts` and a line in `registry.ts`;
// configuration files and `bipe train` then know it.

import type * as tf from '@tensorflow/tfjs';
import { type z } from 'zod';
import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { type Reporter } from '../../base/progress';
import { type Corpus } from '../../data/tokens/corpus';
import { type Decoder, type ForwardOptions } from '../../model/decoder';
import { nextTokenLossSum } from '../../model/loss';
import { type BatchSource } from '../step/batches';
import { type LossFunction, type Parameters } from '../step/step';

/** A task, ready to train on. */
export interface Task {
  readonly batches: BatchSource;
  readonly loss: LossFunction;
  /** A number for each of the kind's `metrics`. Depends on nothing but the parameters. */
  readonly evaluate: (parameters: Parameters) => Promise<Readonly<Record<string, number>>>;
  /** Gives back what the task holds open, if anything. */
  readonly close?: () => void;
}

/** What a task is made for. */
export interface TaskContext {
  readonly decoder: Decoder;
  readonly batchSize: number;
  readonly seed: number;
  /** How the loss is to be computed. */
  readonly forward?: ForwardOptions;
  /** Told how the task's data is being made. */
  readonly reporter?: Reporter;
  /** The corpus that the settings name, open; it stays so. Left out: the task opens its own. */
  readonly corpus?: Corpus;
}

/** What a task keeps in memory. */
export interface TaskSize {
  /** Tokens of the longest sequence of a batch. */
  readonly time: number;
  /** Bytes of the data that its settings ask for. */
  readonly bytes: number;
}

/** One kind of task: its settings as JSON, and how it is made of them. */
export interface TaskKind<Config extends { readonly kind: string }> {
  readonly kind: Config['kind'];
  /** Checks the settings and fills in the defaults. */
  readonly schema: z.ZodType<Config>;
  /** The names of what an evaluation measures: what an early stop may watch. */
  readonly metrics: readonly string[];
  /** Known before anything of it is made. */
  readonly size: (config: Config, trainLength: number) => TaskSize;
  /** @throws ConfigError if the model does not fit the task */
  readonly create: (config: Config, context: TaskContext) => Task | Promise<Task>;
}

/**
 * The summed cross-entropy of next tokens. A batch has `ids`, [batch, time] int32, and may have
 * `mask`, how much each token counts, [batch, time], and what `withRandomInputs` draws.
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
 * Makes sure that a model has the tokens of a task, and a head for what the task predicts.
 *
 * @param predicted how many numbers are predicted at a token, where it is not the next one
 * @throws ConfigError if it has more or fewer
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
