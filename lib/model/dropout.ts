// Dropout as a function of a seed: the same seed drops the same numbers, whether a block is
// computed for the first time or again in the backward pass, and a resumed run drops what the
// uninterrupted one would have.

import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from '../engine/native/binding';
import { present } from '../base/present';
import { executeNative } from '../engine/native/operation';
import { Random } from '../engine/random/random';

/** What to drop. */
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

/** `x` with a random share of it dropped; `x` itself without dropout. */
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
 * The same in kind, not in numbers; it reads the seed back, so it cannot be captured, as nothing
 * can there.
 */
function portableUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const stream = [...seed.dataSync()].reduce((random, word) => random.fork(String(word)), Random.fromSeed(0));
  return tf.tensor(stream.uniformArray(tf.util.sizeFromShape([...shape])), [...shape], 'float32');
}
