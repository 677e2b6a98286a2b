// Products and sums over all tokens of a batch, whose last bits do not depend on the number of
// threads where TensorFlow multiplies by oneDNN (native/threads.ts). It shares a long sum out among
// the threads that it has, so that a training on two would differ from one on four. Here it is cut
// into parts of a fixed length, each of which one thread adds.

import * as tf from '@tensorflow/tfjs';
import { present } from '../base/present';
import { withGradient } from './gradients';
import { nativeBackend } from './native/binding';
import { executeNative } from './native/operation';
import { availableAfter } from './native/order';

/** Rows that a product adds at once: one thread does so many, whatever the other sides are. */
const rowsTogether = 1024;
/** Numbers that a sum adds at once. */
const numbersTogether = 2 ** 16;

/**
 * Computes `a^T b`, the sum over rows of the outer products of two rows.
 *
 * @param a [rows, left]
 * @param b [rows, right]
 * @returns [left, right]
 */
export function outerProductSum(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const rows = a.shape[0];
  if (rows <= rowsTogether) return tf.matMul(a, b, true, false);
  return tf.tidy(() => {
    const parts = Array.from({ length: Math.ceil(rows / rowsTogether) }, (_, index) => {
      const start = index * rowsTogether;
      const count = Math.min(rowsTogether, rows - start);
      return tf.matMul<tf.Tensor2D>(a.slice(start, count), b.slice(start, count), true, false);
    });
    return tf.addN(parts);
  });
}

/**
 * Computes `x [a; b; ...]^T`. Several weights are joined where they are used, forward and backward:
 * a graph would join those of all layers before it begins, and keep them.
 *
 * @param x       [rows, in]
 * @param weights [out, in] each
 * @returns [rows, sum of out]
 */
export function projected(x: tf.Tensor2D, weights: readonly tf.Tensor2D[]): tf.Tensor2D {
  return withGradient<tf.Tensor2D[], tf.Tensor2D, tf.Tensor2D[]>(
    [x, ...weights],
    (input, ...parts) => ({
      value: tf.matMul(present(input, 'x'), joined(parts, present(input, 'x')), false, true),
      saved: [present(input, 'x'), ...parts],
    }),
    (upstream, input, ...parts) => {
      const ofWeights = outerProductSum(upstream, present(input, 'x'));
      return [
        tf.matMul(upstream, joined(parts, upstream)),
        ...(parts.length === 1
          ? [ofWeights]
          : tf.split(
              ofWeights,
              parts.map(({ shape: [rows] }) => rows),
            )),
      ];
    },
  );
}

/** Weights below each other, not before `trigger` exists. */
function joined(weights: readonly tf.Tensor2D[], trigger: tf.Tensor): tf.Tensor2D {
  return weights.length === 1
    ? present(weights[0], 'a weight')
    : tf.concat2d([...availableAfter(trigger, weights)], 0);
}

/**
 * The sum of squares; natively without the squares in memory, which of a large gradient would take
 * as much as the gradient.
 *
 * @param x [numbers]
 */
export function sumOfSquares(x: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => {
    const parts = Array.from({ length: Math.ceil(x.size / numbersTogether) }, (_, index) => {
      const start = index * numbersTogether;
      return halfSquares(x.slice(start, Math.min(numbersTogether, x.size - start)));
    });
    return tf.addN(parts).mul<tf.Scalar>(2);
  });
}

function halfSquares(x: tf.Tensor1D): tf.Scalar {
  const native = nativeBackend();
  if (native === undefined) return x.square().sum<tf.Scalar>().div(2);
  const [half] = executeNative(native, 'L2Loss', { T: { type: 'float32' } }, [x]);
  return present(half, 'half of the sum').asScalar();
}
