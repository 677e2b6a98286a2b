// Runs operations of the native backends by name: TensorFlow's own without a counterpart in
// TensorFlow.js, and this project's (kernels.ts). Every use has a portable form beside it, for
// WASM, WebGPU and JavaScript.

import type * as tf from '@tensorflow/tfjs';
import { messageOf, UsageError } from '../../base/errors';
import { attributeType, type NativeBackend, type OperationAttribute } from './binding';
import { elementType } from './graph-def';

/** An attribute of an operation. */
export type NativeAttribute =
  | { readonly type: keyof typeof elementType }
  | { readonly integer: number }
  | { readonly float: number }
  | { readonly boolean: boolean };

/**
 * Runs an operation.
 *
 * @param outputs how many results it has
 * @throws UsageError with the operation's own message about its inputs, in one line
 */
export function executeNative(
  backend: NativeBackend,
  operation: string,
  attributes: Readonly<Record<string, NativeAttribute>>,
  inputs: readonly tf.Tensor[],
  outputs = 1,
): tf.Tensor[] {
  const all = Object.entries(attributes).map(([name, value]) => operationAttribute(name, value));
  const ids = backend.getInputTensorIds(inputs);
  const results = plainly(() => backend.binding.executeOp(operation, all, ids, outputs));
  return results.map((result) => backend.createOutputTensor(result));
}

/** Removes the number and the line break that the binding puts before an operation's message. */
function plainly<T>(execute: () => T): T {
  try {
    return execute();
  } catch (error) {
    const [, said] = /^Invalid TF_Status: \d+\nMessage: (.*)/.exec(messageOf(error)) ?? [];
    throw said === undefined ? error : new UsageError(said, { cause: error });
  }
}

function operationAttribute(name: string, attribute: NativeAttribute): OperationAttribute {
  if ('type' in attribute) return { name, type: attributeType.type, value: elementType[attribute.type] };
  if ('integer' in attribute) return { name, type: attributeType.integer, value: attribute.integer };
  if ('float' in attribute) return { name, type: attributeType.float, value: attribute.float };
  return { name, type: attributeType.boolean, value: attribute.boolean };
}
