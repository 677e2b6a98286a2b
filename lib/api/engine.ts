/**
 * What computes: backends, captured steps, gradients, memory, profiles, random tensors.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { engine, startEngine } from 'bipe-workbench';
 *
 * await startEngine();
 * const { result, tensors } = await engine.withTensorAccount(() => {
 *   const step = engine.capture(({ sum }: { sum: tf.Scalar }, { x }: { x: tf.Scalar }) => {
 *     const next = tf.add(sum, x).asScalar();
 *     return { outputs: { next }, state: { sum: next } };
 *   }, { state: { sum: tf.scalar(0) }, name: 'running sum' });
 *   const sums = [1, 2, 3].map((value) => step.run({ x: tf.scalar(value) }).next.dataSync()[0]);
 *   step.dispose();
 *   return sums;
 * });
 * console.log(result, tensors); // the inputs, the outputs and the first sum are the caller's
 * ```
 *
 * @module
 */

export type { BackendName } from '../engine/backends/backend';
export {
  type BackendExamination,
  type Engine,
  type EngineOptions,
  examineEngine,
  type RejectedBackend,
} from '../engine/engine';
export { capture, type CapturedStep, type CaptureOptions, type StepFunction } from '../engine/graph/capture';
export type { ProductType } from '../engine/graph/program';
export type { NamedTensors, StepResult } from '../engine/graph/specs';
export { type ValueAndGradients, valueAndGradients } from '../engine/gradients';
export {
  assertNoLeak,
  formatMemory,
  memoryReport,
  type MemoryReport,
  type TensorAccount,
  withTensorAccount,
} from '../engine/memory';
export {
  type OperationProfile,
  type OperationTime,
  profileOperations,
  type RunTime,
} from '../engine/profile';
export type { RandomState, ShuffleableArray } from '../engine/random/random';
export { integerTensor, normalTensor, uniformTensor } from '../engine/random/tensors';
