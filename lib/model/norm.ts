// The two normalizations of a decoder block, each with its gradient written out: the tape of TensorFlow.js would keep
// six tensors for what two suffice for, and run three times the operations.

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';

/**
 * Root-mean-square normalization (Zhang and Sennrich 2019): `x / sqrt(mean(x^2) + eps) * weight`.
 *
 * @param x      [tokens, width]
 * @param weight [width]
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, eps: number): tf.Tensor2D {
  return withGradient(
    [x, weight],
    (input, scale) => {
      const inverse = inverseDeviation(input, eps);
      const normalized = tf.mul(input, inverse);
      return { value: tf.mul<tf.Tensor2D>(normalized, scale), saved: [normalized, inverse, scale] };
    },
    (upstream, normalized, inverse, scale) => {
      const wanted = tf.mul(upstream, scale);
      const across = tf.sub(wanted, tf.mul(normalized, projection(wanted, normalized)));
      return [tf.mul(inverse, across), tf.sum(tf.mul(upstream, normalized), 0)];
    },
  );
}

/**
 * Layer normalization (Ba et al. 2016): `(x - mean(x)) / sqrt(variance(x) + eps) * weight + bias`.
 *
 * @param x      [tokens, width]
 * @param weight [width]
 * @param bias   [width]
 */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor1D, bias: tf.Tensor1D, eps: number): tf.Tensor2D {
  return withGradient(
    [x, weight, bias],
    (input, scale, shift) => {
      const centred = tf.sub<tf.Tensor2D>(input, tf.mean(input, -1, true));
      const inverse = inverseDeviation(centred, eps);
      const normalized = tf.mul(centred, inverse);
      const value: tf.Tensor2D = tf.add(tf.mul(normalized, scale), shift);
      return { value, saved: [normalized, inverse, scale] };
    },
    (upstream, normalized, inverse, scale) => {
      const wanted = tf.mul(upstream, scale);
      const across = tf.sub(wanted, tf.mul(normalized, projection(wanted, normalized)));
      return [
        tf.mul(inverse, tf.sub(across, tf.mean(wanted, -1, true))),
        tf.sum(tf.mul(upstream, normalized), 0),
        tf.sum(upstream, 0),
      ];
    },
  );
}

/** `1 / sqrt(mean(x^2) + eps)` of each row, [tokens, 1]. */
function inverseDeviation(x: tf.Tensor2D, eps: number): tf.Tensor {
  return tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));
}

/** How much of each row of `x` lies along the same row of `direction`, whose mean square is 1: [tokens, 1]. */
function projection(x: tf.Tensor, direction: tf.Tensor): tf.Tensor {
  return tf.mean(tf.mul(x, direction), -1, true);
}
