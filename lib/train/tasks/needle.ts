// Finding facts in a text: passages of a corpus' training documents, with facts in them and a
// question about each at the end. Answers alone are trained; whole documents are kept for the
// evaluation.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { type BatchSource, drawnBatches } from '../../data/batches';
import {
  checkNeedleShape,
  lineTokens,
  type NeedleShape,
  needleTokens,
  writeNeedles,
} from '../../data/needle';
import { getTokenizer } from '../../data/tokenizers/registry';
import { type Corpus } from '../../data/tokens/corpus';
import { type Tokenizer } from '../../data/tokenizers/tokenizer';
import { documentSequence } from '../../data/tokens/sequence';
import { splitDocuments } from '../../data/tokens/split';
import { Random } from '../../engine/random/random';
import { evaluateNeedles } from '../../evaluate/needle';
import { weightedCrossEntropy } from '../../model/cross-entropy';
import { type Decoder, type ForwardOptions, headTable, hiddenStates } from '../../model/decoder';
import { corpusFields, otherCorpus, withCorpus } from './corpus';
import { withRandomInputs } from './random-inputs';
import { type LossFunction } from '../step/step';
import { type Task, type TaskContext, type TaskKind } from './task';

const count = z.int().min(1);

const schema = z
  .strictObject({
    kind: z.literal('needle'),
    ...corpusFields,
    /** Facts in each text, all of which are asked for. */
    facts: count.default(4),
    /** Texts of an evaluation. */
    testTexts: count.default(100),
  })
  .readonly();

/** Settings of the task. Texts have `trainLength` tokens, questions and answers included. */
export type NeedleTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const needleTask: TaskKind<NeedleTaskConfig> = {
  kind: 'needle',
  schema,
  metrics: ['accuracy'],
  size: ({ testTexts }, trainLength) => ({ time: trainLength, bytes: 8 * testTexts * trainLength }),
  create: async (config, context) => {
    const { trainLength: time } = context.decoder.architecture;
    checkNeedleShape({ time, facts: config.facts, asked: config.facts }, 'model.trainLength');
    const tokenizer = await getTokenizer(config.tokenizer);
    return withCorpus(config, context, (corpus) => taskOf(corpus, tokenizer, config, context));
  },
};

function taskOf(
  corpus: Corpus,
  tokenizer: Tokenizer,
  { validationShare, validationMinimum, facts, testTexts }: NeedleTaskConfig,
  { decoder, batchSize, seed, forward }: TaskContext,
): Task {
  const { trainLength: time } = decoder.architecture;
  const { training, validation } = splitDocuments(corpus.documents, {
    validationShare,
    minimumLength: validationMinimum ?? time,
  });
  const tokens = needleTokens(tokenizer);
  const [haystack, held] = [training, validation].map((documents) => documentSequence(corpus, documents));
  if (haystack === undefined || held === undefined || haystack.length < time)
    throw new ConfigError(`task.sources: fewer than ${time} tokens to train on; give more, or shorter texts`);
  const shape: NeedleShape = { time, facts, asked: facts };
  const random = Random.fromSeed(seed);
  const source = needleBatches((stream) => writeNeedles(haystack, tokens, shape, stream, batchSize), {
    corpus: corpus.info.sha256,
    shape,
    batch: batchSize,
    random: random.fork('needle texts'),
  });
  return {
    batches: withRandomInputs(source, decoder, time, random.fork('training inputs')),
    loss: answerLoss(decoder, facts, forward),
    evaluate: async (parameters) => {
      const texts = writeNeedles(
        held,
        tokens,
        { ...shape, asked: 1 },
        random.fork('evaluation texts'),
        testTexts,
      );
      const found = await evaluateNeedles(decoder, parameters, texts, time, random.fork('evaluation inputs'));
      return { accuracy: found.share };
    },
  };
}

/**
 * Makes the loss of answers: their summed cross-entropy. The head scores nothing else. A batch has
 * `ids`, [batch, time] int32, and the inputs of `withRandomInputs`.
 *
 * @param asked questions at the end of each text
 */
export function answerLoss(decoder: Decoder, asked: number, options: ForwardOptions = {}): LossFunction {
  const { hiddenSize } = decoder.architecture;
  return (parameters, { ids, dropoutSeed, drawnPositions }) =>
    tf.tidy(() => {
      const texts = present(ids, 'ids') as tf.Tensor2D;
      const [batch, time] = texts.shape;
      // Questions have equal lengths and end with their answers, so these are a column.
      const span = asked * lineTokens;
      const hidden = hiddenStates(decoder, parameters, texts, {
        ...options,
        ...(dropoutSeed && { dropoutSeed: dropoutSeed as tf.Tensor1D }),
        ...(drawnPositions && { drawnPositions: drawnPositions as tf.Tensor1D }),
      });
      const before = hidden
        .slice([0, time - 1 - span, 0], [batch, span, hiddenSize])
        .reshape<tf.Tensor4D>([batch, asked, lineTokens, hiddenSize])
        .slice([0, 0, lineTokens - 1, 0], [batch, asked, 1, hiddenSize]);
      const targets = texts
        .slice([0, time - span], [batch, span])
        .reshape<tf.Tensor3D>([batch, asked, lineTokens])
        .slice([0, 0, lineTokens - 1], [batch, asked, 1]);
      const prediction = {
        hidden: before.reshape<tf.Tensor2D>([-1, hiddenSize]),
        head: headTable(parameters),
        targets: targets.reshape<tf.Tensor1D>([-1]),
      };
      return weightedCrossEntropy(prediction, tf.ones([batch * asked]));
    });
}

/** Shape of batches, the identity of the corpus, and the random stream of the texts. */
export interface NeedleBatchOptions {
  readonly corpus: string;
  readonly shape: NeedleShape;
  readonly batch: number;
  readonly random: Random;
}

/**
 * Makes batches of new texts, without end.
 *
 * @returns batches with `ids`, [batch, time] int32
 */
export function needleBatches(
  write: (random: Random) => Int32Array,
  { corpus, shape: { time, asked }, batch, random }: NeedleBatchOptions,
): BatchSource {
  return drawnBatches(
    random,
    (stream) => ({
      arrays: { ids: { values: write(stream), shape: [batch, time] } },
      weight: batch * asked,
      tokens: batch * time,
    }),
    'needle batches',
    { field: 'corpus', identity: corpus, other: otherCorpus },
  );
}
