// Lemma 1.3, by the project's working definition: a GELU MLP computes linear maps exactly, and
// selects x or y by the sign of t to error epsilon, if |t| >= gap and |x|, |y| <= bound. The
// constructions are `pass` and `select` of `network/gates`.
//
// The error of `select` is at most 2 M (Phi(-u) + 2 Phi(-2u)) with M the bound and u = steepness *
// M, as u Phi(-u) falls from u = 0.7518 on. That is below 6 M Phi(-u) <= 3 M exp(-u^2 / 2), so u =
// sqrt(2 log(3 M / epsilon)) is enough.

import { UsageError } from '../../base/errors';
import type { Random } from '../../engine/random/random';
import { normalDistribution } from '../network/activation';
import { evaluateMlp } from '../network/evaluate-mlp';
import { pass, select } from './gates';
import { type Connection, type Mlp, MlpBuilder } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, type Certificate, judged, float64 } from './certificate';
import { rectifierGap } from './rectifier';
import { boxPoints, searchMaximum } from './search';

/** Of a selection. */
export interface SelectionOptions {
  /** |x| and |y| are at most this. */
  readonly bound: number;
  /** |t| is at least this ... */
  readonly gap: number;
  /** ... and at most this: what lies beyond is right in exact arithmetic, but rounded. */
  readonly range: number;
  readonly epsilon: number;
}

/** The error in exact arithmetic is at most this, for a steepness of at least 0.7518 / bound. */
export function selectionTruncation(steepness: number, bound: number): number {
  const u = steepness * bound;
  return 2 * bound * (normalDistribution(-u) + 2 * normalDistribution(-2 * u));
}

/**
 * What rounding adds at most, to first order: 12 operations on values that are together at most 2 M
 * + 4 (2 M / gap) range.
 */
function selectionRounding({ bound, gap, range }: SelectionOptions): number {
  return 12 * float64.unit * (2 * bound + (8 * bound * range) / gap);
}

/**
 * The least steepness, to one part in a million, with which the error is at most epsilon.
 *
 * @throws UsageError if rounding leaves nothing of epsilon
 */
export function selectionSteepness(options: SelectionOptions): number {
  const { bound, epsilon } = options;
  const allowed = aim(epsilon) - selectionRounding(options);
  // Phi(-38) is the smallest that float64 has.
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

/** The layer of Lemma 1.3: from coordinates 0 (x), 1 (y) and 2 (t), x or y into coordinate 3. */
export function selectionMlp(options: SelectionOptions): Mlp {
  const mlp = new MlpBuilder('gelu');
  const choice = { test: [[2, 1]], whenPositive: [[0, 1]], whenNegative: [[1, 1]] } as const;
  select(mlp, choice, { coordinate: 3 }, options, selectionSteepness(options));
  return mlp.build();
}

/**
 * The certificate of a selecting layer, by default the one that is built; `points` random points
 * are tried.
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
  return judged({
    lemma: '1.3',
    what: 'select',
    parameters: { bound, gap, range, steepness },
    epsilon,
    bound: selectionTruncation(steepness, bound) + selectionRounding(options),
    measured: searchMaximum(error, selectionPoints(random, bound, points), { bound }).value,
    hidden: mlp.hidden,
    weightNorm: weightNorm(mlp),
  });
}

/** Points of the box, each once as it is and once with t as near to 0 as it may be. */
function* selectionPoints(random: Random, bound: number, count: number): Generator<Float64Array> {
  for (const point of boxPoints(random, 3, bound, count)) {
    yield point;
    const near = Float64Array.from(point);
    near[2] = Math.sign(near[2] ?? 1) * Number.MIN_VALUE;
    yield near;
  }
}

/**
 * A linear map as one layer: coordinates 0 to n - 1 times the matrix (row by row) into n to 2n - 1,
 * 2n hidden units.
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
 * The certificate of a linear map: exact, so all that is allowed is rounding.
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
  // The sum before GELU, GELU, its weight and the difference, and the product that it is compared
  // with.
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
  return judged({
    lemma: '1.3',
    what: 'linear map',
    parameters: { size, bound },
    epsilon: rounding,
    bound: rounding,
    measured: searchMaximum(error, boxPoints(random, size, bound, points), { bound, evaluations: 100 }).value,
    hidden: mlp.hidden,
    weightNorm: weightNorm(mlp),
  });
}
