// The authors' released code, and this one, on the same models and inputs (tests/golden/README.md).

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { valueAndGradients } from '../../lib/engine/gradients';
import { type Checkpoint, loadCheckpoint, loadTensors } from '../../lib/model/files/checkpoint';
import { createDecoder } from '../../lib/model/config';
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

interface PaddedGradients {
  readonly loss: number;
  readonly grad_norms: Readonly<Record<string, number>>;
  readonly row_norms: Readonly<Record<string, number>>;
}

describe.each(['rope', 'bipe_rope', 'bipe_alibi'])(
  'the released model with %s on a text without separators, longer than its table',
  (name) => {
    const golden = (file: string): string => projectPath('tests', 'golden', file);
    const expected = (
      JSON.parse(readFileSync(golden('padding/expected.json'), 'utf8')) as Record<string, PaddedGradients>
    )[name];

    async function gradientsOf(paddingIndex: number | undefined): Promise<{
      loss: number;
      norms: Record<string, number>;
      rows: Record<string, number>;
    }> {
      const { config, parameters } = await loadCheckpoint(golden(name));
      const { paddingIndex: read, ...trainable } = config;
      expect(read).toBe(-1);
      const decoder = createDecoder({ ...trainable, ...(paddingIndex !== undefined && { paddingIndex }) });
      const { tensors } = await loadTensors(golden('padding/input_ids.safetensors'));
      const ids = tensors.get('input_ids') as tf.Tensor2D;
      const names = [...parameters.keys()];
      const { value, gradients } = valueAndGradients(
        () => nextTokenLoss(decoder, parameters, ids, { remember: 'block-inputs' }),
        [...parameters.values()],
      );
      const norm = (tensor: tf.Tensor): number => tf.tidy(() => tf.norm(tensor).dataSync()[0] ?? NaN);
      const of = (parameter: string): tf.Tensor => present(gradients[names.indexOf(parameter)], parameter);
      const rowNorm = (place: string): number => {
        const [, table = '', row = ''] = /^(.*)\[(\d+)\]$/.exec(place) ?? [];
        return norm(of(`model.${table}.weight`).slice([Number(row), 0], [1, -1]));
      };
      const result = {
        loss: value.dataSync()[0] ?? NaN,
        norms: Object.fromEntries(names.map((parameter) => [parameter, norm(of(parameter))])),
        rows: Object.fromEntries(
          Object.keys(expected?.row_norms ?? {}).map((place) => [place, rowNorm(place)]),
        ),
      };
      tf.dispose([value, ...gradients]);
      disposeParameters(parameters);
      disposeParameters(tensors);
      return result;
    }

    it('gives the same gradients: none to the last row of a table', async () => {
      const { loss, norms, rows } = await gradientsOf(-1);
      expect(Math.abs(loss - (expected?.loss ?? NaN))).toBeLessThan(1e-5);
      for (const [parameter, wanted] of Object.entries(expected?.grad_norms ?? {}))
        expect(Math.abs((norms[parameter] ?? NaN) / wanted - 1), parameter).toBeLessThan(1e-4);
      for (const [place, wanted] of Object.entries(expected?.row_norms ?? {}))
        expect(Math.abs((rows[place] ?? NaN) - wanted), place).toBeLessThan(1e-5);
    });

    it('trains these rows where nothing is said of padding', async () => {
      const { rows } = await gradientsOf(undefined);
      expect(rows['embed_tokens[999]']).toBeGreaterThan(1e-3);
      if (name !== 'rope') expect(rows['embeds.0[1023]']).toBeGreaterThan(1e-1);
    });
  },
);

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
