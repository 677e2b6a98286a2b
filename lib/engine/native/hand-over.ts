// Hands values that JavaScript read or drew to the native library at once. TensorFlow.js copies
// them on first use only, and Node.js may keep its own copy for a long time: a model would be in
// memory twice.

import type * as tf from '@tensorflow/tfjs';
import { present } from '../../base/present';
import { attributeType, nativeBackend } from './binding';
import { elementType } from './graph-def';
import { countGarbage } from './garbage';

/**
 * Moves a tensor's values into the native library. On other backends nothing happens: there the
 * array is the tensor.
 *
 * @returns the same tensor
 */
export function handOver<T extends tf.Tensor>(tensor: T): T {
  const backend = nativeBackend();
  const held = backend?.tensorMap.get(tensor.dataId);
  if (backend === undefined || !held?.values) return tensor;
  // Before the copy: earlier arrays may go, this one is still needed.
  countGarbage(held.values.byteLength);
  const [shared = -1] = backend.getInputTensorIds([tensor]);
  // An array that happens to be aligned is used without a copy, and given back to Node.js by its
  // last user. With the state of a graph that is one of the library's threads, which Node.js does
  // not support.
  const type = {
    name: 'T',
    type: attributeType.type,
    value: elementType[tensor.dtype as 'float32' | 'int32'],
  };
  const [own] = backend.binding.executeOp('DeepCopy', [type], [shared], 1);
  held.id = present(own, 'copy').id;
  backend.binding.deleteTensor(shared);
  return tensor;
}
