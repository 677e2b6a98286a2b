// Random programs of tensor operations for the tests of capture, and what they are compared by.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { Random } from '../../lib/engine/random/random';

/** An instruction: an operation, and numbers that choose its operands and its parameters. */
export type Instruction = readonly [operation: string, a: number, b: number, c: number];

type Operation = (a: tf.Tensor, b: tf.Tensor, c: number) => tf.Tensor;

const flat = (x: tf.Tensor): tf.Tensor2D => x.reshape([x.shape[0], -1]);
const axisOf = (x: tf.Tensor, c: number): number => c % x.rank;
/** An operation without a gradient: zeros take its place. */
const detached = (operation: (x: tf.Tensor) => tf.Tensor): ((x: tf.Tensor) => tf.Tensor) => {
  const once = tf.customGrad((...[x]) => {
    const input = x as tf.Tensor;
    const { shape } = input;
    return { value: operation(input), gradFunc: () => tf.zeros(shape) };
  });
  return (x) => once(x);
};
/** `b` if it broadcasts to `a`'s shape, and its mean otherwise. */
const fitting = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  try {
    tf.broadcastTo(tf.zeros(b.shape), a.shape).dispose();
    return b;
  } catch {
    return b.mean();
  }
};

const positive = detached((a) => a.greater(0.1).toFloat());

/**
 * What programs are made of. Every result stays within small numbers, and every operand has rank 1
 * to 4.
 */
const operations: Readonly<Record<string, Operation>> = {
  add: (a, b) => a.add(fitting(a, b)),
  sub: (a, b) => a.sub(fitting(a, b)),
  mul: (a, b) => a.mul(fitting(a, b)),
  div: (a, b) => a.div(fitting(a, b).abs().add(1)),
  maximum: (a, b) => tf.maximum(a, tf.broadcastTo(fitting(a, b), a.shape)),
  where: (a, b) => tf.where(positive(a).cast('bool'), a, tf.broadcastTo(fitting(a, b), a.shape)),
  tanh: (a) => a.tanh(),
  sigmoid: (a) => a.sigmoid(),
  exp: (a) => a.abs().neg().exp(),
  sqrt: (a) => a.square().add(0.5).sqrt(),
  rsqrt: (a) => a.square().add(0.5).rsqrt(),
  log: (a) => a.abs().add(0.5).log(),
  relu: (a) => a.relu(),
  selu: (a) => a.selu(),
  pow: (a, _, c) =>
    a
      .abs()
      .add(0.5)
      .pow(c % 3),
  softmax: (a) => a.softmax(),
  logSoftmax: (a) => a.logSoftmax(),
  reshape: (a) => flat(a),
  expandDims: (a, _, c) => (a.rank < 4 ? a.expandDims(axisOf(a, c)) : a),
  transpose: (a, _, c) => a.transpose([...a.shape.keys()].map((axis) => (axis + c) % a.rank)),
  reverse: (a, _, c) => a.reverse(axisOf(a, c)),
  sum: (a, _, c) => a.sum(axisOf(a, c), true),
  mean: (a, _, c) => a.mean(axisOf(a, c), true),
  max: (a, _, c) => a.max(axisOf(a, c), true),
  logSumExp: (a, _, c) => a.logSumExp(axisOf(a, c), true),
  // TensorFlow.js's gradient of it is wrong for other axes.
  cumsum: (a, _, c) => a.cumsum(a.rank - 1, c % 2 === 0, c % 3 === 0),
  slice: (a, _, c) => {
    const axis = axisOf(a, c);
    const start = c % (a.shape[axis] ?? 1);
    return a.slice(
      a.shape.map((_, one) => (one === axis ? start : 0)),
      a.shape.map((length, one) => (one === axis ? length - start : length)),
    );
  },
  pad: (a, _, c) => (a.size > 400 ? a : a.pad(a.shape.map((_, one) => [one === c % a.rank ? 1 : 0, 0]))),
  tile: (a, _, c) => (a.size > 400 ? a : a.tile(a.shape.map((_, one) => (one === c % a.rank ? 2 : 1)))),
  concat: (a, _, c) => (a.size > 400 ? a : tf.concat([a, a.neg()], axisOf(a, c))),
  stack: (a, _, c) => (a.size > 400 || a.rank > 3 ? a : tf.stack([a, a.square()], c % (a.rank + 1))),
  split: (a, _, c) => {
    const axis = axisOf(a, c);
    const length = a.shape[axis] ?? 1;
    if (length < 2) return a;
    const [left, right] = tf.split(a, [1, length - 1], axis);
    return left && right ? tf.mul(right, left) : a;
  },
  unstack: (a) => (a.rank < 2 || a.shape[0] === 1 ? a : tf.addN(tf.unstack(a, 0))),
  matMul: (a, _, c) => tf.matMul(flat(a), flat(a), c % 2 === 0, c % 2 === 1).mul(0.1),
  batchMatMul: (a) => (a.rank < 3 ? a : tf.matMul(a, a, false, true).mul(0.1)),
  gatherND: (a, _, c) => {
    const rows = a.shape[0];
    const indices = [c % rows, (c * 7) % rows, 0].map((row) => [row]);
    return detached((x) => tf.gatherND(x, tf.tensor2d(indices, [3, 1], 'int32')))(a);
  },
  oneHot: (a, _, c) => detached((x) => tf.oneHot(x.argMax(axisOf(x, c)).toInt(), 3).toFloat())(a),
  cast: (a) => positive(a).mul(a),
  einsum: (a) => detached((x) => tf.einsum('ij,ik->jk', x, x).mul(0.1).slice([0, 0], [1, -1]))(flat(a)),
  gather: (a, _, c) => tf.gather(a, tf.tensor1d([0, c % a.shape[0]], 'int32')),
  topk: (a) => detached((x) => tf.topk(x, 1).values)(a),
  integers: (a) =>
    detached((x) => {
      const whole = x.mul(10).toInt();
      return tf
        .mod(whole, tf.scalar(3, 'int32'))
        .add(tf.floorDiv(whole, tf.scalar(4, 'int32')))
        .toFloat()
        .mul(0.1);
    })(a),
  scatterND: (a) =>
    detached((x) =>
      tf.scatterND(tf.tensor2d([[1]], [1, 1], 'int32'), x.slice([0], [1]), [2, ...x.shape.slice(1)]),
    )(a),
  logical: (a) =>
    detached((x) =>
      tf
        .logicalAnd(x.greater(0), tf.logicalNot(x.greater(0.5)))
        .any(0, true)
        .toFloat(),
    )(a),
  clip: (a) => a.clipByValue(-0.7, 0.7),
};

/** Random programs of up to `length` instructions. */
export function programs(length: number): fc.Arbitrary<readonly Instruction[]> {
  const number = fc.nat({ max: 1000 });
  return fc.array(fc.tuple(fc.constantFrom(...Object.keys(operations)), number, number, number), {
    minLength: 1,
    maxLength: length,
  });
}

/** Every operation once. */
export const everyOperation: readonly Instruction[] = Object.keys(operations).map((name, index) => [
  name,
  index,
  index + 1,
  index,
]);

/** What is done to each value of a program, and by the chain rule to its gradient. */
export type Rounding = (value: tf.Tensor) => tf.Tensor;

/**
 * Monte Carlo arithmetic (Parker 1997): each number is multiplied by 1 + 2^-22 or 1 - 2^-22 by
 * chance, four times float32's unit roundoff, which stands for the rounding within an operation and
 * for the order of its sums. How far results then move is how far two correct ways to round may
 * differ.
 */
export function randomRounding(random: Random): Rounding {
  return (value) => {
    const signs = random.integerArray(value.size, 0, 2);
    const factors = Float32Array.from(signs, (sign) => 1 + (2 * sign - 1) * 2 ** -22);
    return value.mul(tf.tensor(factors, value.shape));
  };
}

/**
 * Values that a program computes from its first ones, the latest last; large tensors and ranks are
 * cut.
 */
export function interpret(
  program: readonly Instruction[],
  first: readonly tf.Tensor[],
  rounding: Rounding = (value) => value,
): tf.Tensor[] {
  const values = first.map((value) => rounding(value));
  for (const [name, i, j, c] of program) {
    const [a, b] = [values[i % values.length], values[j % values.length]];
    const operation = operations[name];
    if (!a || !b || !operation) throw new Error(`no operation ${name}`);
    values.push(rounding(operation(a, b, c).clipByValue(-8, 8)));
  }
  return values;
}

/**
 * How far a result is off, as a share of what rounding explains: twice the farthest that runs with
 * `randomRounding` went from what is expected, and eight units of roundoff of the largest number (a
 * sample may miss the worst case).
 */
export function shareOfRounding(
  actual: tf.Tensor,
  expected: tf.Tensor,
  samples: readonly tf.Tensor[],
): number {
  const moved = samples.map((sample) => distanceOf(sample, expected).difference);
  const { difference, largest } = distanceOf(actual, expected);
  return difference === 0 ? 0 : difference / (2 * Math.max(...moved) + 2 ** -21 * largest);
}

/** The largest difference of two tensors, and the largest number in the second. */
function distanceOf(actual: tf.Tensor, expected: tf.Tensor): { difference: number; largest: number } {
  if (actual.shape.join() !== expected.shape.join() || actual.dtype !== expected.dtype)
    return { difference: Infinity, largest: 0 };
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  let [difference, largest] = [0, 0];
  for (let index = 0; index < b.length; index += 1) {
    const [x, y] = [a[index] ?? NaN, b[index] ?? NaN];
    difference = Math.max(difference, Number.isNaN(x - y) ? Infinity : Math.abs(x - y));
    largest = Math.max(largest, Math.abs(y));
  }
  return { difference, largest };
}

/**
 * The largest difference of two tensors, as a share of the largest number in the second or of 0.1
 * if that is more.
 */
export function relativeError(actual: tf.Tensor, expected: tf.Tensor): number {
  const { difference, largest } = distanceOf(actual, expected);
  return difference / Math.max(largest, 0.1);
}
