// Answering: rows of SCROLLS, or of a quick task of the same shape, as prompted sequences whose
// outputs are to be predicted. Used for finetuning; generated answers are scored afterwards
// (lib/evaluate/prompted.ts).

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { present } from '../../base/present';
import { padded, promptedBatches, sequenceOf } from '../../data/scrolls/batches';
import { openPromptedRows, promptedDataSchema } from '../../data/scrolls/prompted-data';
import { type RowSource } from '../../data/scrolls/row-source';
import { sequenceOptions, type SequenceOptions } from '../../data/scrolls/sequence';
import { getTokenizer } from '../../data/tokenizers/registry';
import { Random } from '../../engine/random/random';
import { type Decoder } from '../../model/decoder';
import { batchTensors } from '../step/batches';
import { withRandomInputs } from './random-inputs';
import { type LossFunction, type Parameters } from '../step/step';
import { checkVocabulary, nextTokens, type Task, type TaskContext, type TaskKind } from './task';

const count = z.int().min(1);

const schema = z
  .strictObject({
    kind: z.literal('prompted'),
    data: promptedDataSchema,
    tokenizer: z.string().default('llama2'),
    /** The longest sequence, its output included; 8,192 in the paper. */
    maxTokens: count,
    /** Tokens of it that are reserved for the output and its end. */
    outputTokens: count,
    /** Training weight of an input token; an output token has 1. */
    inputWeight: z.number().min(0).max(1).default(0),
    /** Rows of an evaluation, drawn from the validation split. */
    testRows: count.default(200),
  })
  .readonly();

/** Settings of the task. */
export type PromptedTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const promptedTask: TaskKind<PromptedTaskConfig> = {
  kind: 'prompted',
  schema,
  metrics: ['loss'],
  size: ({ maxTokens }) => ({ time: maxTokens, bytes: 0 }),
  create,
};

async function create(
  config: PromptedTaskConfig,
  { decoder, batchSize, seed, forward }: TaskContext,
): Promise<Task> {
  const { data, maxTokens, outputTokens, inputWeight, testRows } = config;
  const tokenizer = await getTokenizer(config.tokenizer);
  checkVocabulary(decoder, tokenizer.vocabularySize, `the tokenizer ${config.tokenizer}`);
  const options = sequenceOptions({ tokenizer, maxTokens, outputTokens });
  const rows = await openPromptedRows(data, 'train');
  const held = await openPromptedRows(data, 'validation');
  // Random positions are drawn for whole sequences, which then must have one length.
  const lengths = decoder.encoding.drawPositions === undefined ? 4 : 1;
  const source = promptedBatches(rows, { ...options, batch: batchSize, seed, lengths, inputWeight });
  const random = Random.fromSeed(seed);
  const loss = nextTokens(decoder, forward);
  const drawn = random.fork('evaluation rows').permutation(held.count).slice(0, testRows);
  // Errors of an evaluation should appear before hours of training.
  await sequenceOf(held, present(drawn[0], 'row of an evaluation'), options);
  return {
    batches: withRandomInputs(source, decoder, maxTokens, random.fork('training inputs')),
    loss,
    evaluate: async (parameters) => {
      const positions = random.fork('evaluation inputs');
      const asked = { rows: held, drawn, batch: batchSize, lengths, options };
      return { loss: await meanLoss(decoder, loss, parameters, asked, positions) };
    },
  };
}

interface AskedRows {
  readonly rows: RowSource;
  /** Their indices. */
  readonly drawn: Int32Array;
  readonly batch: number;
  readonly lengths: number;
  readonly options: SequenceOptions;
}

/** The mean loss of output tokens. */
async function meanLoss(
  decoder: Decoder,
  loss: LossFunction,
  parameters: Parameters,
  { rows, drawn, batch, lengths, options }: AskedRows,
  random: Random,
): Promise<number> {
  let [sum, weight] = [0, 0];
  for (let first = 0; first < drawn.length; first += batch) {
    const sequences = await Promise.all(
      Array.from(drawn.subarray(first, first + batch), (row) => sequenceOf(rows, row, options)),
    );
    const given = padded(sequences, { ...options, lengths });
    const positions = decoder.encoding.drawPositions?.(options.maxTokens, () => random.uniform());
    const total = tf.tidy(() =>
      loss(parameters, {
        ...batchTensors(given),
        ...(positions && { drawnPositions: tf.tensor1d(positions, 'int32') }),
      }),
    );
    sum += (await total.data())[0] ?? Number.NaN;
    weight += given.weight;
    total.dispose();
  }
  return sum / weight;
}
