// Random tensors from the workbench's own generator. The numbers are drawn in JavaScript and then
// handed to the backend, so they are the same on every backend.

import * as tf from '@tensorflow/tfjs';
import { elementCount } from '../../base/shape';
import { type Random } from './random';

/** A float32 tensor of numbers in [low, high). */
export function uniformTensor(random: Random, shape: readonly number[], low = 0, high = 1): tf.Tensor {
  return tf.tensor(random.uniformArray(elementCount(shape), low, high), [...shape], 'float32');
}

/** A float32 tensor of normally distributed numbers. */
export function normalTensor(random: Random, shape: readonly number[], mean = 0, deviation = 1): tf.Tensor {
  return tf.tensor(random.normalArray(elementCount(shape), mean, deviation), [...shape], 'float32');
}

/** An int32 tensor of integers in [low, high). */
export function integerTensor(
  random: Random,
  shape: readonly number[],
  low: number,
  high: number,
): tf.Tensor {
  return tf.tensor(random.integerArray(elementCount(shape), low, high), [...shape], 'int32');
}
