// A small real task for the trainer's tests: a network with one hidden layer learns a function of
// two numbers.

import * as tf from '@tensorflow/tfjs';
import { present } from '../../lib/base/present';
import { Random, type RandomState } from '../../lib/engine/random/random';
import { defaultAdamW } from '../../lib/train/step/adamw';
import { type Batch, type BatchSource } from '../../lib/data/batches';
import { type LossFunction, type Parameters } from '../../lib/train/step/step';
import { type TrainingPlan } from '../../lib/train/run';

const width = 8;

/** The network's parameters. */
export const networkShapes = [
  { name: 'in.weight', shape: [2, width] },
  { name: 'in.bias', shape: [width] },
  { name: 'out.weight', shape: [width, 1] },
  { name: 'out.bias', shape: [1] },
];

/** Their first values, whoever asks for them disposes them. */
export function networkParameters(seed = 1): Map<string, tf.Tensor> {
  const random = Random.fromSeed(seed);
  return new Map(
    networkShapes.map(({ name, shape }) => [
      name,
      name.endsWith('weight')
        ? tf.tensor(random.normalArray(tf.util.sizeFromShape(shape), 0, 0.5), shape)
        : tf.zeros(shape),
    ]),
  );
}

/** The squared errors, summed. A weight of 0 leaves a row out. */
export const squaredError: LossFunction = (parameters, { x, y, counted }) => {
  const of = (name: string): tf.Tensor => present(parameters.get(name), name);
  const hidden = present(x, 'x').matMul(of('in.weight')).add(of('in.bias')).tanh();
  const error = hidden.matMul(of('out.weight')).add(of('out.bias')).sub(present(y, 'y')).square();
  return error.mul(present(counted, 'counted')).sum<tf.Scalar>();
};

/** Random points; about a quarter of the rows do not count, so that batches weigh differently. */
export function points(rows: number, seed = 1): BatchSource {
  let random = Random.fromSeed(seed);
  return {
    next: () => batchOf(Array.from({ length: rows }, () => drawPoint(random))),
    state: () => random.state(),
    restore: (state) => {
      random = Random.fromState(state as RandomState);
    },
  };
}

interface Point {
  readonly x: readonly [number, number];
  readonly y: number;
  readonly counted: number;
}

function drawPoint(random: Random): Point {
  const x = [random.uniform(-1, 1), random.uniform(-1, 1)] as const;
  return { x, y: x[0] * x[1] + 0.5 * x[0], counted: random.uniform() < 0.75 ? 1 : 0 };
}

function batchOf(rows: readonly Point[]): Batch {
  const column = (values: readonly number[], columns: number) => ({
    values: Float32Array.from(values),
    shape: [rows.length, columns],
  });
  const counted = rows.map((row) => row.counted);
  return {
    arrays: {
      x: column(
        rows.flatMap((row) => row.x),
        2,
      ),
      y: column(
        rows.map((row) => row.y),
        1,
      ),
      counted: column(counted, 1),
    },
    weight: counted.reduce((sum, one) => sum + one, 0),
    tokens: rows.length,
  };
}

/** A plan that ends in a moment. */
export const shortPlan: TrainingPlan = {
  steps: 30,
  optimizer: defaultAdamW,
  schedule: { kind: 'cosine', learningRate: 0.03, warmupSteps: 5, finalFraction: 0.1 },
  clipNorm: 0.5,
  logEvery: 7,
  checkpointEvery: 10,
  evaluateEvery: 8,
};

/** The parameters as plain numbers, which are then disposed. */
export function numbersOf(parameters: Parameters): Record<string, number[]> {
  const numbers = Object.fromEntries([...parameters].map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  tf.dispose([...parameters.values()]);
  return numbers;
}
