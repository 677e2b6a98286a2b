import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../lib/base/files';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { createDecoder } from '../../lib/model/config';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { withRandomInputs } from '../../lib/train/tasks/random-inputs';
import { createTask, taskMetrics } from '../../lib/train/tasks/registry';
import { readMetrics } from '../../lib/train/metrics';
import { textBatches } from '../../lib/train/tasks/text';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { numbersOf, points } from './regression';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});

function configWith(change: object): TrainingConfig {
  const schedule = { kind: 'constant', learningRate: 3e-3 };
  return parseTrainingConfig({
    ...smallConfig,
    schedule,
    evaluateEvery: 1000,
    checkpointEvery: 1000,
    ...change,
  });
}

const bytesModel = { ...smallConfig.model, vocabSize: 256, encoding: 'alibi', dropout: 0 };

describe('trainModel', () => {
  it('learns a text that repeats itself, and saves the model it returns', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'text.txt');
    writeFileSync(file, 'to be or not '.repeat(60));
    const config = configWith({
      model: bytesModel,
      task: { kind: 'text', file },
      steps: 120,
      schedule: { kind: 'constant', learningRate: 1e-2 },
      logEvery: 40,
    });
    await assertNoLeak(async () => {
      const run = join(folder, 'run');
      const { parameters } = await trainModel(config, { folder: run });
      const evaluation = (await readMetrics(run)).at(-1);
      expect(evaluation?.kind === 'evaluation' && evaluation.metrics['perplexity']).toBeLessThan(1.5);
      const saved = await loadCheckpoint(join(run, 'checkpoint'));
      expect(saved.config).toMatchObject({ ...bytesModel, encoding: config.model.encoding });
      expect(numbersOf(saved.parameters)).toEqual(numbersOf(parameters));
    });
  });

  it('gives other parameters and other data to another seed, the same to the same', async () => {
    const lossesOf = async (seed: number): Promise<unknown[]> => {
      const folder = temporaryFolder();
      const { parameters } = await trainModel(configWith({ seed, steps: 4 }), { folder });
      disposeParameters(parameters);
      return (await readMetrics(folder)).map((line) => ({ ...line, machine: undefined }));
    };
    const first = await lossesOf(1);
    expect(await lossesOf(1)).toEqual(first);
    expect(await lossesOf(2)).not.toEqual(first);
  });

  it('takes the same course when blocks are computed again in the backward pass', async () => {
    const [all, again] = await Promise.all(
      [{}, { remember: 'block-inputs' }].map(async (change) => {
        const folder = temporaryFolder();
        disposeParameters((await trainModel(configWith({ ...change, steps: 5 }), { folder })).parameters);
        return (await readMetrics(folder)).flatMap((line) => (line.kind === 'training' ? [line.loss] : []));
      }),
    );
    expect(all).toHaveLength(5);
    all?.forEach((loss, step) => {
      expect(again?.[step]).toBeCloseTo(loss, 5);
    });
  });
});

describe('a task', () => {
  it.each(['arithmetic', 'text'])('measures what it names: %s', async (kind) => {
    const file = join(temporaryFolder(), 'text.txt');
    writeFileSync(file, 'to be or not '.repeat(60));
    const config = configWith(kind === 'text' ? { model: bytesModel, task: { kind, file } } : {});
    const decoder = createDecoder(config.model);
    const parameters = initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
    const { evaluate } = await createTask(config.task, { decoder, batchSize: 4, seed: 1 });
    expect(Object.keys(await evaluate(parameters))).toEqual(taskMetrics(config.task));
    disposeParameters(parameters);
  });

  it('longer than the positions of a randomized encoding is refused before anything is written', async () => {
    const folder = join(temporaryFolder(), 'run');
    const withPositions = (maxPosition: number): TrainingConfig =>
      configWith({
        model: {
          ...smallConfig.model,
          encoding: { kind: 'randomized', encoding: { kind: 'rope' }, maxPosition },
        },
        steps: 2,
      });
    await expect(trainModel(withPositions(13), { folder })).rejects.toThrow(
      /14 tokens do not fit into maxPosition 13; raise maxPosition/,
    );
    expect(existsSync(folder)).toBe(false);
    const { parameters, step } = await trainModel(withPositions(14), { folder });
    expect(step).toBe(2);
    disposeParameters(parameters);
  });
});

describe('the text task', () => {
  it('evaluates every token of the end of the text once', async () => {
    const file = join(temporaryFolder(), 'text.txt');
    const text = Array.from(Random.fromSeed(4).integerArray(300, 97, 123), (code) =>
      String.fromCharCode(code),
    ).join('');
    writeFileSync(file, text);
    const config = configWith({ model: bytesModel, task: { kind: 'text', file, testShare: 0.3 } });
    const decoder = createDecoder(config.model);
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    const { evaluate, batches } = await createTask(config.task, { decoder, batchSize: 4, seed: 1 });
    const { loss, perplexity } = await evaluate(parameters);
    expect(await batches.next()).toMatchObject({ weight: 4 * 14, tokens: 4 * 15 });
    // 90 tokens hold six windows of 14 predictions; the border tokens are in two windows.
    const test = Array.from(Buffer.from(text.slice(-90)));
    const losses = tf.tidy(() =>
      Array.from({ length: 6 }, (_, window) =>
        nextTokenLosses(
          decoder,
          parameters,
          tf.tensor2d([test.slice(14 * window, 14 * window + 15)], [1, 15], 'int32'),
        ).arraySync(),
      ).flat(2),
    );
    expect(loss).toBeCloseTo(losses.reduce((sum, one) => sum + one, 0) / losses.length, 4);
    expect(perplexity).toBeCloseTo(Math.exp(loss ?? NaN), 6);
    disposeParameters(parameters);
  });

  it('is not resumed with another text', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'text.txt');
    const config = configWith({ model: bytesModel, task: { kind: 'text', file }, steps: 2 });
    for (const [text, says] of [
      ['to be or not '.repeat(60), undefined],
      ['to be or knot '.repeat(60), /the run to resume was trained on another text; resume with that one/],
    ] as const) {
      writeFileSync(file, text);
      const run = trainModel(config, { folder: join(folder, 'run'), resume: true });
      if (says === undefined) disposeParameters((await run).parameters);
      else await expect(run).rejects.toThrow(says);
    }
  });

  it('knows its text by the SHA-256 of its ids as int32', () => {
    const ids = Int32Array.from({ length: 3_000_000 }, (_, index) => index % 251);
    const { state } = textBatches(ids, { batch: 1, time: 9, random: Random.fromSeed(1) });
    expect(state()).toMatchObject({ text: sha256(new Uint8Array(ids.buffer)) });
  });

  it('says when a text is too short', async () => {
    const file = join(temporaryFolder(), 'text.txt');
    writeFileSync(file, 'short');
    const config = configWith({ model: bytesModel, task: { kind: 'text', file } });
    await expect(trainModel(config, { folder: temporaryFolder() })).rejects.toThrow(/has 5 tokens, too few/);
  });
});

describe('random inputs', () => {
  const decoder = createDecoder(parseTrainingConfig(smallConfig).model);

  it('are drawn anew for each batch, and go on exactly where their state was taken', async () => {
    const make = () => withRandomInputs(points(4), decoder, 14, Random.fromSeed(9));
    const source = make();
    const first = await source.next();
    const state = JSON.parse(JSON.stringify(source.state())) as unknown;
    const second = await source.next();
    const { dropoutSeed, drawnPositions } = second.arrays;
    expect(dropoutSeed?.shape).toEqual([2]);
    expect(drawnPositions?.shape).toEqual([14]);
    expect(dropoutSeed).not.toEqual(first.arrays['dropoutSeed']);
    expect(drawnPositions).not.toEqual(first.arrays['drawnPositions']);
    const resumed = make();
    resumed.restore(state);
    expect(await resumed.next()).toEqual(second);
    expect(await resumed.next()).toEqual(await source.next());
  });

  it('are left out where a model wants none', () => {
    const { model } = parseTrainingConfig({ ...smallConfig, model: bytesModel });
    const source = points(4);
    expect(withRandomInputs(source, createDecoder(model), 14, Random.fromSeed(9))).toBe(source);
  });
});
