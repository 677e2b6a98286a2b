import { totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { machineMemory } from '../../lib/base/memory';
import { assertNoLeak, formatMemory, withTensorAccount } from '../../lib/engine/memory';
import { useNativeEngine } from '../support/engine';

useNativeEngine();
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the memory of a machine', () => {
  it.each([
    ['there is no limit', 0, totalmem()],
    ['the limit is more than there is', 2 * totalmem(), totalmem()],
    ['a container has less', 12_345, 12_345],
  ])('where %s', (_, limit, expected) => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(limit);
    expect(machineMemory()).toBe(expected);
  });

  it('is told in one line', () => {
    const report = { numTensors: 1234, tensorBytes: 5e6, residentBytes: 7e8, peakResidentBytes: 9e8 };
    expect(formatMemory(report)).toBe('1,234 tensors (5 MB), process 700 MB, at most 900 MB');
  });
});

describe('an account of tensors', () => {
  it('counts those that are left, also in what comes back, and those that are gone', async () => {
    const make = (): tf.Tensor => tf.zeros([5]);
    const { result, tensors, bytes } = await withTensorAccount(() => {
      make().dispose();
      return make();
    });
    expect([tensors, bytes]).toEqual([1, 20]);
    const gone = await withTensorAccount(() => {
      result.dispose();
    });
    expect([gone.tensors, gone.bytes]).toEqual([-1, -20]);
  });

  it('that is not even is a mistake in the program', async () => {
    expect(await assertNoLeak(() => 7)).toBe(7);
    const kept: tf.Tensor[] = [];
    await expect(assertNoLeak(() => kept.push(tf.zeros([5]), tf.zeros([1])))).rejects.toThrow(
      'tensors created and not disposed: 2 (24 B)',
    );
    await expect(
      assertNoLeak(() => {
        tf.dispose(kept);
      }),
    ).rejects.toThrow('tensors disposed that were not created here: 2');
  });
});
