// Principal components of small vectors: eigenvectors of their covariance by Jacobi's rotations
// (Golub and Van Loan, section 8.5).

/** The mean of a sample and the directions in which it varies. */
export interface PrincipalAxes {
  /** [size] */
  readonly mean: Float64Array;
  /** Orthonormal axes as rows, the largest variance first: [size, size]. */
  readonly axes: Float64Array;
  /** The variance along each axis, decreasing: [size]. */
  readonly variances: Float64Array;
}

const mostSweeps = 60;

/**
 * Computes the principal axes of a sample.
 *
 * @param vectors [count * size], vector after vector; at least one
 */
export function principalAxes(vectors: ArrayLike<number>, size: number): PrincipalAxes {
  const count = vectors.length / size;
  const mean = new Float64Array(size);
  for (let index = 0; index < vectors.length; index++)
    mean[index % size] = (mean[index % size] ?? 0) + (vectors[index] ?? 0) / count;
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let vector = 0; vector < count; vector++) {
    for (let place = 0; place < size; place++)
      centred[place] = (vectors[vector * size + place] ?? 0) - (mean[place] ?? 0);
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        const index = row * size + column;
        covariance[index] = (covariance[index] ?? 0) + ((centred[row] ?? 0) * (centred[column] ?? 0)) / count;
      }
  }
  const vectorsOf = diagonalize(covariance, size);
  const order = Array.from({ length: size }, (_, place) => place).sort(
    (a, b) => (covariance[b * size + b] ?? 0) - (covariance[a * size + a] ?? 0),
  );
  const axes = new Float64Array(size * size);
  order.forEach((from, to) => {
    axes.set(vectorsOf.subarray(from * size, (from + 1) * size), to * size);
  });
  return {
    mean,
    axes,
    variances: Float64Array.from(order, (place) => covariance[place * size + place] ?? 0),
  };
}

/** Diagonalizes a symmetric matrix in place; returns the eigenvectors as rows. */
function diagonalize(matrix: Float64Array, size: number): Float64Array {
  const vectors = new Float64Array(size * size);
  for (let place = 0; place < size; place++) vectors[place * size + place] = 1;
  const at = (row: number, column: number): number => matrix[row * size + column] ?? 0;
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(at(p, q)) <= 2 ** -60) continue;
        rotated = true;
        const ratio = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        rotateRows(matrix, size, p, q, cosine, sine);
        rotateColumns(matrix, size, p, q, cosine, sine);
        rotateRows(vectors, size, p, q, cosine, sine);
      }
    if (!rotated) return vectors;
  }
  return vectors;
}

function rotateRows(
  matrix: Float64Array,
  size: number,
  p: number,
  q: number,
  cosine: number,
  sine: number,
): void {
  for (let column = 0; column < size; column++)
    rotatePair(matrix, p * size + column, q * size + column, cosine, sine);
}

function rotateColumns(
  matrix: Float64Array,
  size: number,
  p: number,
  q: number,
  cosine: number,
  sine: number,
): void {
  for (let row = 0; row < size; row++) rotatePair(matrix, row * size + p, row * size + q, cosine, sine);
}

function rotatePair(values: Float64Array, first: number, second: number, cosine: number, sine: number): void {
  const [a, b] = [values[first] ?? 0, values[second] ?? 0];
  values[first] = cosine * a - sine * b;
  values[second] = sine * a + cosine * b;
}
