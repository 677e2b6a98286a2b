// Lemma 1.2, by the project's working definition: a GELU MLP approximates a ReLU MLP of the same
// shape to error epsilon.
//
// Input weights and biases are multiplied by s, output weights divided by s. With u = s x,
// |max(0, x) - GELU(s x) / s| = |u| Phi(-|u|) / s <= g / s, where g is the largest value of
// u Phi(-u), about 0.17. In a row of layers, one takes an error e before it, in the maximum norm,
// to at most L e + W g / s. L is the largest row sum of |output weights| |input weights|, because
// ReLU has slopes of at most 1; W is the largest sum of |output weights|. The bound needs no
// bounded domain; the domain matters for rounding alone.

import { UsageError } from '../../base/errors';
import type { Random } from '../../engine/random/random';
import { normalDistribution } from '../network/activation';
import { evaluateMlp } from '../network/evaluate-mlp';
import type { Mlp } from '../network/mlp';
import { type Connection, MlpBuilder, type Units } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, areOwn, type Certificate, judged, float64 } from './certificate';
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

/**
 * Adds max(0, sum of inputs + bias) to the outputs: one ReLU unit, or by Lemma 1.2 one GELU unit of
 * inputs scaled up by `steepness`. GELU's differs by at most 0.17 / steepness, and by less than
 * 2e-9 / steepness where |sum| >= 6 / steepness.
 */
export function rectify(
  mlp: Units,
  inputs: readonly Connection[],
  bias: number,
  outputs: readonly Connection[],
  steepness: number,
): void {
  const factor = mlp.activation === 'gelu' ? steepness : 1;
  mlp.unit(
    inputs.map(([coordinate, weight]) => [coordinate, weight * factor]),
    bias * factor,
    outputs.map(([coordinate, weight]) => [coordinate, weight / factor]),
  );
}

/**
 * Rounds a sum that should be a whole number to 1 if it is at least 1, else to 0, and adds that to
 * the outputs: min(1, max(0, 2 sum - 1/2)), which is 0 below 1/4 and 1 above 3/4.
 */
export function atLeastOne(
  mlp: Units,
  inputs: readonly Connection[],
  bias: number,
  outputs: readonly Connection[],
  steepness: number,
): void {
  const doubled = inputs.map(([coordinate, weight]): Connection => [coordinate, 2 * weight]);
  rectify(mlp, doubled, 2 * bias - 0.5, outputs, steepness);
  const negative = outputs.map(([coordinate, weight]): Connection => [coordinate, -weight]);
  rectify(mlp, doubled, 2 * bias - 1.5, negative, steepness);
}

/** A GELU layer of the same shape as a ReLU layer; it is nearer with a larger `steepness`. */
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

/** Evaluates layers in a row: each reads the output of the one before it. */
export function evaluateLayers(layers: readonly Mlp[], input: Float64Array): Float64Array {
  return layers.reduce((values, layer) => evaluateMlp(layer, values), input);
}

/** How a layer lets errors and sizes grow, in the maximum norm. */
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

/** The allowed error on [-bound, bound]^width. */
export interface RectifierOptions {
  readonly epsilon: number;
  readonly bound: number;
  readonly width: number;
}

/** Bounds the error after the last layer: `perGap` times the gap of one unit, plus `rounding`. */
function errorGrowth(
  layers: readonly Mlp[],
  { bound, width }: RectifierOptions,
): { perGap: number; rounding: number } {
  let [perGap, rounding, size] = [0, 0, bound];
  for (const layer of layers) {
    const { outputs, lipschitz, offset, fanIn } = growthOf(layer, width);
    size = lipschitz * size + offset;
    perGap = lipschitz * perGap + outputs;
    // Both networks are rounded, ReLU's and GELU's. Every operation of a unit counts, 4 for an
    // activation.
    rounding = lipschitz * rounding + 2 * (2 * fanIn + 8) * float64.unit * size;
  }
  return { perGap, rounding };
}

/**
 * The steepness with which the error is at most epsilon. Weights grow as 1 / epsilon.
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
 * Points near the bends of the first layer, where its units err most: random points, moved until up
 * to `width` units have sums that are `rectifierGap.at` / steepness from 0. Kaczmarz's method moves
 * them, onto one plane after the other.
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

/** Keeps the points within [-bound, bound]^width. */
function* within(points: Iterable<Float64Array>, bound: number): Generator<Float64Array> {
  for (const point of points) if (point.every((value) => Math.abs(value) <= bound)) yield point;
}

/**
 * Certifies GELU layers that approximate ReLU layers, by default those of `geluFromRelu`. The
 * search starts from `points` random points.
 */
export function certifyRectifier(
  layers: readonly Mlp[],
  options: RectifierOptions & { readonly random: Random; readonly points?: number },
  approximations?: readonly Mlp[],
): Certificate {
  const { epsilon, bound, width, random, points = 500 } = options;
  const steepness = rectifierSteepness(layers, options);
  const own = layers.map((layer) => geluFromRelu(layer, steepness));
  const approximate = approximations ?? own;
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
  return judged(
    {
      lemma: '1.2',
      what: 'ReLU network',
      parameters: { depth: layers.length, width, bound, steepness },
      epsilon,
      bound: (perGap * rectifierGap.gap) / steepness + rounding,
      measured: searchMaximum(error, tried(), { bound }).value,
      hidden: layers.reduce((sum, layer) => sum + layer.hidden, 0),
      weightNorm: weightNorm(...approximate),
    },
    areOwn(approximate, own),
  );
}

/** Random dense ReLU layers in a row, with normal weights. */
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
