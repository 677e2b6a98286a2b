import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { capture } from '../../lib/engine/graph/capture';
import { handOver } from '../../lib/engine/native/hand-over';

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

/**
 * The same numbers at each place of a buffer that a number can have: one is so aligned that the
 * library would take it as it is.
 */
function atEveryOffset(expected: Float32Array): Float32Array[] {
  return Array.from({ length: 16 }, (_, offset) => {
    const values = new Float32Array(new ArrayBuffer(4 * (expected.length + 16)), 4 * offset, expected.length);
    values.set(expected);
    return values;
  });
}

it('leaves no memory shared with JavaScript, however an array is aligned', () => {
  const expected = Float32Array.from({ length: 1000 }, (_, index) => Math.cos(index));
  for (const values of atEveryOffset(expected)) {
    const tensor = handOver(tf.tensor1d(values));
    values.fill(0);
    expect(tensor.dataSync()).toEqual(expected);
    tensor.dispose();
  }
});

it('a captured step owns what is written as its state', () => {
  const expected = Float32Array.from({ length: (1 << 18) + 1 }, (_, index) => index % 97);
  const zeros = tf.zeros<tf.Rank.R1>([expected.length]);
  const step = capture(
    ({ x }: { x: tf.Tensor1D }) => ({ outputs: { sum: tf.sum(x) }, state: { x: tf.add(x, 1) } }),
    { state: { x: zeros } },
  );
  // Until the first run there is no graph that could own it.
  step.run({}).sum.dispose();
  for (const values of atEveryOffset(expected)) {
    const written = tf.tensor1d(values);
    step.writeState({ x: written });
    values.fill(0);
    written.dispose();
    const { x } = step.readState();
    expect(Buffer.compare(Buffer.from(x.dataSync().buffer), Buffer.from(expected.buffer))).toBe(0);
    x.dispose();
  }
  step.dispose();
  zeros.dispose();
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
