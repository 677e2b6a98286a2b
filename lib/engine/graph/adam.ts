// Adam's update as one operation on the variables of a captured step: no copies of parameters and
// moments, and one pass over memory instead of a dozen.

import type * as tf from '@tensorflow/tfjs';
import { type NativeBackend, nativeBackend, recordingBinding } from '../native/binding';

/** A parameter and its moments, all of one size. */
export interface AdamTensors<T extends tf.Tensor> {
  readonly parameter: T;
  readonly firstMoment: T;
  readonly secondMoment: T;
}

/** An update: what changes, and by what. */
export interface AdamUpdate<T extends tf.Tensor> extends AdamTensors<T> {
  readonly gradient: T;
  readonly beta1: number;
  readonly beta2: number;
  /** The learning rate, including the bias corrections. */
  readonly rate: tf.Scalar;
  readonly epsilon: tf.Scalar;
  /** The share of the parameter that decays. */
  readonly decay?: tf.Scalar;
}

/**
 * Updates in place:
 *
 *     m' = m + (1 - beta1) (g - m)
 *     v' = v + (1 - beta2) (g^2 - v)
 *     p' = (1 - decay) p - rate m' / (sqrt(v') + epsilon)
 *
 * @returns the new values, to be returned as the new state; undefined if it cannot be done: outside
 *   of a captured step, or with tensors that are not the step's state as it was given (another
 *   shape of it is fine)
 */
export function adamInPlace<T extends tf.Tensor>(update: AdamUpdate<T>): AdamTensors<T> | undefined {
  const backend = nativeBackend();
  const binding = recordingBinding();
  if (backend === undefined || binding === undefined) return undefined;
  const { parameter, firstMoment, secondMoment, gradient, rate, epsilon, decay, beta1, beta2 } = update;
  const ids = {
    parameter: idOf(backend, parameter),
    firstMoment: idOf(backend, firstMoment),
    secondMoment: idOf(backend, secondMoment),
    gradient: idOf(backend, gradient),
    rate: idOf(backend, rate),
    epsilon: idOf(backend, epsilon),
    decay: decay && idOf(backend, decay),
  };
  const results = binding.adam(ids, beta1, beta2)?.map((result) => backend.createOutputTensor(result) as T);
  if (results === undefined) return undefined;
  const [newParameter = parameter, newFirst = firstMoment, newSecond = secondMoment] = results;
  return { parameter: newParameter, firstMoment: newFirst, secondMoment: newSecond };
}

function idOf(backend: NativeBackend, tensor: tf.Tensor): number {
  return backend.getInputTensorIds([tensor])[0] ?? -1;
}
