import { createRequire } from 'node:module';
import { sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import * as danfo from 'danfojs-node';
import { expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';

it('danfo computes with the same engine: one tfjs-core in the process, one backend, one account of tensors', async () => {
  const engine = await startEngine({ reporter: silentReporter });
  const modules = Object.keys(createRequire(__filename).cache);
  const entryOf = (name: string) =>
    modules.filter((path) => path.endsWith(['', 'tfjs-core', 'dist', name].join(sep)));
  expect(entryOf('tf-core.node.js')).toHaveLength(1);
  expect((danfo.tensorflow as typeof tf).engine()).toBe(tf.engine());

  const before = tf.memory().numTensors;
  const frame = new danfo.DataFrame(
    [
      [1, 2],
      [3, 4],
    ],
    { columns: ['a', 'b'] },
  );
  const tensor = frame.tensor as unknown as tf.Tensor;
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(tensor).toBeInstanceOf(tf.Tensor);
  const squared = tf.matMul(tensor, tensor);
  expect(await squared.array()).toEqual([
    [7, 10],
    [15, 22],
  ]);
  tf.dispose([squared, tensor]);
  expect(tf.getBackend()).toBe(engine.backend.startsWith('native') ? 'tensorflow' : engine.backend);
});
