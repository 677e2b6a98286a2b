// Values that JavaScript read or drew, given to the native library at once. TensorFlow.js copies
// them when they are first used, and Node.js may leave its own copy lying for a long time: a model
// would be in memory twice.

import type * as tf from '@tensorflow/tfjs';
import { present } from '../../base/present';
import { attributeType, nativeBackend } from './binding';
import { elementType } from './graph-def';
import { countGarbage } from './garbage';

/**
 * The same tensor, whose values the native library holds from now on. On other backends nothing
 * happens: there the array is the tensor.
 */
export function handOver<T extends tf.Tensor>(tensor: T): T {
  const backend = nativeBackend();
  const held = backend?.tensorMap.get(tensor.dataId);
  if (backend === undefined || !held?.values) return tensor;
  // Before the copy: what was handed over earlier may go, this array is still needed.
  countGarbage(held.values.byteLength);
  const [shared = -1] = backend.getInputTensorIds([tensor]);
  // An array that happens to be aligned is taken as it is, and given back to Node.js by whoever
  // uses it last: with the state of a graph that is one of the library's threads, and Node.js is
  // not made for that.
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
