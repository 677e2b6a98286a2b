// The same models on WebAssembly, which has other kernels: against the same reference as the native
// backend.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { valueAndGradients } from '../../lib/engine/gradients';
import { attentionMass } from '../../lib/evaluate/attention-mass';
import { decodeStep, prefill } from '../../lib/model/cache';
import { loadCheckpoint, loadTensors } from '../../lib/model/files/checkpoint';
import { logits } from '../../lib/model/decoder';
import { nextTokenLoss } from '../../lib/model/loss';
import { attentionMaps } from '../../lib/model/watch-attention';
import { dropsAsAsked } from './dropping';
import { distance, randomIds, separator, smallModel } from './small';

beforeAll(async () => {
  await startEngine({ backend: 'wasm' });
});

describe.each(['bipe_rope', 'alibi'])('on WebAssembly the released model with %s', (name) => {
  it('gives the same logits, loss and norm of every gradient', async () => {
    const folder = projectPath('tests', 'golden', name);
    const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as {
      readonly loss: number;
      readonly grad_norms: Readonly<Record<string, number>>;
    };
    const { decoder, parameters } = await loadCheckpoint(folder);
    const { tensors } = await loadTensors(`${folder}/expected.safetensors`);
    const ids = tensors.get('input_ids') as tf.Tensor2D;
    const times = [...(tensors.get('times') as tf.Tensor1D).dataSync()];
    const all = logits(decoder, parameters, ids);
    const rows = tf.concat(
      times.map((time) => all.slice([0, time, 0], [-1, 1, -1])),
      1,
    );
    expect(distance(rows, present(tensors.get('logits'), 'logits'))).toBeLessThan(1e-4);
    const { value, gradients } = valueAndGradients(
      () => nextTokenLoss(decoder, parameters, ids),
      [...parameters.values()],
    );
    expect(Math.abs((value.dataSync()[0] ?? NaN) - expected.loss)).toBeLessThan(1e-5);
    [...parameters.keys()].forEach((parameter, index) => {
      const norm = tf.norm(present(gradients[index], parameter)).dataSync()[0] ?? NaN;
      expect(Math.abs(norm / (expected.grad_norms[parameter] ?? NaN) - 1), parameter).toBeLessThan(1e-4);
    });
  });
});

describe('on WebAssembly', () => {
  it('generation gives what comes without a cache, in the style of GPT-2 too', () => {
    const { decoder, parameters } = smallModel('bipe_alibi', { style: 'gpt2' });
    const ids = randomIds(1, 8);
    const first = prefill(decoder, parameters, ids.slice([0, 0], [1, 7]), tf.tensor1d([7], 'int32'), {
      capacity: 9,
    });
    const { logits: next } = decodeStep(decoder, parameters, first.cache, ids.slice([0, 7]).as1D());
    const whole = logits(decoder, parameters, ids);
    expect(distance(next, whole.slice([0, 7, 0]).reshape(next.shape))).toBeLessThan(1e-5);
  });

  it('dropout is the same for the same seed, and another for another', () => {
    const { decoder, parameters } = smallModel('rope', { dropout: 0.3 });
    const ids = randomIds(2, 8);
    const run = (seed: number): tf.Tensor =>
      logits(decoder, parameters, ids, { dropoutSeed: tf.tensor1d([seed, 2], 'int32') });
    expect(distance(run(1), run(1))).toBe(0);
    expect(distance(run(1), run(2))).toBeGreaterThan(1e-2);
  });

  it('attention is summed up as it is from whole maps', async () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const ids = randomIds(2, 9);
    const measured = await attentionMass(decoder, parameters, ids, {
      separators: [separator],
      queryChunk: 4,
    });
    const maps = attentionMaps(decoder, parameters, ids).map((map) => map.arraySync());
    measured.forEach(({ heads }, sequence) => {
      heads.forEach((layer, index) => {
        layer.forEach(({ first, bySegment }, head) => {
          const map = present(maps[index]?.[sequence]?.[head], 'map');
          const onFirst = map.reduce((sum, [weight = NaN]) => sum + weight, 0) / map.length;
          expect(first).toBeCloseTo(onFirst, 5);
          expect(bySegment.reduce((sum, mass) => sum + mass, first)).toBeCloseTo(1, 5);
        });
      });
    });
  });
});

describe('on WebAssembly dropout', () => {
  dropsAsAsked();
});
