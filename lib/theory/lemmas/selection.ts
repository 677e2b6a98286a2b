// Lemma 1.3, by the project's working definition: a GELU MLP computes linear maps exactly (`pass`),
// and selects x or y by the sign of t to error epsilon, if |t| >= gap and |x|, |y| <= bound
// (`select`).
//
// With M the bound and u = steepness * M at least 0.7518, the error of `select` is at most
// 2 M (Phi(-u) + 2 Phi(-2u)), as u Phi(-u) falls from u = 0.7518 on. That is below
// 6 M Phi(-u) <= 3 M exp(-u^2 / 2), so u = sqrt(2 log(3 M / epsilon)) is enough if it is at least
// 0.7518, which is so for epsilon <= 2.26 M. For a larger epsilon, u = 0.7518 is enough.

import { UsageError } from '../../base/errors';
import type { Random } from '../../engine/random/random';
import { normalDistribution } from '../network/activation';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Connection, type Mlp, MlpBuilder, type Units } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, areOwn, type Certificate, judged, float64 } from './certificate';
import { rectifierGap, rectify } from './rectifier';
import { boxPoints, searchMaximum } from './search';

/** Adds a sum of inputs to the outputs: act(u) - act(-u) = u, for GELU and ReLU alike. */
export function pass(mlp: Units, inputs: readonly Connection[], outputs: readonly Connection[]): void {
  for (const sign of [1, -1])
    mlp.unit(
      inputs.map(([coordinate, weight]) => [coordinate, sign * weight]),
      0,
      outputs.map(([coordinate, weight]) => [coordinate, sign * weight]),
    );
}

/** The test of `select` and the two values it chooses between, each a sum of inputs. */
export interface Choice {
  /** Its sign decides. */
  readonly test: readonly Connection[];
  readonly whenPositive: readonly Connection[];
  readonly whenNegative: readonly Connection[];
}

/**
 * Adds `whenPositive` to coordinate `out` where `test` >= `gap`, and `whenNegative` where
 * `test` <= -`gap`; neither may exceed `bound` in absolute value.
 *
 * Four units: with t = 2 bound / gap times the test, rectified x + t minus rectified t, and the
 * same for y and -t. Every rectified sum is at least `bound` from 0. So GELU's error is at most 2
 * bound (Phi(-u) + 2 Phi(-2u)) if u = steepness * bound is at least 0.7518; ReLU is exact.
 */
export function select(
  mlp: Units,
  { test, whenPositive, whenNegative }: Choice,
  out: number,
  { bound, gap }: { readonly bound: number; readonly gap: number },
  steepness: number,
): void {
  for (const [value, sign] of [
    [whenPositive, 1],
    [whenNegative, -1],
  ] as const) {
    const away = test.map(([coordinate, of]): Connection => [coordinate, (sign * of * 2 * bound) / gap]);
    rectify(mlp, [...value, ...away], 0, [[out, 1]], steepness);
    rectify(mlp, away, 0, [[out, -1]], steepness);
  }
}

/** The bounds and the error of a selection. */
export interface SelectionOptions {
  /** Largest |x| and |y|. */
  readonly bound: number;
  /** Smallest |t|. */
  readonly gap: number;
  /** Largest |t|. It matters for rounding alone. */
  readonly range: number;
  readonly epsilon: number;
}

/** Bounds the error in exact arithmetic, for a steepness of at least 0.7518 / bound. */
export function selectionTruncation(steepness: number, bound: number): number {
  const u = steepness * bound;
  return 2 * bound * (normalDistribution(-u) + 2 * normalDistribution(-2 * u));
}

/**
 * Bounds the error that rounding adds, to first order: 12 operations on values that sum to at most
 * 2 M + 4 (2 M / gap) range.
 */
function selectionRounding({ bound, gap, range }: SelectionOptions): number {
  return 12 * float64.unit * (2 * bound + (8 * bound * range) / gap);
}

/**
 * The least steepness with which the error is at most epsilon, to one part in a million.
 *
 * @throws UsageError if rounding leaves nothing of epsilon
 */
export function selectionSteepness(options: SelectionOptions): number {
  const { bound, epsilon } = options;
  const allowed = aim(epsilon) - selectionRounding(options);
  // Phi(-38) is about the smallest that float64 holds.
  let [low, high] = [rectifierGap.at / bound, 38 / bound];
  if (selectionTruncation(high, bound) > allowed)
    throw new UsageError(
      `an error of ${epsilon} in selecting: rounding alone can be ${selectionRounding(options).toExponential(1)}; ask for more, or a smaller range`,
    );
  if (selectionTruncation(low, bound) <= allowed) return low;
  while (high / low > 1 + 1e-6) {
    const middle = (low + high) / 2;
    if (selectionTruncation(middle, bound) <= allowed) high = middle;
    else low = middle;
  }
  return high;
}

/** The layer of Lemma 1.3: reads x, y and t in coordinates 0 to 2, adds x or y to coordinate 3. */
export function selectionMlp(options: SelectionOptions): Mlp {
  const mlp = new MlpBuilder('gelu');
  const choice = { test: [[2, 1]], whenPositive: [[0, 1]], whenNegative: [[1, 1]] } as const;
  select(mlp, choice, 3, options, selectionSteepness(options));
  return mlp.build();
}

/**
 * Certifies a selecting layer, by default the one built for these options. The search starts from
 * `points` random points.
 */
export function certifySelection(
  options: SelectionOptions & { readonly random: Random; readonly points?: number },
  mlp: Mlp = selectionMlp(options),
): Certificate {
  const { bound, gap, range, epsilon, random, points = 500 } = options;
  const steepness = selectionSteepness(options);
  // Coordinate 2 of the box is spread over -range to -gap and gap to range.
  const error = ([x = 0, y = 0, place = 0]: Float64Array): number => {
    const t = Math.sign(place || 1) * (gap + (Math.abs(place) / bound) * (range - gap));
    const found = evaluateMlp(mlp, Float64Array.of(x, y, t, 0))[3] ?? Number.NaN;
    return Math.abs(found - (t > 0 ? x : y));
  };
  return judged(
    {
      lemma: '1.3',
      what: 'select',
      parameters: { bound, gap, range, steepness },
      epsilon,
      bound: selectionTruncation(steepness, bound) + selectionRounding(options),
      measured: searchMaximum(error, selectionPoints(random, bound, points), { bound }).value,
      hidden: mlp.hidden,
      weightNorm: weightNorm(mlp),
    },
    areOwn([mlp], [selectionMlp(options)]),
  );
}

/** Points of the box, each as it is and with |t| at its smallest. */
function* selectionPoints(random: Random, bound: number, count: number): Generator<Float64Array> {
  for (const point of boxPoints(random, 3, bound, count)) {
    yield point;
    const near = Float64Array.from(point);
    near[2] = Math.sign(near[2] ?? 1) * Number.MIN_VALUE;
    yield near;
  }
}

/**
 * A linear map as one layer with 2n hidden units: adds the matrix times coordinates 0 to n - 1 to
 * coordinates n to 2n - 1.
 *
 * @param matrix [n, n]
 */
export function linearMlp(matrix: readonly (readonly number[])[]): Mlp {
  const mlp = new MlpBuilder('gelu');
  for (const [row, weights] of matrix.entries()) {
    const inputs = weights.map((weight, column): Connection => [column, weight]);
    pass(mlp, inputs, [[matrix.length + row, 1]]);
  }
  return mlp.build();
}

/**
 * Certifies a linear map. It is exact, so only rounding is allowed.
 *
 * @param matrix [n, n]
 */
export function certifyLinear(
  matrix: readonly (readonly number[])[],
  { bound, random, points = 200 }: { bound: number; random: Random; points?: number },
  mlp: Mlp = linearMlp(matrix),
): Certificate {
  const size = matrix.length;
  const largestRow = Math.max(...matrix.map((row) => row.reduce((sum, weight) => sum + Math.abs(weight), 0)));
  // Counted: the sum before GELU, GELU, its weight, the difference, and the reference product.
  const rounding = (2 * (size + 1) + 10) * float64.unit * largestRow * bound;
  const error = (point: Float64Array): number => {
    const residual = new Float64Array(2 * size);
    residual.set(point);
    const found = evaluateMlp(mlp, residual);
    const wanted = matrix.map((row) =>
      row.reduce((sum, weight, place) => sum + weight * (point[place] ?? 0), 0),
    );
    return Math.max(...wanted.map((value, row) => Math.abs(value - (found[size + row] ?? Number.NaN))));
  };
  return judged(
    {
      lemma: '1.3',
      what: 'linear map',
      parameters: { size, bound },
      epsilon: rounding,
      bound: rounding,
      measured: searchMaximum(error, boxPoints(random, size, bound, points), { bound, evaluations: 100 })
        .value,
      hidden: mlp.hidden,
      weightNorm: weightNorm(mlp),
    },
    areOwn([mlp], [linearMlp(matrix)]),
  );
}
