import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { createDecoder } from '../../lib/model/config';
import { logits } from '../../lib/model/decoder';
import { saveCheckpoint } from '../../lib/model/files/checkpoint';
import { writeLogits } from '../../lib/model/files/logits-file';
import { writeSafetensors } from '../../lib/model/files/safetensors';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { temporaryFolder } from '../support/command';
import { tensorOf } from '../support/golden';
import { smallConfig, vocabulary } from './small';

beforeAll(() => startEngine());

it.each([
  ['sequences that share a batch, in several batches', 700, 12],
  ['sequences longer than what is computed at once', 2, 4200],
])('the scores of %s are those of each sequence alone', async (_what, batch, time) => {
  const folder = temporaryFolder();
  const config = smallConfig('bipe_alibi');
  const decoder = createDecoder(config);
  const parameters = initialParameters(decoder.parameters, 0.4, Random.fromSeed(2));
  await saveCheckpoint(folder, config, parameters);
  const values = Int32Array.from(Random.fromSeed(3).integerArray(batch * time, 0, vocabulary));
  const [ids, out] = [join(folder, 'ids.safetensors'), join(folder, 'logits.safetensors')];
  await writeSafetensors(ids, [
    { name: 'input_ids', type: 'I32', shape: [batch, time], values: () => values },
  ]);
  const before = tf.memory().numTensors;
  expect(await writeLogits({ checkpoint: folder, ids, out })).toEqual([batch, time, vocabulary]);
  expect(tf.memory().numTensors).toBe(before);
  const written = await tensorOf(out, 'logits');
  expect(written.shape).toEqual([batch, time, vocabulary]);
  for (const row of [0, 1, 341, 342, 682, batch - 1].filter((one) => one < batch)) {
    const alone = tf.tidy(() => {
      const own = values.subarray(row * time, (row + 1) * time);
      return logits(decoder, parameters, tf.tensor2d(own, [1, time], 'int32')).dataSync();
    });
    const stored = written.values.slice(row * time * vocabulary, (row + 1) * time * vocabulary);
    const largest = Math.max(...Array.from(alone, (value, at) => Math.abs(value - (stored[at] ?? NaN))));
    expect(largest).toBeLessThan(1e-4);
  }
  disposeParameters(parameters);
});
