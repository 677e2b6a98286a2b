// The operations that a model is made of, on whichever backend runs, against float64 arithmetic
// written out in JavaScript. One test file a backend: a process has one engine.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { type BackendName } from '../../lib/engine/backends/backend';
import { type Engine, startEngine } from '../../lib/engine/engine';
import { checkCapture } from '../../lib/engine/graph/check';
import { assertNoLeak, memoryReport, withTensorAccount } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { normalTensor } from '../../lib/engine/random/tensors';

type Matrix = number[][];

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);
const transpose = (m: Matrix) => (m[0] ?? []).map((_, column) => m.map((row) => row[column] ?? NaN));
const product = (a: Matrix, b: Matrix) => a.map((row) => transpose(b).map((column) => dot(row, column)));
const softmax = (row: readonly number[]) => {
  const exponentials = row.map((x) => Math.exp(x - Math.max(...row)));
  const sum = exponentials.reduce((total, x) => total + x, 0);
  return exponentials.map((x) => x / sum);
};

/** A matrix of numbers that float32 holds exactly. */
function randomMatrix(random: Random, rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, () => Array.from(random.normalArray(columns)));
}

async function expectClose(actual: tf.Tensor, expected: Matrix, tolerance = 1e-5): Promise<void> {
  const values = (await actual.array()) as Matrix;
  actual.dispose();
  expect(values.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  const difference = Math.max(
    ...values.flatMap((row, i) => row.map((x, j) => Math.abs(x - (expected[i]?.[j] ?? NaN)))),
  );
  expect(difference).toBeLessThanOrEqual(tolerance);
}

/** Registers the tests of one backend. */
export function testBackend(name: BackendName, slow: boolean): void {
  const random = Random.fromSeed(20).fork(name);
  let engine: Engine;

  beforeAll(async () => {
    delete process.env['BIPE_ENGINE'];
    engine = await startEngine({ backend: name, reporter: silentReporter });
  });

  describe(`the ${name} backend`, () => {
    it('is the one asked for, and says so', () => {
      expect(engine).toMatchObject({
        backend: name,
        slow,
        rejected: [],
        reason: 'asked for by startEngine',
      });
      expect(engine.description).toMatch(/^[^\n]+$/);
    });

    it('runs a captured step, as a graph on native backends alone, and says which', async () => {
      expect(engine.captures).toBe(name.startsWith('native'));
      await assertNoLeak(async () => {
        expect(await checkCapture()).toBe(engine.captures);
      });
    });

    it('multiplies matrices', async () => {
      const [a, b] = [randomMatrix(random, 37, 53), randomMatrix(random, 53, 29)];
      await expectClose(
        tf.tidy(() => tf.matMul(tf.tensor2d(a), tf.tensor2d(b))),
        product(a, b),
        1e-4,
      );
    });

    it('takes softmax over the last axis, also of large numbers', async () => {
      const scores = randomMatrix(random, 11, 17).map((row) => row.map((x) => Math.fround(50 * x)));
      await expectClose(
        tf.tidy(() => tf.softmax(tf.tensor2d(scores))),
        scores.map(softmax),
      );
    });

    it('gathers rows', async () => {
      const table = randomMatrix(random, 9, 5);
      const ids = Array.from(random.integerArray(20, 0, 9));
      await expectClose(
        tf.tidy(() => tf.gather(tf.tensor2d(table), tf.tensor1d(ids, 'int32'))),
        ids.map((id) => table[id] ?? []),
        0,
      );
    });

    it('sums up along an axis, including and excluding the element itself', async () => {
      const terms = randomMatrix(random, 6, 40);
      const sums = terms.map((row) =>
        row.map((_, i) => dot(row.slice(0, i + 1), Array(i + 1).fill(1) as number[])),
      );
      await expectClose(
        tf.tidy(() => tf.cumsum(tf.tensor2d(terms), 1)),
        sums,
      );
      const exclusive = sums.map((row) => [0, ...row.slice(0, -1)]);
      await expectClose(
        tf.tidy(() => tf.cumsum(tf.tensor2d(terms), 1, true)),
        exclusive,
      );
    });

    it('differentiates an embedding, a projection and a softmax: as differences say', async () => {
      const [vocabulary, width, outputs] = [7, 4, 5];
      const table = randomMatrix(random, vocabulary, width);
      const weights = randomMatrix(random, width, outputs);
      const ids = [3, 0, 3, 6, 1, 3];
      const targets = randomMatrix(random, ids.length, outputs);
      const loss = (rows: Matrix, projection: Matrix) =>
        product(
          ids.map((id) => rows[id] ?? []),
          projection,
        )
          .map((scores, i) => dot(softmax(scores), targets[i] ?? []))
          .reduce((sum, x) => sum + x, 0);
      const differences = (m: Matrix, of: (changed: Matrix) => number) =>
        m.map((row, i) =>
          row.map((_, j) => {
            const step = (h: number) =>
              of(m.map((r, k) => r.map((x, l) => (k === i && l === j ? x + h : x))));
            return (step(1e-5) - step(-1e-5)) / 2e-5;
          }),
        );
      const [tableGradient, weightGradient] = tf.tidy(() =>
        tf.grads((rows: tf.Tensor, projection: tf.Tensor) => {
          const hidden = tf.gather(rows, tf.tensor1d(ids, 'int32'));
          return tf.sum(
            tf.mul(tf.softmax(tf.matMul(hidden as tf.Tensor2D, projection as tf.Tensor2D)), targets),
          );
        })([tf.tensor2d(table), tf.tensor2d(weights)]),
      ) as [tf.Tensor, tf.Tensor];
      await expectClose(
        tableGradient,
        differences(table, (changed) => loss(changed, weights)),
        1e-4,
      );
      await expectClose(
        weightGradient,
        differences(weights, (changed) => loss(table, changed)),
        1e-4,
      );
    });

    it('keeps the number of tensors flat over many steps', async () => {
      const weights = normalTensor(random, [16, 16]);
      const step = () =>
        tf.tidy(() => tf.sum(tf.relu(tf.matMul(weights as tf.Tensor2D, weights as tf.Tensor2D))));
      const { tensors, bytes } = await withTensorAccount(async () => {
        for (let i = 0; i < 50; i++) {
          const sum = step();
          await sum.data();
          sum.dispose();
        }
      });
      expect({ tensors, bytes }).toEqual({ tensors: 0, bytes: 0 });
      await expect(assertNoLeak(step)).rejects.toThrow('tensors created and not disposed: 1 (4 B)');
      weights.dispose();
    });

    it('accounts for the bytes of its tensors and of the process', () => {
      const before = memoryReport();
      const tensor = tf.zeros([1000, 10]);
      const after = memoryReport();
      expect(after.numTensors - before.numTensors).toBe(1);
      expect(after.tensorBytes - before.tensorBytes).toBe(40_000);
      expect(after.residentBytes).toBeGreaterThan(1e7);
      expect(after.peakResidentBytes).toBeGreaterThanOrEqual(after.residentBytes);
      tensor.dispose();
    });

    it('is returned again to whoever starts the engine later, and not exchanged for another', async () => {
      expect(await startEngine()).toBe(engine);
      expect(await startEngine({ backend: name })).toBe(engine);
      const other = name === 'wasm' ? 'javascript' : 'wasm';
      await expect(startEngine({ backend: other })).rejects.toThrow(
        `startEngine: the engine of this process already runs on ${name}; restart the kernel or process to change it`,
      );
      process.env['BIPE_ENGINE'] = other;
      await expect(startEngine({ backend: name })).rejects.toThrow(
        `BIPE_ENGINE=${other}: the engine of this process`,
      );
      delete process.env['BIPE_ENGINE'];
      expect(tf.getBackend()).toBe(backendOfTensorFlow[name]);
    });
  });
}

const backendOfTensorFlow: Record<BackendName, string> = {
  'native-gpu': 'tensorflow',
  'native-cpu': 'tensorflow',
  webgpu: 'webgpu',
  wasm: 'wasm',
  javascript: 'cpu',
};
