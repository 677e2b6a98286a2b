// TensorFlow operations that TensorFlow.js has no name for, run by name on the native backends. Every use has a
// portable form beside it, for WASM, WebGPU and JavaScript.

import type * as tf from '@tensorflow/tfjs';
import { present } from '../base/present';
import { attributeType, type NativeBackend } from './graph/binding';
import { elementType } from './graph/graph-def';

/**
 * The only result of an operation.
 *
 * @param types all its attributes, which must be types: `{ dtype: 'float32', T: 'int32' }`
 */
export function executeNative(
  backend: NativeBackend,
  operation: string,
  types: Readonly<Record<string, keyof typeof elementType>>,
  inputs: readonly tf.Tensor[],
): tf.Tensor {
  const attributes = Object.entries(types).map(([name, type]) => ({
    name,
    type: attributeType.type,
    value: elementType[type],
  }));
  const ids = backend.getInputTensorIds(inputs);
  const [result] = backend.binding.executeOp(operation, attributes, ids, 1);
  return backend.createOutputTensor(present(result, `result of ${operation}`));
}
