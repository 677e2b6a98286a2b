// Imposes an order that the data do not. Single operations run in program order; a graph computes a
// value as soon as its inputs exist, and only once even if it is used in several places.

import type * as tf from '@tensorflow/tfjs';
import { nativeBackend, recordingBinding } from './binding';

/**
 * Delays tensors in a captured step until `trigger` exists. Everything computed from the results is
 * computed then, and on its own, even if the same was computed before: so memory can be given up in
 * between. Gradients do not pass through.
 *
 * @returns the same tensors outside of a captured step
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
 * Delays a constant of float32 or int32 in a captured step, and everything computed from it, until
 * `trigger` exists. `availableAfter` cannot do that for known values: TensorFlow computes
 * beforehand what depends on them alone, and keeps it as long as the graph lives. This costs an
 * addition in each run, so it is for small constants from which large ones are made, not for
 * weights.
 *
 * @returns the same constant outside of a captured step
 */
export function lateConstant<T extends tf.Tensor>(trigger: tf.Tensor, constant: T): T {
  const backend = nativeBackend();
  const binding = recordingBinding();
  if (backend === undefined || binding === undefined) return constant;
  const [cause = -1, id = -1] = backend.getInputTensorIds([trigger, constant]);
  return backend.createOutputTensor(binding.lateConstant(id, cause)) as T;
}
