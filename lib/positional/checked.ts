// What an encoding made, checked: a wrong shape would broadcast into wrong numbers, or fail far
// from its cause.

import type * as tf from '@tensorflow/tfjs';
import { UsageError } from '../base/errors';

/**
 * A tensor that an encoding made of another one, of the same shape.
 *
 * @param made undefined for an encoding that leaves it as it is
 * @param what e.g. `queries`
 * @throws UsageError if the shape is another
 */
export function encoded<T extends tf.Tensor>(made: tf.Tensor | undefined, given: T, what: string): T {
  if (made === undefined) return given;
  if (made.shape.join() !== given.shape.join())
    throw new UsageError(
      `an encoding's ${what} have the shape [${made.shape.join(', ')}]; they should keep [${given.shape.join(', ')}]`,
    );
  return made as T;
}

/**
 * A bias that an encoding made.
 *
 * @throws UsageError if it has not four axes
 */
export function checkedBias(made: tf.Tensor): tf.Tensor4D {
  if (made.rank === 4) return made as tf.Tensor4D;
  throw new UsageError(
    `an encoding's bias has the shape [${made.shape.join(', ')}]; it should have four axes: [batch or 1, heads, queries, keys]`,
  );
}
