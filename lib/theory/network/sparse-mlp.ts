// Runs a feed-forward layer on tensors, in float32: by the kernel that reads its connections as
// lists, or, where there is none (a GPU, WASM, JavaScript), by dense matrices of some units at a
// time. `evaluateMlp` is the reference.

import * as tf from '@tensorflow/tfjs';
import { MachineError, UsageError } from '../../base/errors';
import { formatBytes, formatCount } from '../../base/format';
import { availableMemory } from '../../base/memory';
import { present } from '../../base/present';
import {
  type FusedKernels,
  fusedKernels,
  type SparseConnections,
  type SparseLayer,
} from '../../engine/native/kernels';
import type { Activation, Mlp } from './mlp';

/** Hidden units multiplied at once; with `mostTokens`, 16 MB of hidden numbers. */
const mostUnits = 1024;
const mostTokens = 4096;

/** A layer and its weights as tensors, of either form; they are made when first used. */
export interface MlpTensors {
  readonly mlp: Mlp;
  lists: SparseLayer | undefined;
  matrices: readonly DenseUnits[] | undefined;
}

/** Some units of a layer as dense matrices. */
interface DenseUnits {
  /** [width, units] */
  readonly input: tf.Tensor2D;
  /** [units] */
  readonly bias: tf.Tensor1D;
  /** [units, width] */
  readonly output: tf.Tensor2D;
}

/** Prepares a layer. Its tensors live until `disposeMlp`, whatever `tf.tidy` they are made in. */
export function mlpTensors(mlp: Mlp): MlpTensors {
  return { mlp, lists: undefined, matrices: undefined };
}

/** Frees the tensors of a layer. */
export function disposeMlp(tensors: MlpTensors): void {
  const { lists, matrices = [] } = tensors;
  if (lists) tf.dispose([lists.bias, { ...lists.inputs }, { ...lists.outputs }]);
  for (const units of matrices) tf.dispose({ ...units });
  tensors.lists = undefined;
  tensors.matrices = undefined;
}

/**
 * Adds a layer's output to the residual stream.
 *
 * @param residual [batch, time, width]
 * @returns [batch, time, width]
 * @throws UsageError if the layer has a coordinate beyond the stream
 */
export function addMlp(residual: tf.Tensor3D, tensors: MlpTensors): tf.Tensor3D {
  return tf.tidy(() => {
    const kernels = fusedKernels();
    const [batch, time, width] = residual.shape;
    const tokens = tf.reshape<tf.Rank.R2>(residual, [batch * time, width]);
    const sum = kernels ? addByLists(kernels, tokens, tensors) : addByMatrices(tokens, tensors);
    return tf.reshape(sum, residual.shape);
  });
}

function addByLists(kernels: FusedKernels, residual: tf.Tensor2D, tensors: MlpTensors): tf.Tensor2D {
  return kernels.addSparseMlp(residual, (tensors.lists ??= listsOf(tensors.mlp)));
}

function listsOf(mlp: Mlp): SparseLayer {
  const connections = (start: Int32Array, index: Int32Array, weight: Float64Array): SparseConnections => ({
    start: tf.keep(tf.tensor1d(start, 'int32')),
    index: tf.keep(tf.tensor1d(index, 'int32')),
    weight: tf.keep(tf.tensor1d(Float32Array.from(weight))),
  });
  return {
    relu: mlp.activation === 'relu',
    bias: tf.keep(tf.tensor1d(Float32Array.from(mlp.bias))),
    inputs: connections(mlp.inputStart, mlp.inputIndex, mlp.inputWeight),
    outputs: connections(mlp.outputStart, mlp.outputIndex, mlp.outputWeight),
  };
}

function addByMatrices(residual: tf.Tensor2D, tensors: MlpTensors): tf.Tensor2D {
  const [count, width] = residual.shape;
  const matrices = (tensors.matrices ??= matricesOf(tensors.mlp, width));
  const parts: tf.Tensor2D[] = [];
  let from = 0;
  do {
    const tokens = tf.slice(residual, [from, 0], [Math.min(mostTokens, count - from), width]);
    let added: tf.Tensor2D = tf.zerosLike(tokens);
    for (const units of matrices)
      added = tf.tidy(() => tf.add(added, given(tokens, units, tensors.mlp.activation)));
    parts.push(tf.add(tokens, added));
    from += mostTokens;
  } while (from < count);
  return tf.concat(parts);
}

function given(
  tokens: tf.Tensor2D,
  { input, bias, output }: DenseUnits,
  activation: Activation,
): tf.Tensor2D {
  const sums = tf.add<tf.Tensor2D>(tf.matMul(tokens, input), bias);
  return tf.matMul(activation === 'relu' ? tf.relu(sums) : gelu(sums), output);
}

/** x Phi(x), as precise as `tf.erf` is. */
function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const half = tf.mul<tf.Tensor2D>(x, 0.5);
  return tf.add(half, tf.mul(half, tf.erf(tf.mul(x, Math.SQRT1_2))));
}

/**
 * Makes dense matrices, which are mostly zeros.
 *
 * @throws MachineError if they would not fit into memory
 */
function matricesOf(mlp: Mlp, width: number): DenseUnits[] {
  const [bytes, available] = [8 * width * mlp.hidden, availableMemory()];
  if (bytes > available)
    throw new MachineError(
      `a feed-forward block of ${formatCount(mlp.hidden)} units takes ${formatBytes(bytes)} as matrices, and ${formatBytes(available)} are free; use the native engine, which reads its connections as lists, or a smaller automaton`,
    );
  const matrices: DenseUnits[] = [];
  for (let from = 0; from < mlp.hidden; from += mostUnits) {
    const end = Math.min(mlp.hidden, from + mostUnits);
    const units = end - from;
    const input = new Float64Array(width * units);
    const output = new Float64Array(units * width);
    const each = (
      start: Int32Array,
      index: Int32Array,
      set: (unit: number, at: number, of: number) => void,
    ) => {
      for (let unit = from; unit < end; unit++)
        for (let of = present(start[unit], 'start'); of < present(start[unit + 1], 'end'); of++)
          set(unit - from, coordinate(index[of], width), of);
    };
    each(mlp.inputStart, mlp.inputIndex, (unit, at, of) => {
      input[at * units + unit] = (input[at * units + unit] ?? 0) + (mlp.inputWeight[of] ?? Number.NaN);
    });
    each(mlp.outputStart, mlp.outputIndex, (unit, at, of) => {
      output[unit * width + at] = (output[unit * width + at] ?? 0) + (mlp.outputWeight[of] ?? Number.NaN);
    });
    matrices.push({
      input: tf.keep(tf.tensor2d(Float32Array.from(input), [width, units])),
      bias: tf.keep(tf.tensor1d(Float32Array.from(mlp.bias.subarray(from, end)))),
      output: tf.keep(tf.tensor2d(Float32Array.from(output), [units, width])),
    });
  }
  return matrices;
}

function coordinate(index: number | undefined, width: number): number {
  if (index === undefined || index < 0 || index >= width)
    throw new UsageError(
      `a unit is connected to ${String(index)}, beyond a residual stream of width ${width}`,
    );
  return index;
}
