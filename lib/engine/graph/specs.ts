// Named tensors with their shapes and types, and the checks on them.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../base/errors';
import { unknownName } from '../../base/suggest';
import { formatShape } from '../../base/shape';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** Results of a step, and new values of state tensors; those it leaves out stay as they are. */
export interface StepResult<State extends NamedTensors, Outputs extends NamedTensors> {
  readonly outputs: Outputs;
  readonly state?: Partial<State>;
}

/** The shape and type of elements of a tensor. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** Shapes and types by name. */
export type NamedSpecs = Readonly<Record<string, TensorSpec>>;

export function specsOf(tensors: NamedTensors): NamedSpecs {
  return Object.fromEntries(
    Object.entries(tensors).map(([key, { shape, dtype }]) => [key, { shape: [...shape], dtype }]),
  );
}

/** Bytes of tensors of these shapes and types. */
export function byteSize(specs: NamedSpecs): number {
  return Object.values(specs).reduce(
    (sum, { shape, dtype }) => sum + tf.util.sizeFromShape([...shape]) * tf.util.bytesPerElement(dtype),
    0,
  );
}

/** Readable form: `float32 [2, 3]`. */
export function describeSpec({ dtype, shape }: TensorSpec): string {
  return `${dtype} ${formatShape(shape)}`;
}

/** A text that is equal for equal names, shapes and types, in any order. */
export function signatureOf(specs: NamedSpecs): string {
  return Object.entries(specs)
    .map(([key, spec]) => `${key}: ${describeSpec(spec)}`)
    .sort()
    .join(', ');
}

/** Makes sure that values are tensors, and not disposed. */
export function checkTensors(step: string, what: 'input' | 'output' | 'state', values: NamedTensors): void {
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    if (!(value instanceof tf.Tensor))
      throw new UsageError(`${step}: ${what} ${key} is not a tensor; make it one, e.g. tf.scalar(3)`);
    if (value.isDisposed)
      throw new UsageError(`${step}: ${what} ${key} was disposed; dispose it after the call`);
  }
}

/** Makes sure that new state values belong to known state tensors and keep shape and type. */
export function checkState(step: string, values: NamedTensors, specs: NamedSpecs): void {
  for (const [key, tensor] of Object.entries(values)) {
    const spec = specs[key];
    if (spec === undefined) throw unknownName(`state of ${step}:`, key, Object.keys(specs));
    if (describeSpec(spec) !== describeSpec(tensor)) {
      throw new UsageError(
        `${step}: state ${key} is ${describeSpec(spec)} and cannot become ${describeSpec(tensor)}; cast or reshape it`,
      );
    }
  }
}

/** Clones of tensors, to be disposed on their own. */
export function clones(tensors: NamedTensors): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, tensor.clone()]));
}
