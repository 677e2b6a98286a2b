// A backend is trusted after it has computed a small product that plain JavaScript agrees with: a
// library built for another processor, or a broken driver, gives wrong numbers more often than an
// error.

import { BackendUnavailable } from './backend';
import { Random } from '../random/random';
import { loadTensorFlow } from './tensorflow';

const [rows, inner, columns] = [64, 48, 32];
const tolerance = 1e-4;

/**
 * Compares the current backend's product [64, 48] x [48, 32] with float64 arithmetic in JavaScript.
 * The factors are multiples of 1/16 up to 4, which bfloat16 and TF32 hold exactly: this checks that
 * the backend computes right, not how finely it rounds.
 *
 * @throws BackendUnavailable if it fails or any entry differs by more than 1e-4
 */
export async function checkCurrentBackend(): Promise<void> {
  const tf = loadTensorFlow();
  const random = Random.fromSeed(64_48_32);
  const left = Float32Array.from(random.integerArray(rows * inner, -64, 65), (value) => value / 16);
  const right = Float32Array.from(random.integerArray(inner * columns, -64, 65), (value) => value / 16);
  const product = tf.tidy(() =>
    tf.matMul(tf.tensor2d(left, [rows, inner]), tf.tensor2d(right, [inner, columns])),
  );
  try {
    const difference = largestDifference(await product.data(), referenceProduct(left, right));
    // Written so that a NaN fails too.
    if (!(difference <= tolerance)) {
      throw new BackendUnavailable(
        `it computes wrong numbers (a ${rows}x${inner} by ${inner}x${columns} product is off by ${Number(difference.toPrecision(2))})`,
        'run npm run setup on this machine to rebuild it',
      );
    }
  } finally {
    product.dispose();
  }
}

function referenceProduct(left: Float32Array, right: Float32Array): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum += (left[row * inner + k] ?? NaN) * (right[k * columns + column] ?? NaN);
      product[row * columns + column] = sum;
    }
  }
  return product;
}

function largestDifference(values: ArrayLike<number>, reference: Float64Array): number {
  if (values.length !== reference.length) return Infinity;
  return reference.reduce((largest, expected, i) => {
    const difference = Math.abs((values[i] ?? NaN) - expected);
    return Number.isNaN(difference) ? NaN : Math.max(largest, difference);
  }, 0);
}
