// What models are trained on, by name: each task gives batches, the loss on them, and what an evaluation measures. A new
// task is a function here and an entry in `taskKinds`; the configuration file and the command line then know it.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { readTextFile } from '../base/files';
import { present } from '../base/present';
import { storedArithmeticBatches, streamArithmeticBatches } from '../data/arithmetic/batches';
import { questionsOf } from '../data/arithmetic/file';
import { generateArithmeticSet } from '../data/arithmetic/set';
import { getTokenizer } from '../data/tokenizers/registry';
import { Random } from '../engine/random';
import { evaluateArithmetic } from '../evaluate/arithmetic';
import { decoderGenerator } from '../evaluate/generator';
import { type Decoder, type ForwardOptions } from '../model/decoder';
import { nextTokenLossSum } from '../model/loss';
import { type BatchSource } from './batches';
import { withRandomInputs } from './random-inputs';
import { type LossFunction, type Parameters } from './step';
import { textBatches } from './text-batches';

/** The arithmetic task (Feng et al. 2023). */
export interface ArithmeticTaskConfig {
  readonly kind: 'arithmetic';
  /** The most operators of an expression; 6 in the paper. */
  readonly operators: number;
  /** A prime; the paper's is 11. */
  readonly modulus: number;
  /** How many instances to store and go through in epochs; left out: new ones without end. */
  readonly instances?: number;
  /** Questions of an evaluation. */
  readonly testInstances: number;
}

/** The next token of a text. */
export interface TextTaskConfig {
  readonly kind: 'text';
  /** A UTF-8 file. */
  readonly file: string;
  readonly tokenizer: string;
  /** The share of the text, its end, that is kept for the evaluation. */
  readonly testShare: number;
}

/** A task as JSON: its `kind` and that kind's settings. */
export type TaskConfig = ArithmeticTaskConfig | TextTaskConfig;

const count = z.int().min(1);

/** Checks a task's configuration and fills in the defaults. */
export const taskSchema: z.ZodType<TaskConfig> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('arithmetic'),
    operators: count,
    modulus: z.int().default(11),
    instances: count.exactOptional(),
    testInstances: count.default(500),
  }),
  z.strictObject({
    kind: z.literal('text'),
    file: z.string(),
    tokenizer: z.string().default('bytes'),
    testShare: z.number().positive().lt(1).default(0.1),
  }),
]);

/** What a task is made for. */
export interface TaskContext {
  readonly decoder: Decoder;
  readonly batchSize: number;
  readonly seed: number;
}

/** A task, ready to train on. */
export interface Task {
  readonly batches: BatchSource;
  readonly loss: LossFunction;
  /** Numbers by name, e.g. `accuracy`. */
  readonly evaluate: (parameters: Parameters) => Promise<Readonly<Record<string, number>>>;
}

/**
 * The task that a configuration describes.
 *
 * @throws ConfigError if the model does not fit it
 */
export async function createTask(config: TaskConfig, context: TaskContext): Promise<Task> {
  return config.kind === 'arithmetic' ? arithmeticTask(config, context) : textTask(config, context);
}

function arithmeticTask(config: ArithmeticTaskConfig, { decoder, batchSize, seed }: TaskContext): Task {
  const { operators, modulus, instances, testInstances } = config;
  const order = { operators, modulus, batch: batchSize, seed };
  const source =
    instances === undefined
      ? streamArithmeticBatches(order)
      : storedArithmeticBatches(generateArithmeticSet({ operators, modulus, seed, count: instances }), order);
  const { vocabulary, time } = source;
  checkVocabulary(decoder, vocabulary.size, `the arithmetic task modulo ${modulus}`);
  const test = generateArithmeticSet({
    operators,
    modulus,
    seed,
    split: 'test',
    mix: 'under',
    count: testInstances,
  });
  const random = Random.fromSeed(seed);
  return {
    batches: withRandomInputs(source, decoder, time, random.fork('training inputs')),
    loss: nextTokens(decoder),
    evaluate: async (parameters) => {
      const generator = decoderGenerator(decoder, parameters, random.fork('evaluation inputs'));
      const { accuracy, soundness } = await evaluateArithmetic(generator, questionsOf(test), { vocabulary });
      return { accuracy: accuracy.share, soundness: soundness.share };
    },
  };
}

async function textTask(config: TextTaskConfig, { decoder, batchSize, seed }: TaskContext): Promise<Task> {
  const tokenizer = await getTokenizer(config.tokenizer);
  checkVocabulary(decoder, tokenizer.vocabularySize, `the tokenizer ${config.tokenizer}`);
  const time = decoder.architecture.trainLength + 1;
  const ids = tokenizer.encode(await readTextFile(config.file));
  const border = Math.round(ids.length * (1 - config.testShare));
  const [train, test] = [ids.subarray(0, border), ids.subarray(border)];
  if (Math.min(train.length, test.length) < time) {
    throw new ConfigError(
      `task.file: ${config.file} has ${ids.length} tokens, too few for training at ${time - 1} and an evaluation; take a longer text or a shorter trainLength`,
    );
  }
  const random = Random.fromSeed(seed);
  const source = textBatches(train, { batch: batchSize, time, random: random.fork('text batches') });
  const loss = nextTokens(decoder);
  return {
    batches: withRandomInputs(source, decoder, time, random.fork('training inputs')),
    loss,
    evaluate: async (parameters) => {
      const positions = random.fork('evaluation inputs');
      let [sum, weight] = [0, 0];
      const windows = Math.floor((test.length - 1) / (time - 1));
      for (let first = 0; first < windows; first += batchSize) {
        const rows = Math.min(batchSize, windows - first);
        const total = tf.tidy(() => {
          const window = (row: number): Int32Array =>
            test.subarray(row * (time - 1), row * (time - 1) + time);
          const values = Int32Array.from(
            Array.from({ length: rows }, (_, row) => [...window(first + row)]).flat(),
          );
          const drawn = decoder.encoding.drawPositions?.(time, () => positions.uniform());
          return loss(parameters, {
            ids: tf.tensor2d(values, [rows, time], 'int32'),
            ...(drawn && { drawnPositions: tf.tensor1d(drawn, 'int32') }),
          });
        });
        const [value = Number.NaN] = await total.data();
        total.dispose();
        sum += value;
        weight += rows * (time - 1);
      }
      return { loss: sum / weight, perplexity: Math.exp(sum / weight) };
    },
  };
}

/**
 * The summed cross-entropy of next tokens. A batch has `ids`, [batch, time] int32, and may have `mask`, how much each
 * token counts, [batch, time], and what `withRandomInputs` draws.
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

function checkVocabulary({ architecture }: Decoder, size: number, what: string): void {
  if (architecture.vocabSize !== size)
    throw new ConfigError(
      `model.vocabSize: ${architecture.vocabSize}, but ${what} has ${size} tokens; give ${size}`,
    );
}
