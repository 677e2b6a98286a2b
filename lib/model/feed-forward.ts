// The non-linear parts of feed-forward layers, each with an explicit gradient that keeps only the
// inputs.

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';
import { availableAfter } from '../engine/native/order';
import { type FusedKernels, fusedKernels } from '../engine/native/kernels';

/**
 * SwiGLU (Shazeer 2020): `silu(gate) * up` with `silu(x) = x sigmoid(x)`.
 *
 * @param gate any shape
 * @param up   the same shape
 */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  const kernels = fusedKernels();
  if (kernels) return fusedSwiglu(kernels, gate, up);
  return withGradient(
    [gate, up],
    (a, b) => ({ value: tf.mul<tf.Tensor2D>(tf.mul(a, tf.sigmoid(a)), b), saved: [a, b] }),
    (upstream, input, b) => {
      // Recomputed: keeping the sigmoid would take as much memory as the input.
      const [a] = availableAfter(upstream, [input]);
      const opening = tf.sigmoid(a);
      const silu = tf.mul(a, opening);
      // silu'(x) = sigmoid(x) + silu(x) (1 - sigmoid(x))
      const slope = tf.add(opening, tf.sub(silu, tf.mul(silu, opening)));
      return [tf.mul(tf.mul(upstream, b), slope), tf.mul(upstream, silu)];
    },
  );
}

function fusedSwiglu(kernels: FusedKernels, gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return withGradient(
    [gate, up],
    (a, b) => ({ value: kernels.swiglu(a, b), saved: [a, b] }),
    (upstream, a, b) => kernels.swigluGradient(upstream, a, b),
  );
}

const geluScale = Math.sqrt(2 / Math.PI);
const geluCubic = 0.044715;

/**
 * GELU by its usual approximation (Hendrycks and Gimpel 2016; GPT-2): `x/2 (1 + tanh(sqrt(2/pi) (x
 * + 0.044715 x^3)))`.
 *
 * @param x any shape
 */
export function tanhGelu(x: tf.Tensor2D): tf.Tensor2D {
  return withGradient(
    [x],
    (a) => ({ value: tf.mul<tf.Tensor2D>(tf.mul(a, 0.5), tf.add(geluTangent(a), 1)), saved: [a] }),
    (upstream, input) => {
      const [a] = availableAfter(upstream, [input]);
      const tangent = geluTangent(a);
      const inner = tf.add(tf.mul(tf.square(a), 3 * geluCubic * geluScale), geluScale);
      const steep = tf.mul(tf.mul(a, inner), tf.sub(1, tf.square(tangent)));
      return [tf.mul(upstream, tf.mul(tf.add(tf.add(tangent, 1), steep), 0.5))];
    },
  );
}

function geluTangent(x: tf.Tensor): tf.Tensor {
  return tf.tanh(tf.mul(x, tf.add(tf.mul(tf.square(x), geluCubic * geluScale), geluScale)));
}
