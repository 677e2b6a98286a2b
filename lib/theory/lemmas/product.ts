// Lemma 1.1, by the project's working definition: 4 GELU units compute a b for |a|, |b| <= M with
// an error of at most epsilon, with weights in closed form that grow polynomially in M and 1 /
// epsilon.
//
// Let f(u) = GELU(u) + GELU(-u) = c u I(u), with c = sqrt(2 / pi) and I(u) the integral of exp(-t^2
// / 2) from 0 to u. From 1 - t^2 / 2 <= exp(-t^2 / 2) <= 1 follows, for every u, 0 <= r(u) <= u^4 /
// 6 with r(u) = u^2 - f(u) / c; and r grows with |u|, because r'(u) = 2u - I(u) - u exp(-u^2 / 2)
// >= 0 for u >= 0. The units compute (f(l (a + b)) - f(l (a - b))) / (4 c l^2) = a b - (r(l (a +
// b)) - r(l (a - b))) / (4 l^2), l the scale, so the error is largest where |a| = |b| = M, and
// there at most r(2 l M) / (4 l^2) <= (2 / 3) l^2 M^4. No range of l is excluded.

import { UsageError } from '../../base/errors';
import { evaluateMlp } from '../network/evaluate-mlp';
import { multiply } from './gates';
import { type Mlp, MlpBuilder } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, type Certificate, judged, float64, type Precision } from './certificate';
import { gridPoints, searchMaximum } from './search';

/** Of sums of products. */
export interface ProductOptions {
  /** Every factor is at most this in absolute value. */
  readonly bound: number;
  /** The error that is allowed. */
  readonly epsilon: number;
  /** Products that are added up; default 1. */
  readonly terms?: number;
  /** What it is computed in; default float64. */
  readonly precision?: Precision;
}

const c = Math.sqrt(2 / Math.PI);

/**
 * The error of a sum of products in exact arithmetic is at most this: (2 / 3) scale^2 bound^4 for
 * each.
 */
export function productTruncation(scale: number, bound: number, terms = 1): number {
  return (terms * 2 * scale ** 2 * bound ** 4) / 3;
}

/**
 * What rounding adds at most, to first order in the unit u of rounding. For each product the 4
 * values of GELU are together at most 2 scale bound in absolute value, because |GELU(x)| +
 * |GELU(-x)| = |x|, and their output weight is 1 / (4 c scale^2). GELU is within 4 u of the true
 * value, a weight times it within 1 u, and each addition to the sum so far adds 1 u of the whole.
 * Errors of the sums before GELU and of the weights themselves count 8 u bound^2 for each product.
 */
export function productRounding(scale: number, bound: number, { unit }: Precision, terms = 1): number {
  const values = (terms * bound) / (2 * c * scale);
  return unit * (operations(terms) * values + 8 * terms * bound ** 2);
}

/** Of GELU's value, its weight, and the additions. */
function operations(terms: number): number {
  return 4 + 1 + (4 * terms - 1);
}

/**
 * The scale at which approximation and rounding together are proved smallest; where derivatives of
 * the two cancel.
 */
export function bestProductScale(bound: number, { unit }: Precision, terms = 1): number {
  return Math.cbrt((3 * unit * operations(terms)) / (8 * c)) / bound;
}

/**
 * The scale by which inputs are multiplied, in closed form: sqrt(3 e / (2 terms)) / bound^2, where
 * e is what of epsilon rounding leaves. Rounding is taken at the scale for epsilon / 2, which is
 * smaller, so that there it is more.
 *
 * @throws UsageError if rounding leaves less than half of epsilon
 */
export function productScale({ bound, epsilon, terms = 1, precision = float64 }: ProductOptions): number {
  const scaleFor = (error: number): number => Math.sqrt((3 * error) / (2 * terms)) / bound ** 2;
  const rounding = productRounding(scaleFor(epsilon / 2), bound, precision, terms);
  if (rounding <= epsilon / 2) return scaleFor(aim(epsilon) - rounding);
  const least = smallestProductError(bound, precision, terms).toExponential(1);
  throw new UsageError(
    `an error of ${epsilon} for factors up to ${bound}: ${precision.name} certifies no less than ${least}; ask for that`,
  );
}

/**
 * The smallest epsilon for which `productScale` has an answer, to one part in a thousand: it grows
 * as bound^2.
 */
export function smallestProductError(bound: number, precision: Precision = float64, terms = 1): number {
  const isEnough = (epsilon: number): boolean =>
    productRounding(Math.sqrt((3 * epsilon) / (4 * terms)) / bound ** 2, bound, precision, terms) <=
    epsilon / 2;
  let [low, high] = [terms * bound ** 2 * precision.unit, terms * bound ** 2];
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The layer of Lemma 1.1: from coordinates 0 and 1 their product into coordinate 2. */
export function productMlp(options: ProductOptions): Mlp {
  const mlp = new MlpBuilder('gelu');
  multiply(mlp, 0, 1, { coordinate: 2 }, productScale(options));
  return mlp.build();
}

/** The error of a layer such as `productMlp`'s at one pair of factors, which are rounded first. */
export function productError(mlp: Mlp, a: number, b: number, { round }: Precision = float64): number {
  const [left, right] = [round(a), round(b)];
  const product = evaluateMlp(mlp, Float64Array.of(left, right, 0), round)[2] ?? Number.NaN;
  return product - left * right;
}

/**
 * The certificate of a layer for these options, by default the one that is built for them; `grid`
 * points a side are tried.
 */
export function certifyProduct(
  options: ProductOptions,
  { mlp = productMlp(options), grid = 101 }: { readonly mlp?: Mlp; readonly grid?: number } = {},
): Certificate {
  const { bound, epsilon, precision = float64 } = options;
  const scale = productScale(options);
  const { value } = searchMaximum(
    ([a = 0, b = 0]) => Math.abs(productError(mlp, a, b, precision)),
    gridPoints(bound, grid),
    { bound },
  );
  return judged({
    lemma: '1.1',
    what: 'product',
    parameters: { bound, precision: precision.name, scale },
    epsilon,
    bound: productTruncation(scale, bound) + productRounding(scale, bound, precision),
    measured: value,
    hidden: mlp.hidden,
    weightNorm: weightNorm(mlp),
  });
}

/** What becomes of the error at a scale. */
export interface ScaleError {
  readonly scale: number;
  readonly truncation: number;
  readonly rounding: number;
  readonly measured: number;
}

/** Errors over scales, in one precision: approximation falls with the scale, rounding grows. */
export function productErrorsByScale(
  scales: readonly number[],
  { bound, precision, grid = 41 }: { bound: number; precision: Precision; grid?: number },
): ScaleError[] {
  return scales.map((scale) => {
    const mlp = new MlpBuilder('gelu');
    multiply(mlp, 0, 1, { coordinate: 2 }, scale);
    const built = mlp.build();
    const { value } = searchMaximum(
      ([a = 0, b = 0]) => Math.abs(productError(built, a, b, precision)),
      gridPoints(bound, grid),
      { bound, evaluations: 100 },
    );
    return {
      scale,
      truncation: productTruncation(scale, bound),
      rounding: productRounding(scale, bound, precision),
      measured: value,
    };
  });
}
