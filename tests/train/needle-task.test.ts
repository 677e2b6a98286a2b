// The task of finding facts: its loss against the plain one, and that it resumes.

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { present } from '../../lib/base/present';
import { needleTokens, type NeedleShape, writeNeedles } from '../../lib/data/needle';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { type Corpus } from '../../lib/data/tokens/corpus';
import { documentSequence } from '../../lib/data/tokens/sequence';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { evaluateNeedles } from '../../lib/evaluate/needle';
import { createDecoder } from '../../lib/model/config';
import { type Decoder, logits } from '../../lib/model/decoder';
import { nextTokenLossSum } from '../../lib/model/loss';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { batchTensors } from '../../lib/train/step/batches';
import { answerLoss, needleBatches } from '../../lib/train/tasks/needle';
import { createTask, taskMetrics } from '../../lib/train/tasks/registry';
import { corpusOf } from '../data/tokens.support';
import { temporaryFolder } from '../support/command';
import { smallConfig } from './small-config';

const vocabulary = 2048;
let corpus: Corpus;
beforeAll(async () => {
  await startEngine();
});
beforeEach(async () => {
  const random = Random.fromSeed(1);
  const document = (): number[] => Array.from(random.integerArray(400, 3, vocabulary));
  corpus = await corpusOf(temporaryFolder(), [document(), document(), document(), document()], vocabulary);
});
afterEach(() => {
  corpus.close();
});

function configWith(task: object = {}, model: object = {}): TrainingConfig {
  return parseTrainingConfig({
    ...smallConfig,
    model: {
      ...smallConfig.model,
      vocabSize: vocabulary,
      trainLength: 48,
      encoding: 'rope',
      dropout: 0,
      ...model,
    },
    task: {
      kind: 'needle',
      sources: ['test'],
      tokenizer: 'llama2-2048',
      validationShare: 0.3,
      facts: 3,
      testTexts: 10,
      ...task,
    },
  });
}

function contextOf(config: TrainingConfig) {
  return { decoder: createDecoder(config.model), batchSize: 4, seed: 5, corpus };
}

const isAnswer = (shape: NeedleShape, token: number): boolean =>
  Array.from({ length: shape.asked }, (_, question) => shape.time - 1 - 5 * question).includes(token);

describe('the loss of answers', () => {
  it.each(['rope', 'cope', 'randomized_rope'])(
    'is that of next tokens where all but answers weigh 0, with its gradients, for %s',
    async (encoding) => {
      const config = configWith({}, { encoding });
      const decoder = createDecoder(config.model);
      const parameters = initialParameters(decoder.parameters, 0.2, Random.fromSeed(2));
      const task = await createTask(config.task, contextOf(config));
      const inputs = batchTensors(await task.batches.next());
      const ids = inputs['ids'] as tf.Tensor2D;
      const [batch, time] = ids.shape;
      const shape = { time, facts: 3, asked: 3 };
      tf.tidy(() => {
        const weights = tf.tensor2d(
          Array.from({ length: batch }, () =>
            Array.from({ length: time }, (_, token) => (isAnswer(shape, token) ? 1 : 0)),
          ),
        );
        const drawnPositions = inputs['drawnPositions'] as tf.Tensor1D | undefined;
        const names = [...parameters.keys()];
        const both = [
          (own: ReadonlyMap<string, tf.Tensor>) => answerLoss(decoder, 3)(own, inputs),
          (own: ReadonlyMap<string, tf.Tensor>) =>
            nextTokenLossSum(decoder, own, ids, { weights, ...(drawnPositions && { drawnPositions }) }).sum,
        ].map((loss) =>
          tf.valueAndGrads((...values: tf.Tensor[]) =>
            loss(new Map(names.map((name, index) => [name, present(values[index], name)]))),
          )([...parameters.values()]),
        );
        const [own, plain] = both;
        expect(own?.value.dataSync()[0]).toBeCloseTo(plain?.value.dataSync()[0] ?? NaN, 3);
        own?.grads.forEach((gradient, index) => {
          const difference = tf.max(tf.abs(tf.sub(gradient, plain?.grads[index] ?? gradient)));
          expect(difference.dataSync()[0], names[index]).toBeLessThan(1e-4);
        });
      });
      tf.dispose(inputs);
      disposeParameters(parameters);
    },
  );
});

describe('batches of the needle task', () => {
  it('count the answers, and go on where they were saved', async () => {
    const tokens = needleTokens(await getTokenizer('llama2-2048'));
    const shape = { time: 48, facts: 2, asked: 2 };
    const haystack = documentSequence(corpus, corpus.documents);
    const sourceOf = (identity: string) =>
      needleBatches((random) => writeNeedles(haystack, tokens, shape, random, 4), {
        corpus: identity,
        shape,
        batch: 4,
        random: Random.fromSeed(3),
      });
    const source = sourceOf('a');
    const first = await source.next();
    expect([first.weight, first.tokens]).toEqual([8, 192]);
    const state = source.state();
    const second = await source.next();
    expect(second).not.toEqual(first);
    const resumed = sourceOf('a');
    resumed.restore(JSON.parse(JSON.stringify(state)));
    expect(await resumed.next()).toEqual(second);
    expect(() => {
      sourceOf('b').restore(state);
    }).toThrow(ConfigError);
  });
});

/** Right answers of a model by hand: its likeliest token after each question. */
async function rightByHand(
  decoder: Decoder,
  parameters: Map<string, tf.Tensor>,
  ids: Int32Array,
  time: number,
) {
  let right = 0;
  for (let start = 0; start < ids.length; start += time) {
    const text = ids.subarray(start, start + time);
    const scores = tf.tidy(() =>
      logits(decoder, parameters, tf.tensor2d(text.subarray(0, time - 1), [1, time - 1], 'int32'))
        .slice([0, time - 2, 0], [1, 1, -1])
        .argMax(2),
    );
    if ((await scores.data())[0] === text[time - 1]) right += 1;
    scores.dispose();
  }
  return right;
}

describe('the evaluation', () => {
  it('counts the texts whose likeliest token after the question is the answer', async () => {
    const decoder = createDecoder(configWith().model);
    const parameters = initialParameters(decoder.parameters, 0.2, Random.fromSeed(4));
    const time = 30;
    const tokens = needleTokens(await getTokenizer('llama2-2048'));
    const haystack = documentSequence(corpus, corpus.documents);
    const ids = writeNeedles(haystack, tokens, { time, facts: 1, asked: 1 }, Random.fromSeed(6), 20);
    // Half of the texts get the answer that the model gives, so that some are right.
    for (let text = 0; text < 10; text += 1) {
      const end = (text + 1) * time - 1;
      const said = tf.tidy(() =>
        logits(decoder, parameters, tf.tensor2d(ids.subarray(text * time, end), [1, time - 1], 'int32'))
          .slice([0, time - 2, 0], [1, 1, -1])
          .argMax(2)
          .dataSync(),
      );
      ids[end] = said[0] ?? 0;
    }
    const before = tf.memory().numTensors;
    const found = await evaluateNeedles(decoder, parameters, ids, time, Random.fromSeed(7));
    expect(tf.memory().numTensors).toBe(before);
    expect(found.trials).toBe(20);
    expect(found.successes).toBe(await rightByHand(decoder, parameters as never, ids, time));
    expect(found.successes).toBeGreaterThanOrEqual(10);
    disposeParameters(parameters);
  });
});

describe('the needle task', () => {
  it('measures the share of right answers, and leaves no tensor', async () => {
    const config = configWith();
    expect(taskMetrics(config.task)).toEqual(['accuracy']);
    const task = await createTask(config.task, contextOf(config));
    const parameters = initialParameters(createDecoder(config.model).parameters, 0.02, Random.fromSeed(8));
    await assertNoLeak(async () => {
      const { accuracy } = await task.evaluate(parameters);
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeLessThanOrEqual(1);
    });
    disposeParameters(parameters);
  });

  it.each([
    [{ facts: 5 }, {}, 'model.trainLength: 48 tokens hold no text beside 5 facts and 5 questions'],
    [{ tokenizer: 'llama2-1024' }, { vocabSize: 1024 }, 'is no token of it'],
    [{}, { vocabSize: 100 }, 'model.vocabSize: 100'],
    [{ validationMinimum: 20 }, {}, 'task.validationMinimum: 20 tokens are no block of 48'],
  ])('refuses %j with the model %j', async (task, model, message) => {
    const config = configWith(task, model);
    await expect(createTask(config.task, contextOf(config))).rejects.toThrow(message);
  });
});
