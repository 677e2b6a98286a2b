/**
 * What computes: backends, captured steps, gradients, memory, profiles, random tensors.
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
export {
  capture,
  type CapturedStep,
  type CaptureOptions,
  type StepFunction,
  type StepResult,
} from '../engine/graph/capture';
export type { ProductType } from '../engine/graph/program';
export type { NamedTensors } from '../engine/graph/specs';
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
export {
  integerTensor,
  normalTensor,
  permutationTensor,
  truncatedNormalTensor,
  uniformTensor,
} from '../engine/random/tensors';
