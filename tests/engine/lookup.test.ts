import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { lookup } from '../../lib/engine/lookup';
import { assertNoLeak } from '../../lib/engine/memory';
import { wasmCandidate } from '../../lib/engine/backends/portable';
import { Random } from '../../lib/engine/random/random';

const computers = new Map<string, string>([['plain JavaScript', 'cpu']]);
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  computers.set('the engine', tf.getBackend());
  await wasmCandidate().prepare(true);
  computers.set('WASM', 'wasm');
});

describe.each(['the engine', 'WASM', 'plain JavaScript'])('lookup, by %s', (computer) => {
  beforeEach(async () => {
    await tf.setBackend(computers.get(computer) ?? '');
  });

  const random = Random.fromSeed(5);
  const [rows, width] = [7, 3];
  const values = random.normalArray(rows * width);
  const ids = random.integerArray(2 * 5, 0, rows);
  const weights = random.normalArray(ids.length * width);

  it('gives the rows that the ids name, in the shape of the ids', async () => {
    await assertNoLeak(() => {
      const [shape, found] = tf.tidy(() => {
        const result = lookup(tf.tensor2d(values, [rows, width]), tf.tensor2d(ids, [2, 5], 'int32'));
        return [result.shape, Array.from(result.dataSync())];
      });
      expect(shape).toEqual([2, 5, width]);
      expect(found).toEqual(
        Array.from(ids).flatMap((id) => Array.from(values.subarray(id * width, (id + 1) * width))),
      );
    });
  });

  it('sends to each row the sum of what its places got, and leaves no tensor behind', async () => {
    const expected = new Float64Array(rows * width);
    ids.forEach((id, place) => {
      for (let i = 0; i < width; i += 1) {
        expected[id * width + i] = (expected[id * width + i] ?? 0) + (weights[place * width + i] ?? 0);
      }
    });
    await assertNoLeak(() => {
      const gradient = tf.tidy(() => {
        const weight = tf.tensor3d(weights, [2, 5, width]);
        const score = (table: tf.Tensor): tf.Tensor =>
          tf.sum(tf.mul(weight, lookup(table as tf.Tensor2D, tf.tensor2d(ids, [2, 5], 'int32'))));
        return tf
          .grad(score)(tf.tensor2d(values, [rows, width]))
          .dataSync();
      });
      gradient.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index] ?? NaN, 5);
      });
    });
  });

  it.each([2, -1])('sends nothing to the row that is frozen: %d', (frozen) => {
    tf.tidy(() => {
      const gradientOf = (row?: number): number[][] =>
        tf
          .grad((table) =>
            tf.sum(
              tf.mul(
                tf.tensor3d(weights, [2, 5, width]),
                lookup(
                  table as tf.Tensor2D,
                  tf.tensor2d([2, 6, 0, 2, 6, 1, 2, 6, 0, 0], [2, 5], 'int32'),
                  row,
                ),
              ),
            ),
          )(tf.tensor2d(values, [rows, width]))
          .arraySync() as number[][];
      const wanted = gradientOf();
      expect(wanted.at(frozen)).not.toEqual([0, 0, 0]);
      wanted.splice(frozen, 1, [0, 0, 0]);
      expect(gradientOf(frozen)).toEqual(wanted);
    });
  });

  it('agrees with finite differences through a nonlinear function', () => {
    const score = (table: tf.Tensor): tf.Tensor =>
      tf.sum(tf.square(tf.sin(lookup(table as tf.Tensor2D, tf.tensor1d([1, 4, 1, 6], 'int32')))));
    const step = 1 / 64;
    tf.tidy(() => {
      const gradient = tf
        .grad(score)(tf.tensor2d(values, [rows, width]))
        .dataSync();
      for (let index = 0; index < values.length; index += 1) {
        const at = (change: number): number => {
          const moved = Float32Array.from(values);
          moved[index] = (moved[index] ?? 0) + change;
          return score(tf.tensor2d(moved, [rows, width])).dataSync()[0] ?? NaN;
        };
        expect(gradient[index]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 2);
      }
    });
  });
});

it('reads no value back on the native backend', async () => {
  await tf.setBackend(computers.get('the engine') ?? '');
  const reads = vi.spyOn(tf.backend(), 'readSync');
  tf.tidy(() => {
    const ids = tf.tensor1d([3, 0, 3], 'int32');
    tf.grad((table) => tf.sum(lookup(table as tf.Tensor2D, ids)))(tf.ones([4, 2]));
  });
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});
