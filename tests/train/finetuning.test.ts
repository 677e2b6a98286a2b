import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../lib/base/errors';
import { projectRoot } from '../../lib/base/paths';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { loadCheckpoint, saveCheckpoint } from '../../lib/model/files/checkpoint';
import { createDecoder, type ModelConfig } from '../../lib/model/config';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { readMetrics } from '../../lib/train/metrics';
import { createTask } from '../../lib/train/tasks/registry';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { numbersOf } from './regression';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});

const encoding = { kind: 'bipe', intra: { kind: 'learned', rows: 14 }, inter: { kind: 'rope' } } as const;
const model = { ...smallConfig.model, encoding, separators: [[9]], dropout: 0 } as unknown as ModelConfig;

/** A model whose parameters are nothing that a training would draw. */
async function someCheckpoint(of: ModelConfig = model): Promise<string> {
  const folder = join(temporaryFolder(), 'checkpoint');
  const parameters = initialParameters(createDecoder(of).parameters, 0.3, Random.fromSeed(77));
  await saveCheckpoint(folder, of, parameters);
  disposeParameters(parameters);
  return folder;
}

function finetuningOf(initialCheckpoint: string, change: object = {}): TrainingConfig {
  return parseTrainingConfig({
    ...smallConfig,
    model,
    initialCheckpoint,
    steps: 4,
    schedule: { kind: 'constant', learningRate: 3e-3 },
    evaluateEvery: 4,
    ...change,
  });
}

async function lossesOf(folder: string): Promise<number[]> {
  return (await readMetrics(folder)).flatMap((line) => (line.kind === 'training' ? [line.loss] : []));
}

describe('a finetuning', () => {
  it("begins at the checkpoint's loss", async () => {
    const [checkpoint, folder] = [await someCheckpoint(), temporaryFolder()];
    const config = finetuningOf(checkpoint);
    await assertNoLeak(async () => {
      disposeParameters((await trainModel(config, { folder })).parameters);
    });
    const { decoder, parameters } = await loadCheckpoint(checkpoint);
    const { batches, loss } = await createTask(config.task, { decoder, batchSize: 8, seed: config.seed });
    const { arrays, weight } = await batches.next();
    const expected = tf.tidy(() => {
      const { ids, mask } = arrays;
      return loss(parameters, {
        ids: tf.tensor(ids?.values ?? [], [...(ids?.shape ?? [])], 'int32'),
        mask: tf.tensor(mask?.values ?? [], [...(mask?.shape ?? [])], 'float32'),
      }).dataSync()[0];
    });
    disposeParameters(parameters);
    const [first = NaN] = await lossesOf(folder);
    expect(first).toBeCloseTo((expected ?? NaN) / weight, 5);
    // Drawn parameters would be at the logarithm of the vocabulary.
    expect(Math.abs(first - Math.log(17))).toBeGreaterThan(0.05);
  });

  it('finds a relative path from the root of the repository', async () => {
    const [checkpoint, folder] = [await someCheckpoint(), temporaryFolder()];
    const config = finetuningOf(relative(projectRoot, checkpoint), { steps: 1, evaluateEvery: 1 });
    const { step, parameters } = await trainModel(config, { folder });
    expect(step).toBe(1);
    disposeParameters(parameters);
  });

  it('goes on from its own state when it is resumed, and needs the checkpoint no more', async () => {
    const checkpoint = await someCheckpoint();
    const config = finetuningOf(checkpoint);
    const [whole, stopped] = [join(temporaryFolder(), 'run'), join(temporaryFolder(), 'run')];
    const undisturbed = numbersOf((await trainModel(config, { folder: whole })).parameters);
    const stop = new AbortController();
    const interrupted = await trainModel(config, {
      folder: stopped,
      signal: stop.signal,
      onMetrics: ({ step }) => {
        if (step === 2) stop.abort();
      },
    });
    disposeParameters(interrupted.parameters);
    expect(interrupted.step).toBe(2);
    rmSync(checkpoint, { recursive: true });
    const resumed = await trainModel(config, { folder: stopped, resume: true });
    expect(numbersOf(resumed.parameters)).toEqual(undisturbed);
    expect(await lossesOf(stopped)).toEqual(await lossesOf(whole));
  });

  it('may have another length, another dropout and another scaling of the encoding', async () => {
    const scaled = { ...encoding, inter: { kind: 'rope', scaling: { type: 'linear', factor: 2 } } };
    const config = finetuningOf(await someCheckpoint(), {
      model: { ...model, trainLength: 28, dropout: 0.2, encoding: scaled },
      steps: 1,
      evaluateEvery: 1,
    });
    const { parameters, step } = await trainModel(config, { folder: temporaryFolder() });
    disposeParameters(parameters);
    expect(step).toBe(1);
  });

  it('may name the separators of a level in another order', async () => {
    const checkpoint = await someCheckpoint({ ...model, separators: [[8, 9]] });
    const config = finetuningOf(checkpoint, { model: { ...model, separators: [[9, 8]] }, steps: 1 });
    const { parameters, step } = await trainModel(config, { folder: temporaryFolder() });
    disposeParameters(parameters);
    expect(step).toBe(1);
  });

  it.each<[what: string, change: object, says: RegExp]>([
    [
      'another width',
      { hiddenSize: 32 },
      /model\.hiddenSize is 16 there, here it is 32; .*set it as it is there/,
    ],
    ['as many numbers in other heads', { numHeads: 4 }, /model\.numHeads is 2 there, here it is 4/],
    [
      'other separators',
      { separators: [[9, 8]] },
      /model\.separators is \[\[9\]\] there, here it is \[\[9,8\]\]/,
    ],
    [
      'another relative encoding, with no parameters either',
      { encoding: { ...encoding, inter: { kind: 'alibi' } } },
      /model\.encoding is .*"inter":"rope"\} there, here it is .*"inter":"alibi"\}/,
    ],
    [
      'a longer table of positions',
      { encoding: { ...encoding, intra: { kind: 'learned', rows: 20 } } },
      /model\.embeds\.0\.weight is \[14, 16\] there, here it is \[20, 16\]; set model\.encoding as it is there/,
    ],
  ])('of a model with %s is refused in one line, and leaves nothing behind', async (_, change, says) => {
    const [checkpoint, folder] = [await someCheckpoint(), join(temporaryFolder(), 'run')];
    const config = finetuningOf(checkpoint, { model: { ...model, ...change } });
    const error = await trainModel(config, { folder }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).toMatch(/^initialCheckpoint: [^\n]*$/);
    expect(existsSync(folder)).toBe(false);
  });

  it('of a checkpoint that is none, or damaged, is refused and leaves nothing behind', async () => {
    const [checkpoint, folder] = [await someCheckpoint(), join(temporaryFolder(), 'run')];
    const missing = finetuningOf(join(checkpoint, 'nowhere'));
    await expect(trainModel(missing, { folder })).rejects.toThrow(
      /nowhere\/config\.json: no such file; give/,
    );
    writeFileSync(join(checkpoint, 'model.safetensors'), 'no tensors');
    await assertNoLeak(() =>
      expect(trainModel(finetuningOf(checkpoint), { folder })).rejects.toThrow(/not a safetensors file/),
    );
    expect(existsSync(folder)).toBe(false);
  });
});
