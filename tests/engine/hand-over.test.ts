import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { handOver } from '../../lib/engine/hand-over';

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

it('gives the library values of its own, bit for bit', () => {
  const values = Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index));
  const expected = values.slice();
  const tensor = handOver(tf.tensor(values, [10, 100]));
  expect(handOver(tensor)).toBe(tensor);
  expect(tensor.dataSync()).toEqual(expected);
  tensor.dispose();
});

it('lets go of the arrays of a large model while it is read', () => {
  const size = 1 << 24;
  const arrays = (): number => process.memoryUsage().arrayBuffers;
  const before = arrays();
  const tensors = Array.from({ length: 8 }, (_, index) => {
    const tensor = handOver(tf.tensor1d(new Float32Array(size / 4).fill(index)));
    // 64 MB are waited for, and the array at hand is not yet garbage.
    expect(arrays() - before).toBeLessThan(6 * size);
    return tensor;
  });
  expect(tensors.map((tensor) => tensor.slice(0, 1).dataSync()[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  tf.dispose(tensors);
});
