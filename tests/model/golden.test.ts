// The authors' released code, and this one, on the same models and inputs (tests/golden/README.md).

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { valueAndGradients } from '../../lib/engine/gradients';
import { type Checkpoint, loadCheckpoint, loadTensors } from '../../lib/model/checkpoint';
import { logits } from '../../lib/model/decoder';
import { nextTokenLoss } from '../../lib/model/loss';
import { disposeParameters } from '../../lib/model/parameters';

interface Expected {
  readonly loss: number;
  readonly grad_norms: Readonly<Record<string, number>>;
  readonly adamw_losses: readonly number[];
}

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

describe.each(['rope', 'alibi', 'bipe_rope', 'bipe_alibi'])('the released model with %s', (name) => {
  const folder = projectPath('tests', 'golden', name);
  const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Expected;
  let model: Checkpoint;
  let inputs: ReadonlyMap<string, tf.Tensor>;
  let ids: tf.Tensor2D;

  beforeAll(async () => {
    model = await loadCheckpoint(folder);
    inputs = (await loadTensors(`${folder}/expected.safetensors`)).tensors;
    ids = inputs.get('input_ids') as tf.Tensor2D;
  });
  afterAll(() => {
    disposeParameters(model.parameters);
    disposeParameters(inputs);
  });

  it('gives the same logits', () => {
    const distance = tf.tidy(() => {
      const all = logits(model.decoder, model.parameters, ids);
      const times = [...(inputs.get('times') as tf.Tensor1D).dataSync()];
      const rows = tf.concat(
        times.map((time) => all.slice([0, time, 0], [-1, 1, -1])),
        1,
      );
      return tf.max(tf.abs(tf.sub(rows, present(inputs.get('logits'), 'logits')))).dataSync()[0];
    });
    expect(distance).toBeLessThan(1e-4);
  });

  it('gives the same loss and the same norm of every gradient', () => {
    const names = [...model.parameters.keys()];
    const { value, gradients } = valueAndGradients(
      () => nextTokenLoss(model.decoder, model.parameters, ids),
      [...model.parameters.values()],
    );
    expect(Math.abs((value.dataSync()[0] ?? NaN) - expected.loss)).toBeLessThan(1e-5);
    expect(new Set(names)).toEqual(new Set(Object.keys(expected.grad_norms)));
    names.forEach((parameter, index) => {
      const norm = tf.tidy(() => tf.norm(present(gradients[index], 'tensor')).dataSync()[0] ?? NaN);
      const wanted = expected.grad_norms[parameter] ?? NaN;
      expect(Math.abs(norm / wanted - 1), parameter).toBeLessThan(1e-4);
    });
    tf.dispose([value, ...gradients]);
  });

  it('takes the same course under AdamW', () => {
    const losses = adamwCourse(model, ids, 3);
    losses.forEach((loss, step) => {
      expect(Math.abs(loss - (expected.adamw_losses[step] ?? NaN)), `step ${step}`).toBeLessThan(1e-4);
    });
    expect(losses).toHaveLength(expected.adamw_losses.length);
  });
});

/** Losses before each step of plain AdamW (PyTorch's defaults, lr 1e-3) and after the last. */
function adamwCourse(model: Checkpoint, ids: tf.Tensor2D, steps: number): number[] {
  return tf.tidy(() => {
    const names = [...model.parameters.keys()];
    let values = [...model.parameters.values()];
    let first = values.map((value) => tf.zerosLike(value));
    let second = values.map((value) => tf.zerosLike(value));
    const losses: number[] = [];
    for (let step = 1; step <= steps + 1; step += 1) {
      const current = new Map(names.map((name, index) => [name, present(values[index], 'tensor')]));
      const result = valueAndGradients(() => nextTokenLoss(model.decoder, current, ids), values);
      losses.push(result.value.dataSync()[0] ?? NaN);
      first = first.map((m, index) =>
        tf.add(tf.mul(m, 0.9), tf.mul(present(result.gradients[index], 'tensor'), 0.1)),
      );
      second = second.map((v, index) =>
        tf.add(tf.mul(v, 0.999), tf.mul(tf.square(present(result.gradients[index], 'tensor')), 0.001)),
      );
      values = values.map((value, index) => {
        const m = tf.div(present(first[index], 'tensor'), 1 - 0.9 ** step);
        const v = tf.div(present(second[index], 'tensor'), 1 - 0.999 ** step);
        return tf.sub(tf.mul(value, 1 - 1e-3 * 0.01), tf.mul(tf.div(m, tf.add(tf.sqrt(v), 1e-8)), 1e-3));
      });
    }
    return losses;
  });
}
