// Positions of the tokens of a batch, on as many levels as an encoding uses: from the ids alone, as
// part of the forward pass. A token's positions depend on earlier tokens only.

import * as tf from '@tensorflow/tfjs';
import type { Positions } from '../positional/encoding';
import { type NestedSeparators, nestedPositions } from '../segment/levels';

/**
 * The positions of each token. They are not clamped: an encoding with a table of positions clamps
 * them itself.
 *
 * @param ids        [batch, time] int32
 * @param separators none: one level, the position in the sequence; else one level more than
 *   separators
 * @param drawn      positions to use instead of 0, 1, 2, ... with one level: [time or more] int32,
 *   ascending
 * @returns innermost level first; one level alone is [1, time], the same for all sequences, several
 *   are [batch, time]
 */
export function tokenPositions(
  ids: tf.Tensor2D,
  separators: NestedSeparators,
  drawn?: tf.Tensor1D,
): Positions {
  if (separators.length > 0) return nestedPositions(ids, separators);
  const time = ids.shape[1];
  return tf.tidy((): [tf.Tensor2D] => {
    const clock = drawn?.slice([0], [time]) ?? tf.range(0, time, 1, 'int32');
    return [clock.expandDims<tf.Tensor2D>(0)];
  });
}
