// The size of weights: a lemma's smaller error costs larger weights.

import type { Mlp } from './mlp';

/** The size of some weights. */
export interface WeightNorm {
  /** The largest absolute value. */
  readonly largest: number;
  /** The root of the sum of squares. */
  readonly euclidean: number;
}

/** The norm of the biases, input and output weights of several layers together. */
export function weightNorm(...layers: readonly Mlp[]): WeightNorm {
  return normOf(layers.flatMap(({ bias, inputWeight, outputWeight }) => [bias, inputWeight, outputWeight]));
}

/** The norm of several lists of weights together. */
export function normOf(lists: readonly Float64Array[]): WeightNorm {
  let [largest, squares] = [0, 0];
  for (const weights of lists)
    for (const weight of weights) {
      largest = Math.max(largest, Math.abs(weight));
      squares += weight * weight;
    }
  return { largest, euclidean: Math.sqrt(squares) };
}
