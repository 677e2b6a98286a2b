// The read-out, from the residual stream to sets of states: sums of named coordinates, and a
// threshold.

import { type Matrix, type Network, put, zeros } from './network';

/** The weights of the sums that decide which states are reached: [width, states of all parts]. */
export function readoutWeights({ readout, layout }: Pick<Network, 'readout' | 'layout'>): Matrix {
  const inputs = readout.flatMap((part) => part.inputs);
  const weights = zeros(layout.width, inputs.length);
  inputs.forEach((connections, column) => {
    for (const [coordinate, weight] of connections) put(weights, coordinate, column, weight);
  });
  return weights;
}

/**
 * The reached states: combinations of states whose sums are above 1/2 in every part.
 *
 * @param sums [tokens, states of all parts]
 * @returns [tokens, states] of 0 and 1, in the order of `stateNames`
 */
export function reachedStates({ readout }: Pick<Network, 'readout'>, sums: ArrayLike<number>): Uint8Array {
  const parts = readout.map(({ states }) => states.length);
  const columns = parts.reduce((sum, size) => sum + size, 0);
  const states = parts.reduce((product, size) => product * size, 1);
  const tokens = sums.length / columns;
  const reached = new Uint8Array(tokens * states);
  for (let token = 0; token < tokens; token++) {
    // Combinations of the parts so far, the last part varying fastest.
    let combinations = Uint8Array.of(1);
    let first = token * columns;
    for (const size of parts) {
      const wider = new Uint8Array(combinations.length * size);
      for (let state = 0; state < size; state++) {
        if (!((sums[first + state] ?? Number.NaN) > 1 / 2)) continue;
        combinations.forEach((isReached, index) => {
          wider[index * size + state] = isReached;
        });
      }
      combinations = wider;
      first += size;
    }
    reached.set(combinations, token * states);
  }
  return reached;
}
