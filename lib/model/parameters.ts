// A model's parameters: tensors or variables by their names in Hugging Face checkpoints
// (`model.layers.0.self_attn.q_proj.weight`, [out, in]), and their values before training.

import * as tf from '@tensorflow/tfjs';
import { present } from '../base/present';
import { elementCount } from '../base/shape';
import { handOver } from '../engine/native/hand-over';
import { projected } from '../engine/products';
import type { Random } from '../engine/random/random';
import type { ParameterSpec } from '../positional/encoding';

/** Parameters by name, in the order of a checkpoint. */
export type ModelParameters = ReadonlyMap<string, tf.Tensor>;

/**
 * Draws values to start training from. Each parameter has a random stream of its own name, so that
 * an encoding's parameters, or one layer more, change no other's.
 *
 * @param initializerRange standard deviation of those that start normally distributed
 * @returns tensors that belong to the caller
 */
export function initialParameters(
  specs: readonly ParameterSpec[],
  initializerRange: number,
  random: Random,
): Map<string, tf.Tensor> {
  return new Map(
    specs.map((spec) => [spec.name, initialTensor(spec, initializerRange, random.fork(spec.name))]),
  );
}

function initialTensor(
  { shape, initial, zeroRow }: ParameterSpec,
  deviation: number,
  random: Random,
): tf.Tensor {
  if (typeof initial === 'number') return tf.fill([...shape], initial);
  const size = elementCount(shape);
  const values = initial === 'normal' ? random.normalArray(size, 0, deviation) : initial;
  if (zeroRow !== undefined) {
    const width = size / present(shape[0], 'an axis of rows');
    values.fill(0, zeroRow * width, (zeroRow + 1) * width);
  }
  return handOver(tf.tensor(values, [...shape], 'float32'));
}

/** The number of trained numbers. */
export function parameterCount(specs: readonly Pick<ParameterSpec, 'shape'>[]): number {
  return specs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** Disposes all tensors of a model. */
export function disposeParameters(parameters: ModelParameters): void {
  tf.dispose([...parameters.values()]);
}

/** A parameter of two axes, which is there by construction. */
export function matrix(parameters: ModelParameters, name: string): tf.Tensor2D {
  return parameterNamed(parameters, name) as tf.Tensor2D;
}

/** A parameter of one axis, which is there by construction. */
export function vector(parameters: ModelParameters, name: string): tf.Tensor1D {
  return parameterNamed(parameters, name) as tf.Tensor1D;
}

/** A parameter that is there by construction. */
export function parameterNamed(parameters: ModelParameters, name: string): tf.Tensor {
  return present(parameters.get(name), `parameter ${name} among ${parameters.size}`);
}

/**
 * Computes `x weight^T`, plus the bias if the model has one of that name. For several names: all
 * results side by side, from one product, which is faster than several.
 *
 * @param x [tokens, in]
 * @returns [tokens, out]
 */
export function linear(
  parameters: ModelParameters,
  names: string | readonly string[],
  x: tf.Tensor2D,
): tf.Tensor2D {
  const all = typeof names === 'string' ? [names] : names;
  const product = projected(
    x,
    all.map((name) => matrix(parameters, `${name}.weight`)),
  );
  const biases = all.flatMap((name) => parameters.get(`${name}.bias`) ?? []) as tf.Tensor1D[];
  return biases.length === 0 ? product : tf.add(product, tf.concat1d(biases));
}
