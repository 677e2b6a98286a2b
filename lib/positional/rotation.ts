// Rotations of queries and keys in pairs of components, shared by RoPE and xPos. A pair is
// component i and component i + headDim / 2 (the layout of Llama's code, "rotate half").

import * as tf from '@tensorflow/tfjs';
import { fusedKernels } from '../engine/native/kernels';

/**
 * Cosine and sine of each pair's angle, each [batch or 1, 1, time, headDim / 2]; a factor on both
 * scales the vector.
 */
export interface Rotation {
  readonly cos: tf.Tensor4D;
  readonly sin: tf.Tensor4D;
}

/**
 * The angle of each pair at each position.
 *
 * @param positions [batch, time] int32
 * @param rates     angle a position, [pairs]
 * @returns [batch, time, pairs]
 */
export function angles(positions: tf.Tensor2D, rates: Float64Array): tf.Tensor3D {
  return tf.tidy(() => {
    const turns = tf.tensor3d(Float32Array.from(rates), [1, 1, rates.length]);
    return tf.mul(positions.toFloat().expandDims<tf.Tensor3D>(2), turns);
  });
}

/** The rotation by angle x position, each pair's length multiplied by `factor`. */
export function rotationAt(positions: tf.Tensor2D, rates: Float64Array, factor = 1): Rotation {
  const turns = angles(positions, rates).expandDims<tf.Tensor4D>(1);
  const scaled = (values: tf.Tensor4D): tf.Tensor4D => (factor === 1 ? values : tf.mul(values, factor));
  return { cos: scaled(tf.cos(turns)), sin: scaled(tf.sin(turns)) };
}

/**
 * Rotates every pair (a, b) of vectors to (a cos - b sin, b cos + a sin).
 *
 * The gradient is the inverse rotation, with the same lengths, so nothing of the forward pass is
 * kept for it.
 *
 * @param vectors [batch, heads, time, headDim]
 */
export function rotate(vectors: tf.Tensor4D, rotation: Rotation): tf.Tensor4D {
  const turned = tf.customGrad<tf.Tensor4D>((...inputs) => {
    const [source, save] = inputs as [tf.Tensor4D, tf.GradSaveFunc];
    save([rotation.cos, rotation.sin]);
    const gradFunc = (upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [cos, sin] = saved as [tf.Tensor4D, tf.Tensor4D];
      return turn(upstream as tf.Tensor4D, { cos, sin }, true);
    };
    return { value: turn(source, rotation, false), gradFunc };
  });
  return turned(vectors);
}

/** Rotates every pair by its angle, or back by it. */
function turn(vectors: tf.Tensor4D, { cos, sin }: Rotation, back: boolean): tf.Tensor4D {
  const kernels = fusedKernels();
  return kernels ? kernels.rotate(vectors, cos, sin, back) : turnBy(vectors, cos, back ? tf.neg(sin) : sin);
}

function turnBy(vectors: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [first, second] = tf.split(vectors, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    const left: tf.Tensor4D = tf.sub(tf.mul(first, cos), tf.mul(second, sin));
    const right: tf.Tensor4D = tf.add(tf.mul(second, cos), tf.mul(first, sin));
    return tf.concat<tf.Tensor4D>([left, right], 3);
  });
}
