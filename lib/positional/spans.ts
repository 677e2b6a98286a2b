// Chunks of spans of tokens, and distances between queries and keys, for encodings that bias
// scores.

import * as tf from '@tensorflow/tfjs';
import { type Span } from './encoding';

/** Cuts a span into chunks of a length; the last one has the rest. */
export function chunksOf({ start, end }: Span, length: number): Span[] {
  return Array.from({ length: Math.ceil((end - start) / length) }, (_, chunk) => ({
    start: start + chunk * length,
    end: Math.min(end, start + (chunk + 1) * length),
  }));
}

/**
 * The positions of a span as float32: exact below 2^24, and supported on every device.
 *
 * @param positions [batch, time] int32
 * @returns [batch, span]
 */
export function positionsIn(positions: tf.Tensor2D, { start, end }: Span): tf.Tensor2D {
  return positions.slice([0, start], [-1, end - start]).toFloat();
}

/**
 * The distance of each query of a span back to each key of a span; 0 for later keys, which
 * attention masks.
 *
 * @param tokens positions of the queries, [batch or 1, time] int32
 * @param keys   positions of the keys, [batch or 1, time] int32
 * @returns [batch or 1, 1, queries, keys] float32
 */
export function distancesBack(
  tokens: tf.Tensor2D,
  keys: tf.Tensor2D,
  querySpan: Span,
  keySpan: Span,
): tf.Tensor4D {
  return tf.tidy(() => tf.relu(signedDistances(tokens, keys, querySpan, keySpan)));
}

/** `distancesBack`, negative for later keys. */
export function signedDistances(
  tokens: tf.Tensor2D,
  keys: tf.Tensor2D,
  querySpan: Span,
  keySpan: Span,
): tf.Tensor4D {
  return tf.tidy(() => {
    const queryPlaces = positionsIn(tokens, querySpan).expandDims<tf.Tensor4D>(1).expandDims<tf.Tensor4D>(3);
    const keyPlaces = positionsIn(keys, keySpan).expandDims<tf.Tensor4D>(1).expandDims<tf.Tensor4D>(1);
    return tf.sub(queryPlaces, keyPlaces);
  });
}

/**
 * Adds up, for each query and key, the gates of the keys from that one to the query, up to those at
 * a distance of `least`; 0 for later keys.
 *
 * @param gates     broadcasts to [batch, heads, queries, keys]
 * @param distances of each key from the query, negative for later ones: [batch or 1, 1, queries,
 *   keys]
 * @param least     0 to count the query's own key, 1 to end before it
 * @returns [batch, heads, queries, keys]
 */
export function countedBack(gates: tf.Tensor, distances: tf.Tensor4D, least: 0 | 1): tf.Tensor4D {
  return tf.tidy(() => tf.cumsum(tf.mul<tf.Tensor4D>(gates, isAtLeast(distances, least)), 3, false, true));
}

/**
 * 1 where a whole number is `least` or more, else 0. A comparison would have no gradient function,
 * which is looked for where a block is computed again from its positions.
 */
export function isAtLeast<T extends tf.Tensor>(numbers: T, least: number): T {
  return tf.tidy(() => tf.step(tf.sub<T>(numbers, least - 0.5)));
}
