// Models that transformers 4.57 and 5.24 saved, some of them this project's that they changed,
// against what transformers computes (tests/golden/README.md).

import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { loadCheckpoint, loadTensors, readModelConfig } from '../../lib/model/files/checkpoint';
import { type ModelConfig } from '../../lib/model/config';
import { logits } from '../../lib/model/decoder';
import { huggingFaceJson } from '../../lib/model/files/hugging-face';
import { nextTokenLoss, nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters } from '../../lib/model/parameters';
import { temporaryFolder } from '../support/command';
import { useNativeEngine } from '../support/engine';
import { distance } from './small';

useNativeEngine();

const saved = projectPath('tests', 'golden', 'hf');
const resaved = projectPath('tests', 'golden', 'resaved');

interface Difference {
  readonly logits: number;
  /** Of the mean loss, where transformers gave it. */
  readonly loss: number;
  readonly config: ModelConfig;
}

/** How far a model's logits and loss are from those expected. */
async function difference(folder: string, expectedFile: string): Promise<Difference> {
  const { config, decoder, parameters } = await loadCheckpoint(folder);
  const { tensors } = await loadTensors(expectedFile);
  try {
    const differences = tf.tidy(() => {
      const ids = present(tensors.get('input_ids'), 'input_ids') as tf.Tensor2D;
      const wanted = present(tensors.get('logits'), 'logits');
      const times = tensors.get('times') as tf.Tensor1D | undefined;
      const all = logits(decoder, parameters, ids);
      const loss = nextTokenLoss(decoder, parameters, ids);
      return {
        logits: distance(times ? tf.gather(all, times, 1) : all, wanted),
        loss: distance(loss, tensors.get('loss')?.reshape([]) ?? loss),
      };
    });
    return { config, ...differences };
  } finally {
    disposeParameters(parameters);
    disposeParameters(tensors);
  }
}

describe('a model that transformers saved', () => {
  it.each(readdirSync(saved))('gives its logits: %s', async (name) => {
    const folder = join(saved, name);
    const found = await difference(folder, join(folder, 'expected.safetensors'));
    expect(found.logits).toBeLessThan(1e-4);
  });

  it('was made for as many tokens as it says', async () => {
    expect((await readModelConfig(join(saved, 'hf5_default'))).trainLength).toBe(64);
  });
});

describe("a model of this project's, opened by transformers", () => {
  const original: ModelConfig = {
    style: 'llama',
    vocabSize: 101,
    hiddenSize: 32,
    intermediateSize: 56,
    numLayers: 2,
    numHeads: 4,
    trainLength: 64,
    normEps: 1e-5,
    initializerRange: 0.15,
    tieEmbeddings: false,
    separators: [],
    logScale: false,
    encoding: { kind: 'rope' },
  };

  it('has the config.json that was opened', () => {
    const text = readFileSync(join(resaved, 'original', 'config.json'), 'utf8');
    expect(huggingFaceJson(original)).toBe(text);
  });

  const changes = readdirSync(resaved).filter((name) => name !== 'original' && !name.includes('.'));
  it.each(changes.flatMap((change) => ['4', '5'].map((version) => [change, version] as const)))(
    'and saved with another %s is the changed model, not what its own field says: transformers %s',
    async (change, version) => {
      const folder = temporaryFolder();
      copyFileSync(join(saved, 'hf4_default', 'model.safetensors'), join(folder, 'model.safetensors'));
      copyFileSync(join(resaved, change, `config.${version}.json`), join(folder, 'config.json'));
      const found = await difference(folder, join(resaved, change, 'expected.safetensors'));
      expect(found.logits).toBeLessThan(1e-4);
      expect(found.loss).toBeLessThan(1e-5);
      expect(found.config).not.toEqual(original);
    },
  );
});

describe('the loss under dynamic scaling', () => {
  it('is that of all tokens at once, the last one among them', async () => {
    const folder = temporaryFolder();
    copyFileSync(join(saved, 'hf4_default', 'model.safetensors'), join(folder, 'model.safetensors'));
    copyFileSync(join(resaved, 'dynamic', 'config.5.json'), join(folder, 'config.json'));
    const { decoder, parameters } = await loadCheckpoint(folder);
    tf.tidy(() => {
      const ids = tf.range(0, 97, 1, 'int32').expandDims<tf.Tensor2D>(0);
      const scores = logits(decoder, parameters, ids).slice([0, 0, 0], [1, 96, -1]);
      const chosen = tf.oneHot(ids.slice([0, 1], [1, 96]), 101);
      const wanted = tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), chosen), 2));
      expect(distance(nextTokenLosses(decoder, parameters, ids), wanted)).toBeLessThan(1e-5);
    });
    disposeParameters(parameters);
  });
});
