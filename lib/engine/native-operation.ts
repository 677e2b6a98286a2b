// TensorFlow operations that TensorFlow.js has no name for, run by name on the native backends. Every use has a
// portable form beside it, for WASM, WebGPU and JavaScript.

import * as tf from '@tensorflow/tfjs';

/** An attribute of an operation, as the binding takes it; `type` is one of TensorFlow's C constants. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string;
}

/** What the native backends offer beyond TensorFlow.js. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
  };
  executeSingleOutput(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.Tensor[],
  ): tf.Tensor;
}

/** The native backend, if it is the current one. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === 'tensorflow' ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/** A type attribute: `T: float`, `Tlabels: int32`. */
export function typeAttribute(
  { binding }: NativeBackend,
  name: string,
  type: 'float32' | 'int32',
): OperationAttribute {
  return {
    name,
    type: binding.TF_ATTR_TYPE,
    value: type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32,
  };
}
