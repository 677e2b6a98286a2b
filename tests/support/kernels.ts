// What tests of the project's own kernels share: both forms of a computation, and how far they are
// apart.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect } from 'vitest';
import { valueAndGradients } from '../../lib/engine/gradients';
import { type FusedKernels, fusedKernels, withoutFusedKernels } from '../../lib/engine/native/kernels';
import { thisMachine } from '../../lib/engine/backends/native';
import { Random } from '../../lib/engine/random/random';
import { normalTensor } from '../../lib/engine/random/tensors';
import { useNativeEngine } from './engine';

/** A `describe` with the kernels loaded; skipped where the set-up could not build them. */
export function describeKernels(title: string, tests: () => void): void {
  const built = existsSync(join(dirname(thisMachine().bindingFile), 'bipe_kernels.node'));
  describe.skipIf(!built)(title, () => {
    useNativeEngine();
    beforeAll(() => {
      // Otherwise what follows would compare one form with itself.
      expect(fusedKernels()).toBeDefined();
    });
    tests();
  });
}

/** The kernels, in a `describeKernels`. */
export function kernels(): FusedKernels {
  const found = fusedKernels();
  if (!found) throw new Error('the kernels are not loaded');
  return found;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the rank, as with tf.tensor
export function normal<T extends tf.Tensor>(seed: number, shape: readonly number[], deviation = 1): T {
  return tf.mul(normalTensor(Random.fromSeed(seed), [...shape]), deviation);
}

/** Whole numbers from -most to most. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the rank
export function integers<T extends tf.Tensor>(seed: number, shape: readonly number[], most: number): T {
  const random = Random.fromSeed(seed);
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () =>
    Math.round((random.uniform() * 2 - 1) * most),
  );
  return tf.tensor(values, [...shape]) as T;
}

/** The value of a function of tensors, and the gradients of sum(value x upstream). */
export interface ValueAndPullback {
  readonly value: tf.Tensor;
  readonly gradients: readonly tf.Tensor[];
}

/** A function and its gradient by the kernels, and by plain tensor operations. */
export function bothForms(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  upstream: tf.Tensor,
): { fused: ValueAndPullback; plain: ValueAndPullback } {
  const compute = (): ValueAndPullback => {
    let value: tf.Tensor | undefined;
    const { gradients } = valueAndGradients(() => {
      value = tf.keep(f(...inputs));
      return tf.sum(tf.mul(value, upstream));
    }, inputs);
    return { value: value ?? tf.scalar(NaN), gradients };
  };
  const fused = compute();
  const plain = withoutFusedKernels(compute);
  return { fused, plain };
}

export function largest(values: tf.Tensor | ArrayLike<number>): number {
  const numbers = values instanceof tf.Tensor ? values.dataSync() : values;
  let most = 0;
  // A number that is none is the largest of all.
  for (const value of Array.from(numbers)) if (!(Math.abs(value) <= most)) most = Math.abs(value);
  return most;
}

/** The largest difference. */
export function apart(actual: tf.Tensor, expected: tf.Tensor | ArrayLike<number>): number {
  const a = actual.dataSync();
  const b = expected instanceof tf.Tensor ? expected.dataSync() : expected;
  expect(a.length).toBe(b.length);
  return largest(Float64Array.from(a, (value, index) => value - (b[index] ?? NaN)));
}

/** Float32: a hundred units in the last place of the largest number. */
export const rounding = 1e-5;

/**
 * Equal but for rounding, in the same shape.
 *
 * @param bounds.within relative to the largest number
 * @param bounds.least  instead of the largest number, where that is smaller: of what is added up on
 *   the way
 */
export function expectClose(
  actual: tf.Tensor | undefined,
  expected: tf.Tensor | undefined,
  what: string,
  { within = rounding, least = 0 } = {},
): void {
  if (!actual || !expected) throw new Error(`${what} is missing`);
  expect(actual.shape, what).toEqual(expected.shape);
  expect(apart(actual, expected), what).toBeLessThanOrEqual(within * Math.max(largest(expected), least));
}

/** The very same numbers. */
export function expectSame(
  actual: tf.Tensor | undefined,
  expected: tf.Tensor | undefined,
  what: string,
): void {
  if (!actual || !expected) throw new Error(`${what} is missing`);
  expect(actual.shape, what).toEqual(expected.shape);
  expect(Buffer.compare(bytes(actual), bytes(expected)), what).toBe(0);
}

function bytes(tensor: tf.Tensor): Buffer {
  const { buffer, byteOffset, byteLength } = tensor.dataSync();
  return Buffer.from(buffer, byteOffset, byteLength);
}
