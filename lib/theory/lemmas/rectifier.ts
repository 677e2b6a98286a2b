// Lemma 1.2, by the project's working definition: a ReLU MLP is approximated by a GELU MLP of the
// same shape, to error epsilon.
//
// |max(0, x) - GELU(s x) / s| = (1 / s) |u| Phi(-|u|) with u = s x, at most g / s, g the largest
// value of u Phi(-u), about 0.17. So inputs and biases are multiplied by s and outputs divided by
// it. Of several layers in a row, one takes the error e before it, in the maximum norm, to at most
// L e + g / s * W: L = largest row sum of |output weights| |input weights|, because ReLU has slopes
// of at most 1, and W = largest sum of |output weights|. The bound holds everywhere, on a bounded
// domain or not; the domain enters by rounding alone.

import { UsageError } from '../../base/errors';
import type { Random } from '../../engine/random/random';
import { normalDistribution } from '../network/activation';
import { evaluateMlp } from '../network/evaluate-mlp';
import type { Mlp } from '../network/mlp';
import { type Connection, MlpBuilder } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, type Certificate, judged, float64 } from './certificate';
import { boxPoints, searchMaximum } from './search';

/** Where u Phi(-u) is largest: Newton's method on its derivative Phi(-u) - u phi(u). */
function steepestGap(): { readonly at: number; readonly gap: number } {
  let u = 0.75;
  for (let step = 0; step < 6; step++) {
    const density = Math.exp((-u * u) / 2) / Math.sqrt(2 * Math.PI);
    u -= (normalDistribution(-u) - u * density) / (density * (u * u - 2));
  }
  return { at: u, gap: u * normalDistribution(-u) };
}

/** The largest difference of ReLU and GELU, and where it is: 0.16997 at 0.7518 and -0.7518. */
export const rectifierGap = steepestGap();

/** A GELU layer of the same shape as a ReLU layer, near it for a large `steepness`. */
export function geluFromRelu(layer: Mlp, steepness: number): Mlp {
  const times = (values: Float64Array, factor: number): Float64Array => values.map((value) => value * factor);
  return {
    ...layer,
    activation: 'gelu',
    bias: times(layer.bias, steepness),
    inputWeight: times(layer.inputWeight, steepness),
    outputWeight: times(layer.outputWeight, 1 / steepness),
  };
}

/** What layers in a row give: each reads what the one before it gave. */
export function evaluateLayers(layers: readonly Mlp[], input: Float64Array): Float64Array {
  return layers.reduce((values, layer) => evaluateMlp(layer, values), input);
}

/** How errors and sizes pass a layer, in the maximum norm. */
interface Growth {
  /** Largest sum of |output weights| into a coordinate. */
  readonly outputs: number;
  /** Largest row sum of |output weights| |input weights|. */
  readonly lipschitz: number;
  /** Largest sum of |output weights| |bias|. */
  readonly offset: number;
  /** Most connections into a hidden unit or into a coordinate. */
  readonly fanIn: number;
}

function growthOf(mlp: Mlp, width: number): Growth {
  const sums = Array.from({ length: width }, () => ({ outputs: 0, lipschitz: 0, offset: 0, fanIn: 0 }));
  let fanIn = 0;
  const list = (start: Int32Array, unit: number): number[] => {
    const first = start[unit] ?? 0;
    return Array.from({ length: (start[unit + 1] ?? 0) - first }, (_, index) => first + index);
  };
  for (let unit = 0; unit < mlp.hidden; unit++) {
    const inputs = list(mlp.inputStart, unit);
    const slope = inputs.reduce((sum, index) => sum + Math.abs(mlp.inputWeight[index] ?? 0), 0);
    fanIn = Math.max(fanIn, inputs.length);
    for (const index of list(mlp.outputStart, unit)) {
      const into = sums[mlp.outputIndex[index] ?? -1];
      const weight = Math.abs(mlp.outputWeight[index] ?? 0);
      if (into === undefined) throw new Error(`the layer writes beyond ${width} coordinates`);
      into.outputs += weight;
      into.lipschitz += weight * slope;
      into.offset += weight * Math.abs(mlp.bias[unit] ?? 0);
      into.fanIn += 1;
    }
  }
  const largest = (of: (sum: Growth) => number): number => Math.max(0, ...sums.map(of));
  return {
    outputs: largest((sum) => sum.outputs),
    lipschitz: largest((sum) => sum.lipschitz),
    offset: largest((sum) => sum.offset),
    fanIn: Math.max(
      fanIn,
      largest((sum) => sum.fanIn),
    ),
  };
}

/** Of an approximation of ReLU layers in a row on [-bound, bound]^width. */
export interface RectifierOptions {
  readonly epsilon: number;
  readonly bound: number;
  readonly width: number;
}

/** By what the error at the end is bounded: `perGap` times the gap of one unit, and rounding. */
function errorGrowth(
  layers: readonly Mlp[],
  { bound, width }: RectifierOptions,
): { perGap: number; rounding: number } {
  let [perGap, rounding, size] = [0, 0, bound];
  for (const layer of layers) {
    const { outputs, lipschitz, offset, fanIn } = growthOf(layer, width);
    size = lipschitz * size + offset;
    perGap = lipschitz * perGap + outputs;
    // Two networks are computed, ReLU's and GELU's; each operation of a unit, an activation's 4
    // included, counts.
    rounding = lipschitz * rounding + 2 * (2 * fanIn + 8) * float64.unit * size;
  }
  return { perGap, rounding };
}

/**
 * The steepness at which the error is at most epsilon: weights grow as 1 / epsilon.
 *
 * @throws UsageError if rounding leaves less than half of epsilon
 */
export function rectifierSteepness(layers: readonly Mlp[], options: RectifierOptions): number {
  const { perGap, rounding } = errorGrowth(layers, options);
  if (rounding > options.epsilon / 2)
    throw new UsageError(
      `an error of ${options.epsilon} for these layers: float64 certifies no less than ${(2 * rounding).toExponential(1)}; ask for that`,
    );
  return (perGap * rectifierGap.gap) / (aim(options.epsilon) - rounding);
}

/**
 * Points near the bends of the first layer, where its units are most wrong: random ones, moved
 * until as many units as there are coordinates have sums that are `rectifierGap.at` / steepness
 * from 0 (Kaczmarz's method: onto one plane after the other).
 */
function* bentPoints(
  layer: Mlp,
  steepness: number,
  random: Random,
  { width, points }: { readonly width: number; readonly points: number },
): Generator<Float64Array> {
  const planes = Array.from({ length: layer.hidden }, (_, unit) => {
    const normal = new Float64Array(width);
    for (let index = layer.inputStart[unit] ?? 0; index < (layer.inputStart[unit + 1] ?? 0); index++)
      normal[layer.inputIndex[index] ?? 0] = layer.inputWeight[index] ?? 0;
    return {
      normal,
      bias: layer.bias[unit] ?? 0,
      square: normal.reduce((sum, weight) => sum + weight * weight, 0),
    };
  }).filter(({ square }) => square > 0);
  if (planes.length === 0) return;
  for (let count = 0; count < points; count++) {
    const point = Float64Array.from({ length: width }, () => 2 * random.uniform() - 1);
    const chosen = Array.from({ length: 1 + random.integer(0, width) }, () => ({
      ...random.choice(planes),
      side: random.choice([-1, 1]),
    }));
    for (let round = 0; round < 40; round++)
      for (const { normal, bias, square, side } of chosen) {
        const sum = normal.reduce((total, weight, place) => total + weight * (point[place] ?? 0), bias);
        const move = ((side * rectifierGap.at) / steepness - sum) / square;
        for (const [place, weight] of normal.entries()) point[place] = (point[place] ?? 0) + move * weight;
      }
    yield point;
  }
}

/** The points within [-bound, bound]^width. */
function* within(points: Iterable<Float64Array>, bound: number): Generator<Float64Array> {
  for (const point of points) if (point.every((value) => Math.abs(value) <= bound)) yield point;
}

/**
 * The certificate of GELU layers for ReLU layers, by default of those of `geluFromRelu`; `points`
 * random points are tried.
 */
export function certifyRectifier(
  layers: readonly Mlp[],
  options: RectifierOptions & { readonly random: Random; readonly points?: number },
  approximations?: readonly Mlp[],
): Certificate {
  const { epsilon, bound, width, random, points = 500 } = options;
  const steepness = rectifierSteepness(layers, options);
  const approximate = approximations ?? layers.map((layer) => geluFromRelu(layer, steepness));
  const { perGap, rounding } = errorGrowth(layers, options);
  const [first] = layers;
  function* tried(): Generator<Float64Array> {
    yield* boxPoints(random, width, bound, points);
    if (first !== undefined) yield* within(bentPoints(first, steepness, random, { width, points }), bound);
  }
  const error = (point: Float64Array): number => {
    const [wanted, found] = [evaluateLayers(layers, point), evaluateLayers(approximate, point)];
    return Math.max(...wanted.map((value, place) => Math.abs(value - (found[place] ?? Number.NaN))));
  };
  return judged({
    lemma: '1.2',
    what: 'ReLU network',
    parameters: { depth: layers.length, width, bound, steepness },
    epsilon,
    bound: (perGap * rectifierGap.gap) / steepness + rounding,
    measured: searchMaximum(error, tried(), { bound }).value,
    hidden: layers.reduce((sum, layer) => sum + layer.hidden, 0),
    weightNorm: weightNorm(...approximate),
  });
}

/** ReLU layers in a row with normal weights, each fed by all coordinates and feeding all. */
export function randomReluLayers(
  random: Random,
  { depth, width, hidden }: { readonly depth: number; readonly width: number; readonly hidden: number },
): Mlp[] {
  const dense = (fanIn: number): Connection[] =>
    Array.from({ length: width }, (_, place) => [place, random.normal() / Math.sqrt(fanIn)]);
  return Array.from({ length: depth }, () => {
    const mlp = new MlpBuilder('relu');
    for (let unit = 0; unit < hidden; unit++) mlp.unit(dense(width), random.normal() / 2, dense(hidden));
    return mlp.build();
  });
}
