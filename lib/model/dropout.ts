// Dropout as a function of a seed: the same seed drops the same numbers, also when a block is
// computed again in the backward pass, and in a resumed run.

import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from '../engine/native/binding';
import { present } from '../base/present';
import { executeNative } from '../engine/native/operation';
import { Random } from '../engine/random/random';

/** Rate and seed of dropout. */
export interface Dropout {
  /** The share that is set to 0; the rest grows by 1 / (1 - rate). */
  readonly rate: number;
  /** [2] int32. */
  readonly seed: tf.Tensor1D;
}

/** A place in the model: no two may share their random numbers. */
export interface DropoutSite {
  readonly layer: number;
  readonly part: number;
}

/** Drops a random share of `x`; returns `x` itself without dropout. */
export function drop<T extends tf.Tensor>(x: T, dropout: Dropout | undefined, site: DropoutSite): T {
  if (dropout === undefined) return x;
  const { rate } = dropout;
  return tf.tidy(() => {
    const kept = tf.greaterEqual(uniform(x.shape, seedAt(dropout.seed, site)), rate);
    return tf.mul<T>(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)));
  });
}

/**
 * A seed for each site. The factors are odd and large, so that neighbouring sites and steps stay
 * apart.
 */
function seedAt(seed: tf.Tensor1D, { layer, part }: DropoutSite): tf.Tensor1D {
  const shift = [Math.imul(layer + 1, 0x9e3779b1), Math.imul(part + 1, 0x85ebca77)];
  return tf.add(seed, tf.tensor1d(shift, 'int32'));
}

/** Numbers in [0, 1) that depend on the seed alone. */
function uniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const native = nativeBackend();
  if (native === undefined) return portableUniform(shape, seed);
  const types = { dtype: { type: 'float32' }, T: { type: 'int32' }, Tseed: { type: 'int32' } } as const;
  const inputs = [tf.tensor1d([...shape], 'int32'), seed];
  return present(executeNative(native, 'StatelessRandomUniform', types, inputs)[0], 'random numbers');
}

/**
 * Uniform numbers on other backends, of the same kind but not the same values. It reads the seed
 * back, so it cannot be captured, as nothing can there.
 */
function portableUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const stream = [...seed.dataSync()].reduce((random, word) => random.fork(String(word)), Random.fromSeed(0));
  return tf.tensor(stream.uniformArray(tf.util.sizeFromShape([...shape])), [...shape], 'float32');
}
