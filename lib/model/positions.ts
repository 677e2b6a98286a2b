// Where the tokens of a batch stand, on as many levels as an encoding uses: from the ids alone, as part of the forward
// pass. A token's positions depend on the tokens before it only, so what stands behind it may be anything.

import * as tf from '@tensorflow/tfjs';
import type { Positions } from '../positional/encoding';
import { bilevelPositions } from '../segment/tensors';

/** Places are not clamped here: an encoding that has a table of them knows its rows. */
const unclamped = 2 ** 24;

/**
 * The positions of each token.
 *
 * @param ids        [batch, time] int32
 * @param levels     how many the encoding uses
 * @param separators ids that end a unit of each level but the outermost, innermost first
 * @param drawn      what to use instead of 0, 1, 2, ... with one level: [>= time] int32, ascending
 * @returns innermost level first; with one level [1, time], for all sequences alike, else [batch, time]
 */
export function tokenPositions(
  ids: tf.Tensor2D,
  levels: number,
  separators: readonly (readonly number[])[],
  drawn?: tf.Tensor1D,
): Positions {
  const time = ids.shape[1];
  return tf.tidy((): [tf.Tensor2D, ...tf.Tensor2D[]] => {
    if (levels === 1) {
      const clock = drawn?.slice([0], [time]) ?? tf.range(0, time, 1, 'int32');
      return [clock.expandDims<tf.Tensor2D>(0)];
    }
    const { intra, segment } = bilevelPositions(ids, separators[0] ?? [], unclamped);
    return [intra, segment];
  });
}
