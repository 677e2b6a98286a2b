// Order where the data asks for none. Operations one by one happen when the program says; a graph
// computes a thing as soon as its inputs are there, and once if it is asked for twice.

import type * as tf from '@tensorflow/tfjs';
import { nativeBackend, recordingBinding } from './binding';

/**
 * The same tensors; while a step is captured, tensors of the same values that exist only once
 * `trigger` does. What is computed from them is computed then, and on its own, also where the same
 * was computed before: so that memory can be given up in between. Gradients do not pass through.
 */
export function availableAfter<T extends readonly tf.Tensor[]>(
  trigger: tf.Tensor,
  tensors: readonly [...T],
): T {
  const backend = nativeBackend();
  const binding = recordingBinding();
  if (backend === undefined || binding === undefined) return tensors as unknown as T;
  const [cause = -1, ...ids] = backend.getInputTensorIds([trigger, ...tensors]);
  return ids.map((id) => backend.createOutputTensor(binding.after(id, cause))) as unknown as T;
}

/**
 * The same constant, of float32 or int32; while a step is captured, a value that exists only once
 * `trigger` does, and so all that is computed of it. `availableAfter` does not do that for a tensor
 * whose values are known: TensorFlow computes beforehand what is made of it alone, and keeps that
 * as long as the graph lives. This costs an addition at each run, so it is for small constants of
 * which large ones are made, not for weights.
 */
export function lateConstant<T extends tf.Tensor>(trigger: tf.Tensor, constant: T): T {
  const backend = nativeBackend();
  const binding = recordingBinding();
  if (backend === undefined || binding === undefined) return constant;
  const [cause = -1, id = -1] = backend.getInputTensorIds([trigger, constant]);
  return backend.createOutputTensor(binding.lateConstant(id, cause)) as T;
}
