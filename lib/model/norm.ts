// The two normalizations of a decoder block, each with an explicit gradient: TensorFlow.js's tape
// would keep six tensors instead of two, and run three times as many operations.

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';
import { type FusedKernels, fusedKernels } from '../engine/native/kernels';

/**
 * Root-mean-square normalization (Zhang and Sennrich 2019): `x / sqrt(mean(x^2) + eps) * weight`.
 *
 * @param x      [tokens, width]
 * @param weight [width]
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, eps: number): tf.Tensor2D {
  const kernels = fusedKernels();
  if (kernels) return fusedRmsNorm(kernels, x, weight, eps);
  return withGradient(
    [x, weight],
    (input, scale) => {
      const inverse = inverseDeviation(input, eps);
      const normalized = tf.mul(input, inverse);
      return { value: tf.mul<tf.Tensor2D>(normalized, scale), saved: [normalized, inverse, scale] };
    },
    (upstream, normalized, inverse, scale) => {
      const { ofScale, across } = backward(upstream, normalized, scale);
      return [tf.mul(inverse, across), ofScale];
    },
  );
}

function fusedRmsNorm(kernels: FusedKernels, x: tf.Tensor2D, weight: tf.Tensor1D, eps: number): tf.Tensor2D {
  return withGradient(
    [x, weight],
    (input, scale) => {
      const { y, inverse } = kernels.rmsNorm(input, scale, eps);
      return { value: y, saved: [input, scale, inverse] };
    },
    (upstream, input, scale, inverse) => kernels.rmsNormGradient(upstream, input, scale, inverse),
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
      const { ofScale, across } = backward(upstream, normalized, scale);
      // Rows of `normalized` have mean 0 here, so `across` has the mean of `upstream * scale`.
      return [tf.mul(inverse, tf.sub(across, tf.mean(across, -1, true))), ofScale, tf.sum(upstream, 0)];
    },
  );
}

/** `1 / sqrt(mean(x^2) + eps)` of each row, [tokens, 1]. */
function inverseDeviation(x: tf.Tensor2D, eps: number): tf.Tensor {
  return tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));
}

/**
 * The part that both gradients share.
 *
 * @returns the gradient of the scale, [width]; and `upstream * scale` without the component of each
 *   row along the same row of `normalized`, to which the input's length does not contribute:
 *   [tokens, width]
 */
function backward(
  upstream: tf.Tensor2D,
  normalized: tf.Tensor,
  scale: tf.Tensor1D,
): { readonly ofScale: tf.Tensor; readonly across: tf.Tensor } {
  const product = tf.mul<tf.Tensor2D>(upstream, normalized);
  const [width] = scale.shape;
  const along = tf.matMul(product, tf.mul(scale, 1 / width).reshape([width, 1]));
  return {
    ofScale: tf.sum(product, 0),
    across: tf.sub(tf.mul(upstream, scale), tf.mul(normalized, along)),
  };
}
