// An encoding's bias on the scores, as a tensor.

import * as tf from '@tensorflow/tfjs';
import type { AppliedEncoding, LinearBias, Span } from './encoding';
import { checkedBias } from './checked';
import { positionsIn } from './spans';

/**
 * The whole bias on the scaled scores of some queries and keys, up to a constant for each query,
 * which the softmax ignores.
 *
 * @returns a tensor that broadcasts to [batch, heads, queries, keys]; undefined without a bias
 */
export function biasOf(
  { bias, linearBias }: Pick<AppliedEncoding, 'bias' | 'linearBias'>,
  queries: Span,
  keys: Span,
): tf.Tensor4D | undefined {
  const own = bias && checkedBias(bias(queries, keys));
  if (linearBias === undefined) return own;
  const row = linearRow(linearBias, queries, keys);
  return own ? tf.add(own, row) : row;
}

/**
 * The linear bias slope x (n - m'), n the position of a key and m' that of the last query of the
 * span: one row for all queries, and exact where distances are small.
 *
 * @returns [batch or 1, heads, 1, keys]
 */
function linearRow({ slopes, tokens, keys }: LinearBias, querySpan: Span, keySpan: Span): tf.Tensor4D {
  return tf.tidy(() => {
    const reference = positionsIn(tokens, { start: querySpan.end - 1, end: querySpan.end });
    const offset = tf.sub<tf.Tensor2D>(positionsIn(keys, keySpan), reference);
    const row = offset.reshape<tf.Tensor4D>([offset.shape[0], 1, 1, offset.shape[1]]);
    return tf.mul(slopes.reshape<tf.Tensor4D>([1, slopes.shape[0], 1, 1]), row);
  });
}
