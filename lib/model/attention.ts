// Causal attention: one fused operation of this project where possible, otherwise in chunks of
// queries. Then scores exist for one chunk at a time, [batch, heads, chunk, keys], and keys that
// lie in the future of a whole chunk are never touched.
//
// Queries must already be scaled by 1/sqrt(headDim). Scaling the scores instead would be equal, but
// oneDNN fuses a product followed by a multiplication and an addition into a kernel that is 30 to
// 50 times slower.

import * as tf from '@tensorflow/tfjs';
import { after, withGradient } from '../engine/gradients';
import { lateConstant } from '../engine/native/order';
import { type FusedKernels, fusedKernels } from '../engine/native/kernels';
import { biasOf, scoresOf } from '../positional/bias';
import type { AppliedEncoding, Span } from '../positional/encoding';
import { chunksOf } from '../positional/spans';

/** Queries, keys and values, each [batch, heads, time, headDim]. */
export interface AttentionHeads {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** The part of an encoding that acts on scores. */
type ScoreEffects = Pick<AppliedEncoding, 'scores' | 'bias' | 'linearBias'>;

/** Options of attention. */
export interface AttentionOptions {
  /** Queries of a chunk, if scores are tensors. */
  readonly queryChunk: number;
  /** Number of keys that each query sees, its own included; absent: all up to its own. */
  readonly window?: number | undefined;
  /** The encoding's effect on the scores. */
  readonly applied?: ScoreEffects;
  /** Changes the weights of a chunk before they weigh values: dropout. */
  readonly onWeights?: ((weights: tf.Tensor4D, chunk: number) => tf.Tensor4D) | undefined;
}

/** Added to the score of a key that must not be seen: its weight is then 0 in float32. */
export const unseenScore = -1e9;

/**
 * softmax(q k^T + bias) v over each query's own and earlier keys.
 *
 * @returns the context, with the heads of a token side by side: [batch, time, heads, headDim]
 */
export function causalAttention(heads: AttentionHeads, options: AttentionOptions): tf.Tensor4D {
  const kernels = fusedKernels();
  const { applied, onWeights } = options;
  const isPlain = [applied?.scores, applied?.bias, onWeights].every((one) => one === undefined);
  return kernels && isPlain ? fusedAttention(kernels, heads, options) : chunkedAttention(heads, options);
}

/**
 * Attention by the kernels: whole matrices of scores are in memory neither here nor in the
 * gradient.
 */
function fusedAttention(
  kernels: FusedKernels,
  { queries, keys, values }: AttentionHeads,
  { window, applied: { linearBias } = {} }: Pick<AttentionOptions, 'window' | 'applied'>,
): tf.Tensor4D {
  const bias = linearBias && { slopes: linearBias.slopes, positions: linearBias.keys };
  const fixed = bias ? [bias.slopes, bias.positions] : [];
  return withGradient(
    [queries, keys, values],
    (q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D) => {
      const result = kernels.attention({ queries: q, keys: k, values: v, bias, window });
      const { context, normalizers } = result;
      return { value: context, saved: [q, k, v, context, normalizers, ...fixed] as tf.Tensor[] };
    },
    (upstream, ...saved: tf.Tensor[]) => {
      const [q, k, v, context, normalizers, slopes, positions] = saved as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor3D,
        tf.Tensor1D?,
        tf.Tensor2D?,
      ];
      const kept = slopes && positions && { slopes, positions };
      return kernels.attentionGradient(
        { queries: q, keys: k, values: v, bias: kept, window },
        { context, normalizers },
        upstream,
      );
    },
  );
}

function chunkedAttention(heads: AttentionHeads, options: AttentionOptions): tf.Tensor4D {
  return tf.tidy(() => {
    const time = heads.queries.shape[2];
    const context: tf.Tensor4D[] = [];
    for (const [chunk, spans] of spansOf(time, options).entries()) {
      const previous = context.at(-1);
      context.push(
        tf.tidy(() => {
          // A graph would otherwise slice keys and values for all chunks first, compute all their
          // scores, and hold them all.
          const cut = (whole: tf.Tensor4D, span: Span): tf.Tensor4D =>
            alongTime(previous === undefined ? whole : after(previous, whole), span);
          const weights = chunkWeights(
            { queries: cut(heads.queries, spans.queries), keys: cut(heads.keys, spans.keys) },
            spans,
            options,
          );
          const kept = options.onWeights?.(weights, chunk) ?? weights;
          return tf.matMul<tf.Tensor4D>(kept, cut(heads.values, spans.keys));
        }),
      );
    }
    return tf.transpose(tf.concat(context, 2), [0, 2, 1, 3]);
  });
}

/**
 * The attention weights of some queries over the keys up to the last of them: for analysis.
 *
 * @returns [batch, heads, queries, keys]; each row sums to 1
 */
export function attentionWeights(
  heads: Pick<AttentionHeads, 'queries' | 'keys'>,
  queries: Span,
  options: Pick<AttentionOptions, 'window' | 'applied'>,
): tf.Tensor4D {
  const keys = { start: 0, end: queries.end };
  return tf.tidy(() =>
    chunkWeights(
      { queries: alongTime(heads.queries, queries), keys: alongTime(heads.keys, keys) },
      { queries, keys },
      options,
    ),
  );
}

interface Spans {
  readonly queries: Span;
  readonly keys: Span;
}

/** The chunks of queries, each with the keys that any of its queries may see. */
function spansOf(time: number, { queryChunk, window }: AttentionOptions): Spans[] {
  return chunksOf({ start: 0, end: time }, queryChunk).map((queries) => {
    const first = window === undefined ? 0 : Math.max(0, queries.start - window + 1);
    return { queries, keys: { start: first, end: queries.end } };
  });
}

/**
 * The weights of a chunk's queries, [batch, heads, queries, headDim], over the keys that any of
 * them sees.
 */
function chunkWeights(
  { queries, keys }: Pick<AttentionHeads, 'queries' | 'keys'>,
  spans: Spans,
  { applied = {}, window }: Pick<AttentionOptions, 'window' | 'applied'>,
): tf.Tensor4D {
  const scores = scoresOf(applied, { queries, keys }, spans.queries, spans.keys);
  const mask = unseenMask(spans, window, scores);
  const shift = biasOf(applied, spans.queries, spans.keys);
  if (shift === undefined) return tf.softmax(tf.add(scores, mask));
  // If all sequences have the same bias, joining it with the mask first saves a pass over the
  // scores.
  return tf.softmax(
    shift.shape[0] === 1 ? tf.add(scores, tf.add(shift, mask)) : tf.add(tf.add(scores, shift), mask),
  );
}

/**
 * The causal mask: 0 where a query sees a key, `unseenScore` where not: [queries, keys].
 *
 * @param scores the scores it is for: a graph would otherwise make the masks of all chunks at once
 *   and keep them for all layers, which grows with the square of the time
 */
function unseenMask({ queries, keys }: Spans, window: number | undefined, scores: tf.Tensor): tf.Tensor2D {
  return tf.tidy(() => {
    // Without a window, only the chunk's own keys can lie in a query's future.
    const first = window === undefined ? queries.start : keys.start;
    const queryTimes = tf.range(queries.start, queries.end, 1, 'float32').expandDims<tf.Tensor2D>(1);
    const own = lateConstant(scores, queryTimes);
    const age = tf.sub<tf.Tensor2D>(own, tf.range(first, keys.end, 1, 'float32'));
    const future = tf.less(age, 0);
    const unseen = window === undefined ? future : tf.logicalOr(future, tf.greaterEqual(age, window));
    const mask = tf.mul<tf.Tensor2D>(tf.cast(unseen, 'float32'), unseenScore);
    return first === keys.start
      ? mask
      : tf.pad2d(mask, [
          [0, 0],
          [first - keys.start, 0],
        ]);
  });
}

/** A slice of a tensor along its third axis; the tensor itself if that is all of it. */
function alongTime(tensor: tf.Tensor4D, { start, end }: Span): tf.Tensor4D {
  const [batch, heads, time, width] = tensor.shape;
  if (start === 0 && end === time) return tensor;
  return tf.slice(tensor, [0, 0, start, 0], [batch, heads, end - start, width]);
}
