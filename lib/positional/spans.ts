// Spans of tokens in chunks, and the distances between the queries and keys of spans, for encodings
// that bias scores.

import * as tf from '@tensorflow/tfjs';
import { type Span } from './encoding';

/** A span in chunks of a length, the last as long as what is left. */
export function chunksOf({ start, end }: Span, length: number): Span[] {
  return Array.from({ length: Math.ceil((end - start) / length) }, (_, chunk) => ({
    start: start + chunk * length,
    end: Math.min(end, start + (chunk + 1) * length),
  }));
}

/**
 * The positions of a span, as float32: exact below 2^24, and computed with on every device.
 *
 * @param positions [batch, time] int32
 * @returns [batch, span]
 */
export function positionsIn(positions: tf.Tensor2D, { start, end }: Span): tf.Tensor2D {
  return positions.slice([0, start], [-1, end - start]).toFloat();
}

/**
 * How far each key of a span lies before each query of a span; 0 for keys after it, which attention
 * masks.
 *
 * @param tokens positions of the tokens that ask, [batch or 1, time] int32
 * @param keys   positions of those that may be attended to, [batch or 1, time] int32
 * @returns [batch or 1, 1, queries, keys] float32
 */
export function distancesBack(
  tokens: tf.Tensor2D,
  keys: tf.Tensor2D,
  querySpan: Span,
  keySpan: Span,
): tf.Tensor4D {
  return tf.tidy(() => {
    const queryPlaces = positionsIn(tokens, querySpan).expandDims<tf.Tensor4D>(1).expandDims<tf.Tensor4D>(3);
    const keyPlaces = positionsIn(keys, keySpan).expandDims<tf.Tensor4D>(1).expandDims<tf.Tensor4D>(1);
    return tf.relu(tf.sub(queryPlaces, keyPlaces));
  });
}
