import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/engine/random/random';
import { integerTensor, normalTensor, uniformTensor } from '../../lib/engine/random/tensors';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

describe('a random tensor', () => {
  const random = (): Random => Random.fromSeed(9);
  it.each([
    ['uniform', () => uniformTensor(random(), [3, 4]), random().uniformArray(12, 0, 1)],
    ['uniform elsewhere', () => uniformTensor(random(), [3, 4], 2, 5), random().uniformArray(12, 2, 5)],
    ['normal', () => normalTensor(random(), [3, 4]), random().normalArray(12, 0, 1)],
    ['normal elsewhere', () => normalTensor(random(), [3, 4], 2, 5), random().normalArray(12, 2, 5)],
  ] as const)('has the numbers of its stream: %s', (_, make, values) => {
    const tensor = make();
    expect([tensor.shape, tensor.dtype]).toEqual([[3, 4], 'float32']);
    expect(tensor.dataSync()).toEqual(values);
  });

  it('of whole numbers is of type int32', () => {
    const tensor = integerTensor(random(), [3, 4], -5, 7);
    expect([tensor.shape, tensor.dtype]).toEqual([[3, 4], 'int32']);
    expect(tensor.dataSync()).toEqual(random().integerArray(12, -5, 7));
  });

  it('may have no axis', () => {
    expect(uniformTensor(random(), []).dataSync()).toEqual(random().uniformArray(1, 0, 1));
  });
});
