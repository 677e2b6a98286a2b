// Lemma 1.4, by the project's working definition: one MLP multiplies two n x n matrices held in the
// residual stream to error epsilon, with 4 n^3 hidden GELU units. It applies Lemma 1.1 to each of
// the n^3 products; those of an entry add up in the output. An entry's error is at most n times a
// product's, and reaches that where all factors are at their bound.

import type { Random } from '../../engine/random/random';
import { evaluateMlp } from '../network/evaluate-mlp';
import { type Mlp, MlpBuilder } from '../network/mlp';
import { weightNorm } from '../network/norms';
import { areOwn, type Certificate, judged, float64 } from './certificate';
import { multiply, productRounding, productScale, productTruncation } from './product';
import { boxPoints, searchMaximum } from './search';

/** The size, bound and error of a product of matrices. */
export interface MatrixProductOptions {
  /** Rows and columns. */
  readonly size: number;
  /** Largest absolute value of an entry; 1 for Boolean matrices. */
  readonly bound: number;
  /** The allowed error of each entry of the product. */
  readonly epsilon: number;
}

const productOptions = ({ size, ...rest }: MatrixProductOptions) => ({ ...rest, terms: size });

/**
 * The layer of Lemma 1.4. A is in the first n^2 coordinates, row by row, B in the next n^2; A B is
 * added to the third n^2.
 */
export function matrixProductMlp(options: MatrixProductOptions): Mlp {
  const { size } = options;
  const scale = productScale(productOptions(options));
  const mlp = new MlpBuilder('gelu');
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      for (let middle = 0; middle < size; middle++)
        multiply(
          mlp,
          row * size + middle,
          size * size + middle * size + column,
          2 * size * size + row * size + column,
          scale,
        );
  return mlp.build();
}

/** Multiplies two matrices by the layer: [n, n] each, row by row. */
export function multiplyMatrices(mlp: Mlp, left: ArrayLike<number>, right: ArrayLike<number>): Float64Array {
  const entries = left.length;
  const residual = new Float64Array(3 * entries);
  residual.set(left);
  residual.set(right, entries);
  return evaluateMlp(mlp, residual).subarray(2 * entries);
}

/** The largest error of an entry of the layer's product. */
export function matrixProductError(
  mlp: Mlp,
  size: number,
  left: ArrayLike<number>,
  right: ArrayLike<number>,
): number {
  const found = multiplyMatrices(mlp, left, right);
  let largest = 0;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      let wanted = 0;
      for (let middle = 0; middle < size; middle++)
        wanted += (left[row * size + middle] ?? 0) * (right[middle * size + column] ?? 0);
      largest = Math.max(largest, Math.abs((found[row * size + column] ?? Number.NaN) - wanted));
    }
  return largest;
}

/**
 * Certifies a layer for these options, by default the one built for them.
 *
 * @param options `points` random matrices and as many random corners of the box are tried; for
 *   Boolean `entries`, random matrices of 0 and 1
 */
export function certifyMatrixProduct(
  options: MatrixProductOptions & {
    readonly random: Random;
    readonly entries: 'real' | 'Boolean';
    readonly points?: number;
  },
  mlp: Mlp = matrixProductMlp(options),
): Certificate {
  const { size, bound, epsilon, random, entries, points = 20 } = options;
  const scale = productScale(productOptions(options));
  const count = size * size;
  const error = (point: Float64Array): number =>
    matrixProductError(mlp, size, point.subarray(0, count), point.subarray(count));
  const measured =
    entries === 'real'
      ? searchMaximum(error, boxPoints(random, 2 * count, bound, points), {
          bound,
          starts: 1,
          evaluations: 4 * count,
        }).value
      : Math.max(...[...booleanPoints(random, 2 * count, points)].map(error));
  return judged(
    {
      lemma: '1.4',
      what: `product of ${entries} matrices`,
      parameters: { size, bound, entries, scale },
      epsilon,
      bound: productTruncation(scale, bound, size) + productRounding(scale, bound, float64, size),
      measured,
      hidden: mlp.hidden,
      weightNorm: weightNorm(mlp),
    },
    areOwn([mlp], [matrixProductMlp(options)]),
  );
}

/** All zeros, all ones, then pairs of 0-1 matrices of random density. */
function* booleanPoints(random: Random, dimensions: number, count: number): Generator<Float64Array> {
  for (const value of [0, 1]) yield new Float64Array(dimensions).fill(value);
  for (let index = 0; index < count; index++) {
    const density = random.uniform();
    yield Float64Array.from({ length: dimensions }, () => (random.uniform() < density ? 1 : 0));
  }
}
