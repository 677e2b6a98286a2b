// Values that JavaScript read or drew, given to the native library at once. TensorFlow.js copies them when they are first
// used, and Node.js may leave its own copy lying for a long time: a model would be in memory twice.

import type * as tf from '@tensorflow/tfjs';
import { nativeBackend } from './graph/binding';
import { countGarbage } from './garbage';

/**
 * The same tensor, whose values the native library holds from now on. On other backends nothing happens: there the
 * array is the tensor.
 */
export function handOver<T extends tf.Tensor>(tensor: T): T {
  const backend = nativeBackend();
  const array = backend?.tensorMap.get(tensor.dataId).values;
  if (backend === undefined || !array) return tensor;
  // Before the copy: what was handed over earlier may go, this array is still needed.
  countGarbage(array.byteLength);
  backend.getInputTensorIds([tensor]);
  return tensor;
}
