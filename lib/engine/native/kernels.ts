// The project's own operations (native/, C++): attention, normalization, SwiGLU, rotations, heads
// and cross-entropy in one pass over memory instead of a dozen TensorFlow operations, and attention
// without its scores in memory. Where each is called, a form in plain tensor operations stands
// beside it, which defines it, runs everywhere, and is what tests compare with.

import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../base/errors';
import { type NativeBackend, nativeBackend } from './binding';
import { loadedKernels } from './kernel-home';
import { executeNative, type NativeAttribute } from './operation';

/** A linear bias: scores grow by slope x (position of the key - position of the query). */
export interface FusedBias {
  /** [heads] */
  readonly slopes: tf.Tensor1D;
  /**
   * Positions of the keys, [batch or 1, keys], whole numbers below 2^24. A query has the position
   * of its own token's key.
   */
  readonly positions: tf.Tensor2D;
}

/** Heads that attend causally, each [batch, heads, time, headDim], queries scaled. */
export interface FusedHeads {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
  readonly bias: FusedBias | undefined;
  /** Each query sees this many keys, its own included; undefined: all up to its own. */
  readonly window: number | undefined;
}

/** The result of attention, with what its gradient needs. */
export interface FusedContext {
  /** [batch, time, heads, headDim] */
  readonly context: tf.Tensor4D;
  /** The logarithm of the sum of each query's exponentials, [batch, heads, time]. */
  readonly normalizers: tf.Tensor3D;
}

/** One new token for each sequence of a cache. */
export interface FusedCache extends FusedHeads {
  /** Keys and values of the new token, each [batch, heads, 1, headDim], as the queries are. */
  readonly newKeys: tf.Tensor4D;
  readonly newValues: tf.Tensor4D;
  /** The slot it goes to, [batch] int32; each below the capacity. */
  readonly lengths: tf.Tensor1D;
}

/** A feed-forward layer as lists of connections, see `Mlp` in lib/theory/network/mlp.ts. */
export interface SparseLayer {
  /** ReLU; otherwise the exact GELU. */
  readonly relu: boolean;
  /** [hidden] */
  readonly bias: tf.Tensor1D;
  readonly inputs: SparseConnections;
  readonly outputs: SparseConnections;
}

/** Connections of hidden units: unit h has those from start[h] to start[h + 1]. */
export interface SparseConnections {
  /** [hidden + 1] int32 */
  readonly start: tf.Tensor1D;
  /** The coordinate of the residual stream of each connection, [connections] int32. */
  readonly index: tf.Tensor1D;
  /** [connections] */
  readonly weight: tf.Tensor1D;
}

/** The operations. Tensors are float32 and on the processor. */
export interface FusedKernels {
  /** Causal attention, in blocks that fit into the processor's cache: native/attention.inc.h. */
  readonly attention: (heads: FusedHeads) => FusedContext;
  /** Gradients of queries, keys and values, from that of the context; scores are recomputed. */
  readonly attentionGradient: (
    heads: FusedHeads,
    result: FusedContext,
    upstream: tf.Tensor4D,
  ) => [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  /**
   * Writes new keys and values, [batch, heads, 1, headDim], into the caches `keys` and `values`,
   * [batch, heads, capacity, headDim], and attends to them and all before. In place where a
   * captured step gave up its state.
   *
   * @returns context [batch, heads, 1, headDim], keys and values
   */
  readonly cachedAttention: (cache: FusedCache) => [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  /** See `rmsNorm`; `inverse` [rows] is 1 / sqrt(mean(x^2) + eps). */
  readonly rmsNorm: (
    x: tf.Tensor2D,
    weight: tf.Tensor1D,
    eps: number,
  ) => { readonly y: tf.Tensor2D; readonly inverse: tf.Tensor1D };
  /** Gradients of x and weight. */
  readonly rmsNormGradient: (
    upstream: tf.Tensor2D,
    x: tf.Tensor2D,
    weight: tf.Tensor1D,
    inverse: tf.Tensor1D,
  ) => [tf.Tensor2D, tf.Tensor1D];
  /** `gate sigmoid(gate) up`; all of one shape. */
  readonly swiglu: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
  /** Gradients of gate and up. */
  readonly swigluGradient: (
    upstream: tf.Tensor2D,
    gate: tf.Tensor2D,
    up: tf.Tensor2D,
  ) => [tf.Tensor2D, tf.Tensor2D];
  /** See `rotate`; with `back`, the inverse rotation. */
  readonly rotate: (x: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D, back: boolean) => tf.Tensor4D;
  /** [batch, time, 3, heads, headDim] -> three of [batch, heads, time, headDim] */
  readonly splitHeads: (x: tf.Tensor5D) => [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  /** The inverse of `splitHeads`. */
  readonly joinHeads: (parts: readonly [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]) => tf.Tensor5D;
  /**
   * Positions in nested segments, see `nestedPositions`.
   *
   * @param ids    [batch, time] int32
   * @param closes how many levels each id closes, less than `levels`; ids beyond its end close none
   * @returns `levels` tensors [batch, time] int32, innermost first
   */
  readonly positions: (ids: tf.Tensor2D, closes: tf.Tensor1D, levels: number) => tf.Tensor2D[];
  /**
   * Losses [rows] of scores [rows, classes] and targets [rows] int32, and the gradient of each loss
   * with respect to its scores, softmax(scores) - onehot(target), written over the scores if nobody
   * else holds them.
   */
  readonly crossEntropy: (
    scores: tf.Tensor2D,
    targets: tf.Tensor1D,
  ) => { readonly losses: tf.Tensor1D; readonly ofScores: tf.Tensor2D };
  /** Adds a layer's output to the residual stream [tokens, width]. There is no gradient. */
  readonly addSparseMlp: (residual: tf.Tensor2D, layer: SparseLayer) => tf.Tensor2D;
}

let putAside = 0;

/** The kernels; undefined if they are not loaded or the backend does not compute on the CPU. */
export function fusedKernels(): FusedKernels | undefined {
  if (loadedKernels() === undefined || putAside > 0) return undefined;
  const backend = nativeBackend();
  return backend === undefined || backend.isUsingGpuDevice ? undefined : kernelsOf(backend);
}

/**
 * Runs work in plain tensor operations: to compare, or to find a fault. Not for async functions.
 */
export function withoutFusedKernels<T>(work: () => T): T {
  putAside += 1;
  try {
    const result = work();
    if (result instanceof Promise)
      throw new UsageError('withoutFusedKernels: the work is async; put the await outside');
    return result;
  } finally {
    putAside -= 1;
  }
}

function listsOf({ start, index, weight }: SparseConnections): tf.Tensor[] {
  return [start, index, weight];
}

function kernelsOf(backend: NativeBackend): FusedKernels {
  const run = <Results extends readonly tf.Tensor[]>(
    operation: string,
    attributes: Readonly<Record<string, NativeAttribute>>,
    inputs: readonly tf.Tensor[],
    outputs: Results['length'],
  ): Results => executeNative(backend, operation, attributes, inputs, outputs) as unknown as Results;
  const windowOf = ({ window = 0 }: FusedHeads): Record<string, NativeAttribute> => ({
    window: { integer: window },
  });
  const biasInputs = ({ bias }: FusedHeads): tf.Tensor[] =>
    bias
      ? [bias.slopes, tf.cast(bias.positions, 'float32')]
      : [tf.tensor1d([], 'float32'), tf.tensor2d([], [1, 0], 'float32')];
  const headsOf = (heads: FusedHeads): tf.Tensor[] => [
    heads.queries,
    heads.keys,
    heads.values,
    ...biasInputs(heads),
  ];
  return {
    attention: (heads) => {
      const [context, normalizers] = run<[tf.Tensor4D, tf.Tensor3D]>(
        'BipeAttention',
        windowOf(heads),
        headsOf(heads),
        2,
      );
      return { context, normalizers };
    },
    attentionGradient: (heads, { context, normalizers }, upstream) =>
      run('BipeAttentionGrad', windowOf(heads), [...headsOf(heads), context, normalizers, upstream], 3),
    cachedAttention: (cache) => {
      const { queries, newKeys, newValues, lengths, keys, values } = cache;
      const inputs = [queries, newKeys, newValues, ...biasInputs(cache), lengths, keys, values];
      return run('BipeCachedAttention', windowOf(cache), inputs, 3);
    },
    rmsNorm: (x, weight, eps) => {
      const [y, inverse] = run<[tf.Tensor2D, tf.Tensor1D]>(
        'BipeRmsNorm',
        { epsilon: { float: eps } },
        [x, weight],
        2,
      );
      return { y, inverse };
    },
    rmsNormGradient: (upstream, x, weight, inverse) =>
      run('BipeRmsNormGrad', {}, [upstream, x, weight, inverse], 2),
    swiglu: (gate, up) => run<[tf.Tensor2D]>('BipeSwiglu', {}, [gate, up], 1)[0],
    swigluGradient: (upstream, gate, up) => run('BipeSwigluGrad', {}, [upstream, gate, up], 2),
    rotate: (x, cos, sin, back) =>
      run<[tf.Tensor4D]>('BipeRotate', { back: { boolean: back } }, [x, cos, sin], 1)[0],
    splitHeads: (x) => run('BipeSplitHeads', {}, [x], 3),
    joinHeads: (parts) => run<[tf.Tensor5D]>('BipeSplitHeadsGrad', {}, parts, 1)[0],
    positions: (ids, closes, levels) =>
      run<tf.Tensor2D[]>('BipePositions', { levels: { integer: levels } }, [ids, closes], levels),
    crossEntropy: (scores, targets) => {
      const [losses, ofScores] = run<[tf.Tensor1D, tf.Tensor2D]>(
        'BipeCrossEntropy',
        {},
        [scores, targets],
        2,
      );
      return { losses, ofScores };
    },
    addSparseMlp: (residual, { relu, bias, inputs, outputs }) =>
      run<[tf.Tensor2D]>(
        'BipeAddSparseMlp',
        { relu: { boolean: relu } },
        [residual, bias, ...listsOf(inputs), ...listsOf(outputs)],
        1,
      )[0],
  };
}
