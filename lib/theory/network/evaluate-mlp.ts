// Evaluates a feed-forward layer in JavaScript: in float64, to certify errors that float32 would
// hide, or in float32, rounded after every operation.

import { activations } from './activation';
import type { Mlp } from './mlp';

/**
 * Computes the sum that a layer adds to the residual stream.
 *
 * @param residual [width], left unchanged
 * @param round rounds every weight and intermediate result, e.g. `Math.fround` for float32
 * @returns [width]; 0 where no unit writes
 */
export function evaluateMlp(
  mlp: Mlp,
  residual: Float64Array,
  round: (value: number) => number = unrounded,
): Float64Array {
  const activation = activations[mlp.activation];
  const { inputStart, inputIndex, inputWeight, outputStart, outputIndex, outputWeight } = mlp;
  const added = new Float64Array(residual.length);
  for (let unit = 0; unit < mlp.hidden; unit++) {
    let sum = round(at(mlp.bias, unit));
    for (let input = at(inputStart, unit); input < at(inputStart, unit + 1); input++)
      sum = round(sum + round(round(at(inputWeight, input)) * at(residual, at(inputIndex, input))));
    const value = round(activation(sum));
    for (let output = at(outputStart, unit); output < at(outputStart, unit + 1); output++) {
      const coordinate = at(outputIndex, output);
      const term = round(round(at(outputWeight, output)) * value);
      added[coordinate] = round(at(added, coordinate) + term);
    }
  }
  return added;
}

function unrounded(value: number): number {
  return value;
}

/** NaN outside, so that a connection to a missing coordinate shows in the result. */
function at(values: Float64Array | Int32Array, index: number): number {
  return values[index] ?? Number.NaN;
}
