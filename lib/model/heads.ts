// The layout of heads, which are side by side in a token's projection.

import * as tf from '@tensorflow/tfjs';
import { separated } from '../engine/gradients';
import { fusedKernels } from '../engine/native/kernels';

/**
 * Rearranges projected tokens to queries, keys and values of all heads.
 *
 * @param parts [batch, time, 3, heads, headDim]
 * @returns three of [batch, heads, time, headDim]
 */
export function separateHeads(parts: tf.Tensor5D): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
  const kernels = fusedKernels();
  if (kernels) return separated(parts, kernels.splitHeads, kernels.joinHeads);
  return tf.unstack(tf.transpose(parts, [2, 0, 3, 1, 4])) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
}
