// The loss of a head that scores independent bits: the cross-entropy of each bit against the
// sigmoid of its score.

import * as tf from '@tensorflow/tfjs';

/**
 * The sum of -log(sigmoid(s)) over the scores s of bits that are 1, and of -log(1 - sigmoid(s))
 * over those of bits that are 0. Both are softplus, of -s and of s, so that nothing overflows or
 * cancels.
 *
 * @param scores of any shape
 * @param bits   0 or 1, of the same shape
 */
export function bitsCrossEntropy(scores: tf.Tensor, bits: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.sum<tf.Scalar>(tf.softplus(tf.mul(scores, tf.sub(1, tf.mul(2, bits))))));
}
