// Bilevel positions as tensor operations of fixed shapes, without reading a value back: part of the model's
// forward pass, and of any graph captured from it.

import * as tf from '@tensorflow/tfjs';

/** Bilevel positions of a batch, each [batch, time] int32. */
export interface BilevelPositions {
  /** Place inside the segment, from 0, clamped to the table. */
  readonly intra: tf.Tensor2D;
  /** Index of the segment, from 0. */
  readonly segment: tf.Tensor2D;
}

/**
 * Bilevel positions of each token: its place inside its segment, and its segment's index.
 *
 * A separator closes the segment it belongs to, so the token after it starts at intra 0. Intra positions are
 * clamped to `intraSize - 1`, the last row of the intra-segment table (BiPE, released code).
 *
 * Computed in float32, for which every backend has kernels (CUDA has none for int32 sums), and which holds
 * whole numbers exactly up to 2^24: ids and time must stay below.
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
  const [batch, time] = ids.shape;
  if (time >= exactIntegers) throw new RangeError(`time is ${time}; it must be below ${exactIntegers}`);
  return tf.tidy(() => {
    if (time === 0 || batch === 0) return { intra: tf.zerosLike(ids), segment: tf.zerosLike(ids) };
    const ends = isSeparator(ids, separators);
    const segment: tf.Tensor2D = tf.cast(tf.cumsum(ends, 1, true), 'int32');

    // 1 at the first token of each segment but the first, which starts at time 0 anyway; its time, added up by
    // segment, is where the segment starts.
    const begins: tf.Tensor2D = tf.pad(ends.slice([0, 0], [batch, time - 1]), [
      [0, 0],
      [1, 0],
    ]);
    const clock = tf.range(0, time, 1, 'float32');
    const row = tf.tile(tf.range(0, batch, 1, 'int32').expandDims(1), [1, time]);
    const place = tf.stack([row, segment], 2);
    const startOfSegment = tf.scatterND(place, tf.mul(begins, clock), [batch, time]);
    // Not `tf.gather`: on the native backend it reads its indices back to check them.
    const start = tf.gatherND(startOfSegment, place);

    const intra: tf.Tensor2D = tf.cast(tf.minimum(tf.sub(clock, start), intraSize - 1), 'int32');
    return { intra, segment };
  });
}

/** Below this, float32 holds every whole number. */
const exactIntegers = 2 ** 24;

/** 1 where a token is a separator, else 0: [batch, time] float32. */
function isSeparator(ids: tf.Tensor2D, separators: readonly number[]): tf.Tensor2D {
  if (separators.length === 0) return tf.zeros(ids.shape);
  const candidates = tf.tensor1d([...separators], 'float32');
  return tf.cast(tf.any(tf.equal(tf.cast(ids, 'float32').expandDims(2), candidates), 2), 'float32');
}
