import { join } from 'node:path';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { blockStarts } from '../../lib/data/tokens/blocks';
import { type Corpus } from '../../lib/data/tokens/corpus';
import { prepareCorpus } from '../../lib/data/tokens/prepare';
import { documentSequence } from '../../lib/data/tokens/sequence';
import { splitDocuments } from '../../lib/data/tokens/split';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { evaluatePerplexity } from '../../lib/evaluate/perplexity';
import { createDecoder } from '../../lib/model/config';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { beginnings, blockBatches, type CorpusTaskConfig } from '../../lib/train/tasks/corpus';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { readMetrics } from '../../lib/train/metrics';
import { withRandomInputs } from '../../lib/train/tasks/random-inputs';
import { createTask, taskMetrics } from '../../lib/train/tasks/registry';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { installedSource } from '../data/tokens.support';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});
beforeEach(() => {
  const datasets = temporaryFolder();
  installedSource(datasets);
  vi.stubEnv('BIPE_DATASETS', datasets);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const source = { sources: ['commander'], tokenizer: 'bytes' };
const length = 32;

function configWith(task: Partial<CorpusTaskConfig> = {}, change: object = {}): TrainingConfig {
  return parseTrainingConfig({
    ...smallConfig,
    model: { ...smallConfig.model, vocabSize: 256, trainLength: length, encoding: 'alibi', dropout: 0 },
    task: { kind: 'corpus', ...source, validationShare: 0.1, ...task },
    schedule: { kind: 'constant', learningRate: 3e-3 },
    steps: 6,
    checkpointEvery: 3,
    evaluateEvery: 3,
    ...change,
  });
}

/** The ids of a batch's rows. */
async function rowsOf(batches: { next: () => unknown }): Promise<number[][]> {
  const { arrays } = (await batches.next()) as { arrays: { ids: { values: Int32Array; shape: number[] } } };
  const [rows = 0, time = 0] = arrays.ids.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(arrays.ids.values.subarray(row * time, (row + 1) * time)),
  );
}

/** A sequence in which each id is its place. */
const counting = {
  length: 1000,
  subarray: (start: number, end: number) =>
    Int32Array.from({ length: end - start }, (_, index) => start + index),
};

describe('batches of blocks', () => {
  it('have every block once an epoch, in another order each, and go on exactly where they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(12),
        async (blocks, batch, before) => {
          const make = (seed = 5): ReturnType<typeof blockBatches> =>
            blockBatches(counting, {
              corpus: 'c',
              starts: Float64Array.from({ length: blocks }, (_, block) => 7 * block),
              batch,
              length: 7,
              random: Random.fromSeed(seed),
            });
          const source = make();
          const rows: number[][] = [];
          while (rows.length < 2 * blocks) rows.push(...(await rowsOf(source)));
          expect(
            rows.every(([first = 0, ...rest]) => rest.every((id, place) => id === first + place + 1)),
          ).toBe(true);
          const firsts = rows.map(([first]) => first);
          const epochs = [firsts.slice(0, blocks), firsts.slice(blocks, 2 * blocks)];
          // The orders are those of the seed's streams, from epoch 0 on.
          const wanted = [0, 1].map((epoch) =>
            Array.from(Random.fromSeed(5).fork(`epoch ${epoch}`).permutation(blocks), (block) => 7 * block),
          );
          expect(epochs).toEqual(wanted);

          const stopped = make();
          for (let step = 0; step < before; step += 1) await stopped.next();
          const resumed = make();
          resumed.restore(JSON.parse(JSON.stringify(stopped.state())));
          for (let step = 0; step < 5; step += 1) expect(await resumed.next()).toEqual(await stopped.next());
        },
      ),
      { numRuns: 60 },
    );
  });

  it('count the predictions of the released code: all tokens of a block but the first', async () => {
    const batches = blockBatches(counting, {
      corpus: 'c',
      starts: Float64Array.of(0, 10),
      batch: 3,
      length: 10,
      random: Random.fromSeed(1),
    });
    expect(await batches.next()).toMatchObject({ weight: 27, tokens: 30 });
  });

  it('are not resumed on another corpus', () => {
    const make = (corpus: string): ReturnType<typeof blockBatches> =>
      blockBatches(counting, {
        corpus,
        starts: Float64Array.of(0),
        batch: 1,
        length: 2,
        random: Random.fromSeed(1),
      });
    expect(() => {
      make('another').restore(make('one').state());
    }).toThrow('task.sources: the run to resume was trained on other tokens; resume with the same texts');
  });
});

describe('the corpus task', () => {
  async function corpus(): Promise<Corpus> {
    return prepareCorpus(source);
  }

  it('trains on blocks of the training documents and on nothing else', async () => {
    for (const blocks of ['concatenated', 'documents'] as const) {
      const config = configWith({ blocks });
      const whole = await corpus();
      const { training } = splitDocuments(whole.documents, { validationShare: 0.1, minimumLength: length });
      const sequence = documentSequence(whole, training);
      const expected = Array.from(blockStarts(training, length, blocks), (start) =>
        sequence.subarray(start, start + length).join(),
      );
      const decoder = createDecoder(config.model);
      const { batches, close } = await createTask(config.task, { decoder, batchSize: 50, seed: 1 });
      const seen: string[] = [];
      while (seen.length < expected.length) seen.push(...(await rowsOf(batches)).map((row) => row.join()));
      expect(seen.slice(0, expected.length).sort()).toEqual(expected.sort());
      close?.();
      whole.close();
    }
  });

  it('trains on the open corpus that it is given as on its own, and leaves it open', async () => {
    const { model, task: config } = configWith();
    const context = { decoder: createDecoder(model), batchSize: 3, seed: 8 };
    const whole = await corpus();
    const own = await createTask(config, context);
    const given = await createTask(config, { ...context, corpus: whole });
    for (let step = 0; step < 3; step += 1)
      expect(await given.batches.next()).toEqual(await own.batches.next());
    own.close?.();
    given.close?.();
    expect(whole.read(0, 4)).toHaveLength(4);
    // A training passes it on: without its sources nothing else could be opened.
    vi.stubEnv('BIPE_DATASETS', temporaryFolder());
    const folder = temporaryFolder();
    const { parameters } = await trainModel(configWith(), { folder, corpus: whole });
    disposeParameters(parameters);
    expect(whole.read(0, 4)).toHaveLength(4);
    whole.close();
  });

  it('draws blocks, and positions of training and evaluation, from the streams of its seed', async () => {
    const { model, task: checked } = configWith(
      {},
      { model: { ...configWith().model, encoding: 'randomized_rope' } },
    );
    const decoder = createDecoder(model);
    const random = Random.fromSeed(8);
    const whole = await corpus();
    const { training, validation } = splitDocuments(whole.documents, {
      validationShare: 0.1,
      minimumLength: length,
    });
    const blocks = blockBatches(documentSequence(whole, training), {
      corpus: whole.info.sha256,
      starts: blockStarts(training, length, 'concatenated'),
      batch: 3,
      length,
      random: random.fork('corpus blocks'),
    });
    const wanted = withRandomInputs(blocks, decoder, length, random.fork('training inputs'));
    const task = await createTask(checked, { decoder, batchSize: 3, seed: 8 });
    for (let step = 0; step < 3; step += 1) expect(await task.batches.next()).toEqual(await wanted.next());
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    const { loss } = await evaluatePerplexity(
      decoder,
      parameters,
      beginnings(whole, validation, length),
      length,
      {
        batch: 3,
        random: random.fork('evaluation inputs'),
      },
    );
    expect(await task.evaluate(parameters)).toEqual({ loss, perplexity: Math.exp(loss) });
    disposeParameters(parameters);
    task.close?.();
    whole.close();
  });

  it('measures the validation documents, block by block', async () => {
    const config = configWith({ validationShare: 0.02 });
    const decoder = createDecoder(config.model);
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    const task = await createTask(config.task, { decoder, batchSize: 4, seed: 1 });
    const measured = await task.evaluate(parameters);
    expect(Object.keys(measured)).toEqual(taskMetrics(config.task));
    expect(await task.evaluate(parameters)).toEqual(measured);
    task.close?.();
    const whole = await corpus();
    const { validation } = splitDocuments(whole.documents, { validationShare: 0.02, minimumLength: length });
    const each = Math.floor(100 / validation.length);
    const blocks = validation.flatMap(({ start, length: tokens }) =>
      Array.from({ length: Math.min(each, Math.floor(tokens / length)) }, (_, block) =>
        Array.from(whole.read(start + block * length, length)),
      ),
    );
    expect(blocks.length).toBeGreaterThan(10);
    const losses = tf
      .tidy(() => nextTokenLosses(decoder, parameters, tf.tensor2d(blocks, undefined, 'int32')).arraySync())
      .flat();
    expect(measured['loss']).toBeCloseTo(losses.reduce((sum, one) => sum + one, 0) / losses.length, 4);
    expect(measured['perplexity']).toBeCloseTo(Math.exp(measured['loss'] ?? NaN), 6);
    disposeParameters(parameters);
    whole.close();
  });

  it('measures the beginnings of documents from all over a corpus, about a hundred blocks', () => {
    const startsOf = (count: number): number[] => {
      const documents = Array.from({ length: count }, (_, place) => ({ start: 70 * place, length: 70 }));
      return beginnings({ read: (start) => Int32Array.of(start) }, documents, 32).map((sequence) => {
        expect(sequence.length).toBe(Math.min(70, 32 * Math.floor(100 / Math.min(count, 100))));
        return sequence.subarray(0, 1)[0] ?? NaN;
      });
    };
    expect(startsOf(3)).toEqual([0, 70, 140]);
    expect(startsOf(250)).toEqual(Array.from({ length: 100 }, (_, index) => 70 * Math.floor(2.5 * index)));
  });

  it('learns, and resumed it is the run that was never stopped, bit for bit', async () => {
    const config = configWith(
      {},
      {
        model: {
          ...smallConfig.model,
          vocabSize: 256,
          trainLength: length,
          encoding: 'randomized_rope',
        },
        steps: 12,
      },
    );
    const [whole, stopped] = [temporaryFolder(), temporaryFolder()];
    const linesOf = async (folder: string): Promise<unknown[]> =>
      (await readMetrics(folder)).map((line) => ({ ...line, machine: undefined }));
    await assertNoLeak(async () => {
      disposeParameters((await trainModel(config, { folder: join(whole, 'run') })).parameters);
    });
    const controller = new AbortController();
    const first = await trainModel(config, {
      folder: join(stopped, 'run'),
      signal: controller.signal,
      onMetrics: ({ step }) => {
        if (step === 5) controller.abort();
      },
    });
    expect(first.step).toBeLessThan(12);
    disposeParameters(first.parameters);
    const again = await trainModel(config, { folder: join(stopped, 'run'), resume: true });
    expect(again.step).toBe(12);
    disposeParameters(again.parameters);
    const lines = await linesOf(join(whole, 'run'));
    expect(await linesOf(join(stopped, 'run'))).toEqual(lines);
    const losses = lines.flatMap((line) => {
      const { kind, loss } = line as { kind: string; loss: number };
      return kind === 'training' ? [loss] : [];
    });
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });

  it('keeps no more tensors from one step or evaluation to the next', async () => {
    const config = configWith({}, { steps: 9, evaluateEvery: 3, logEvery: 1 });
    const counts: number[] = [];
    const { parameters } = await trainModel(config, {
      folder: join(temporaryFolder(), 'run'),
      onMetrics: ({ kind }) => {
        if (kind === 'training') counts.push(tf.memory().numTensors);
      },
    });
    disposeParameters(parameters);
    expect(counts).toHaveLength(9);
    expect(new Set(counts.slice(1)).size).toBe(1);
  });

  it('says before a corpus is made what does not fit, and after it what is too short', async () => {
    const refuse = async (task: Partial<CorpusTaskConfig>, change: object, says: string): Promise<void> => {
      const { model, task: checked } = configWith(task, change);
      const made = createTask(checked, { decoder: createDecoder(model), batchSize: 2, seed: 1 });
      await expect(made).rejects.toThrow(ConfigError);
      await expect(made).rejects.toThrow(says);
    };
    const { model } = configWith();
    await refuse(
      { tokenizer: 'characters' },
      {},
      'model.vocabSize: 256, but the tokenizer characters has 98 tokens',
    );
    await refuse(
      { validationMinimum: 31 },
      {},
      'task.validationMinimum: 31 tokens are no block of 32, so nothing would be evaluated; give 32 or more',
    );
    await refuse({ validationMinimum: 1_000_000 }, {}, 'validation: no document has 1000000 tokens');
    await refuse(
      { maxTokens: 3500 },
      { model: { ...model, trainLength: 3000 } },
      'blocks of 3000 tokens: there is none',
    );
  });
});
