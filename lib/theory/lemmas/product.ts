// Lemma 1.1, by the project's working definition: 4 GELU units compute a b for |a|, |b| <= M with
// an error of at most epsilon. The weights have a closed form and grow polynomially in M and
// 1 / epsilon.
//
// Let f(u) = GELU(u) + GELU(-u) = c u I(u), with c = sqrt(2 / pi) and I(u) the integral of
// exp(-t^2 / 2) from 0 to u. Let r(u) = u^2 - f(u) / c. Since 1 - t^2 / 2 <= exp(-t^2 / 2) <= 1,
// 0 <= r(u) <= u^4 / 6 for every u. And r grows with |u|, because
// r'(u) = 2u - I(u) - u exp(-u^2 / 2) >= 0 for u >= 0.
//
// With l the scale, the units compute (f(l (a + b)) - f(l (a - b))) / (4 c l^2), which is
// a b - (r(l (a + b)) - r(l (a - b))) / (4 l^2). So the error is largest where |a| = |b| = M, and
// there at most r(2 l M) / (4 l^2) <= (2 / 3) l^2 M^4. This holds for every l > 0.

import { UsageError } from '../../base/errors';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Mlp, MlpBuilder, type Units } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { aim, areOwn, type Certificate, judged, float64, type Precision } from './certificate';
import { gridPoints, searchMaximum } from './search';

/** The bound and the error of a product, or of a sum of products. */
export interface ProductOptions {
  /** Largest absolute value of a factor. */
  readonly bound: number;
  /** The allowed error. */
  readonly epsilon: number;
  /** How many products are added up; default 1. */
  readonly terms?: number;
  /** The arithmetic; default float64. */
  readonly precision?: Precision;
}

/** GELU(u) + GELU(-u) = c u^2 + O(u^4). */
const c = Math.sqrt(2 / Math.PI);

/**
 * Adds a b to coordinate `out`, with 4 GELU units, from ab = ((a + b)^2 - (a - b)^2) / 4. Inputs
 * are scaled down by `scale`, so that little but the squares is left of GELU. In exact arithmetic
 * the result is ab (1 - scale^2 (a^2 + b^2) / 3 + O(scale^4)): 0 where a or b is 0.
 */
export function multiply(mlp: Units, a: number, b: number, out: number, scale: number): void {
  const weight = 1 / (4 * c * scale * scale);
  for (const side of [1, -1])
    for (const sign of [1, -1])
      mlp.unit(
        [
          [a, sign * scale],
          [b, sign * side * scale],
        ],
        0,
        [[out, side * weight]],
      );
}

/**
 * Adds a b of two numbers that are 0 or 1 to coordinate `out`: max(0, a + b - 1), one ReLU unit,
 * exact.
 */
export function conjoin(mlp: Units, a: number, b: number, out: number): void {
  mlp.unit(
    [
      [a, 1],
      [b, 1],
    ],
    -1,
    [[out, 1]],
  );
}

/** Bounds the error in exact arithmetic: (2 / 3) scale^2 bound^4 for each product. */
export function productTruncation(scale: number, bound: number, terms = 1): number {
  return (terms * 2 * scale ** 2 * bound ** 4) / 3;
}

/**
 * Bounds the error that rounding adds, to first order in the unit u of rounding.
 *
 * The 4 values of GELU of a product sum to at most 2 scale bound in absolute value, because
 * |GELU(x)| + |GELU(-x)| = |x|, and their output weight is 1 / (4 c scale^2). GELU is within 4 u of
 * the true value, its product with a weight adds 1 u, and each addition adds 1 u of the sum so far.
 * Errors of the sums before GELU, and of the weights, count 8 u bound^2 for each product.
 */
export function productRounding(scale: number, bound: number, { unit }: Precision, terms = 1): number {
  const values = (terms * bound) / (2 * c * scale);
  return unit * (operations(terms) * values + 8 * terms * bound ** 2);
}

/** Rounded operations behind one value of the sum: GELU, its weight, the additions. */
function operations(terms: number): number {
  return 4 + 1 + (4 * terms - 1);
}

/** The scale that minimizes the sum of both bounds, where their derivatives cancel. */
export function bestProductScale(bound: number, { unit }: Precision, terms = 1): number {
  return Math.cbrt((3 * unit * operations(terms)) / (8 * c)) / bound;
}

/**
 * The scale for an allowed error: sqrt(3 e / (2 terms)) / bound^2, where e is epsilon less the
 * bound of rounding. Rounding is taken at the scale for epsilon / 2: that scale is smaller, so
 * rounding is larger there.
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
 * The smallest epsilon for which `productScale` has an answer, to one part in a thousand. It grows
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

/** The layer of Lemma 1.1: adds the product of coordinates 0 and 1 to coordinate 2. */
export function productMlp(options: ProductOptions): Mlp {
  const mlp = new MlpBuilder('gelu');
  multiply(mlp, 0, 1, 2, productScale(options));
  return mlp.build();
}

/** The error of a layer like `productMlp`'s at one pair of factors, which are rounded first. */
export function productError(mlp: Mlp, a: number, b: number, { round }: Precision = float64): number {
  const [left, right] = [round(a), round(b)];
  const product = evaluateMlp(mlp, Float64Array.of(left, right, 0), round)[2] ?? Number.NaN;
  return product - left * right;
}

/**
 * Certifies the layer built for these options; another one is only tried.
 *
 * @param grid points along each side of the grid that the search starts from
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
  return judged(
    {
      lemma: '1.1',
      what: 'product',
      parameters: { bound, precision: precision.name, scale },
      epsilon,
      bound: productTruncation(scale, bound) + productRounding(scale, bound, precision),
      measured: value,
      hidden: mlp.hidden,
      weightNorm: weightNorm(mlp),
    },
    areOwn([mlp], [productMlp(options)]),
  );
}

/** The error at one scale: both bounds, and the largest error found. */
export interface ScaleError {
  readonly scale: number;
  readonly truncation: number;
  readonly rounding: number;
  readonly measured: number;
}

/**
 * Errors over scales, in one precision. As the scale falls, the approximation error falls and
 * rounding grows.
 */
export function productErrorsByScale(
  scales: readonly number[],
  { bound, precision, grid = 41 }: { bound: number; precision: Precision; grid?: number },
): ScaleError[] {
  return scales.map((scale) => {
    const mlp = new MlpBuilder('gelu');
    multiply(mlp, 0, 1, 2, scale);
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
