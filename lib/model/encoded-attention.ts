// Attention with a positional encoding: its effect on queries, keys and scores at the tokens'
// positions, and the released code's scaling of queries.

import * as tf from '@tensorflow/tfjs';
import { encoded } from '../positional/checked';
import type { AppliedEncoding, EncodingShape, Positions, Span } from '../positional/encoding';
import type { Architecture } from './architecture';
import { type AttentionHeads, type AttentionOptions, attentionWeights, causalAttention } from './attention';

/** The part of a model that its attention depends on. */
export interface AttendingModel {
  readonly architecture: Pick<Architecture, 'logScale' | 'window'>;
  readonly shape: EncodingShape;
}

/** Tokens' positions, and the encoding at them. */
export interface PlacedEncoding {
  readonly positions: Positions;
  readonly applied: AppliedEncoding;
}

/** Encodes queries and keys, and scales queries by 1/sqrt(headDim). */
export function encodeHeads(
  { architecture, shape }: AttendingModel,
  { positions, applied }: PlacedEncoding,
  { queries, keys, values }: AttentionHeads,
): AttentionHeads {
  return tf.tidy(() => {
    const scale = 1 / Math.sqrt(shape.headDim);
    const scaled = tf.mul<tf.Tensor4D>(
      queries,
      architecture.logScale ? tf.mul(logScaleAt(positions, shape.trainLength), scale) : scale,
    );
    return {
      queries: encoded(applied.queries?.(scaled), scaled, 'queries'),
      keys: encoded(applied.keys?.(keys), keys, 'keys'),
      values,
    };
  });
}

/**
 * The released code's `log_scale`: queries grow as log(position + 1) / log(training length), so
 * that attention stays as sharp over more keys. The position is that of the outermost level: with
 * BiPE, the segment's index (github.com/zhenyuhe00/BiPE, `my_modeling_llama_bipe_rope.py`,
 * `LlamaAttention.forward`). So the queries of the first token, or segment, are 0.
 *
 * @returns [batch or 1, 1, time, 1]
 */
function logScaleAt(positions: Positions, trainLength: number): tf.Tensor4D {
  const outermost = positions[positions.length - 1] ?? positions[0];
  const places = tf.cast(outermost, 'float32').expandDims(1).expandDims<tf.Tensor4D>(3);
  return tf.mul(tf.log1p(places), 1 / Math.log(trainLength));
}

/** Options of attention in chunks. */
export type ChunkOptions = Pick<AttentionOptions, 'queryChunk' | 'onWeights'>;

/**
 * Attention of encoded heads over each token's own and earlier tokens.
 *
 * @returns [batch, time, heads, headDim]
 */
export function attend(
  { architecture }: AttendingModel,
  { applied }: PlacedEncoding,
  encoded: AttentionHeads,
  options: ChunkOptions,
): tf.Tensor4D {
  return causalAttention(encoded, { ...options, applied, window: architecture.window });
}

/**
 * Attention weights of some queries over the keys up to the last of them, from encoded heads:
 * [batch, heads, queries, keys].
 */
export function attentionMap(
  { architecture }: AttendingModel,
  { applied }: PlacedEncoding,
  encoded: AttentionHeads,
  queries: Span,
): tf.Tensor4D {
  return attentionWeights(encoded, queries, { applied, window: architecture.window });
}
