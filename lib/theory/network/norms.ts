// How large the weights of a layer are: what a lemma's error is paid with.

import type { Mlp } from './mlp';

/** Over all input weights, biases and output weights. */
export interface WeightNorm {
  /** The largest absolute value. */
  readonly largest: number;
  /** The root of the sum of squares. */
  readonly euclidean: number;
}

/** The norm of several layers' weights together. */
export function weightNorm(...layers: readonly Mlp[]): WeightNorm {
  let largest = 0;
  let squares = 0;
  for (const { bias, inputWeight, outputWeight } of layers)
    for (const weights of [bias, inputWeight, outputWeight])
      for (const weight of weights) {
        largest = Math.max(largest, Math.abs(weight));
        squares += weight * weight;
      }
  return { largest, euclidean: Math.sqrt(squares) };
}
