// Bilevel positions as tensor operations of fixed shapes, without reading a value back: part of the
// model's forward pass, and of any graph captured from it.

import * as tf from '@tensorflow/tfjs';
import { nestedPositions } from './levels';

/** Bilevel positions of a batch, each [batch, time] int32. */
export interface BilevelPositions {
  /** Place inside the segment, from 0, clamped to the table. */
  readonly intra: tf.Tensor2D;
  /** Index of the segment, from 0. */
  readonly segment: tf.Tensor2D;
}

/**
 * Computes the bilevel positions of each token: its place inside its segment, and its segment's
 * index.
 *
 * A separator closes the segment it belongs to, so the token after it starts at intra 0. Intra
 * positions are clamped to `intraSize - 1`, the last row of the intra-segment table (BiPE, released
 * code).
 *
 * Ids and time must stay below 2^24.
 *
 * @param ids        token ids, [batch, time] int32
 * @param separators ids that end a segment; empty means one segment
 * @returns intra and segment, both [batch, time] int32
 */
export function bilevelPositions(
  ids: tf.Tensor2D,
  separators: readonly number[],
  intraSize: number,
): BilevelPositions {
  return tf.tidy(() => {
    const [place, segment] = nestedPositions(ids, [separators]) as [tf.Tensor2D, tf.Tensor2D];
    const intra: tf.Tensor2D = tf.cast(tf.minimum(place.toFloat(), intraSize - 1), 'int32');
    return { intra, segment };
  });
}
