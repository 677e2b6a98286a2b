import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { type XposConfig, xpos } from '../../lib/positional/xpos';
import { applyTo, level, randomVectors, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const { headDim, numHeads } = shape;
const half = headDim / 2;

/** Products of a query at m and a key at n, [heads]. */
function products(
  settings: Omit<XposConfig, 'kind'>,
  m: number,
  n: number,
  vectors: tf.Tensor4D[],
): Float32Array {
  const [queries, keys] = vectors as [tf.Tensor4D, tf.Tensor4D];
  const at = (place: number) => applyTo(xpos(settings), { tokens: [level([[place]])], queries, keys });
  const [asked, offered] = [at(m).queries?.(queries) ?? queries, at(n).keys?.(keys) ?? keys];
  return tf.sum(tf.mul(asked, offered), 3).dataSync() as Float32Array;
}

describe('xPos', () => {
  it('turns each pair like RoPE and shrinks it by zeta^((m - n) / scaleBase)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.constantFrom([512, 0.4], [64, 0.4], [256, 1]),
        fc.nat(),
        (m, n, [scaleBase = NaN, gamma = NaN], seed) => {
          tf.tidy(() => {
            const random = Random.fromSeed(seed);
            const vectors = [randomVectors(1, 1, random), randomVectors(1, 1, random)];
            const [query, key] = vectors.map((vector) => vector.dataSync()) as [Float32Array, Float32Array];
            products({ scaleBase, gamma }, m, n, vectors).forEach((actual, head) => {
              let expected = 0;
              let size = 0;
              for (let pair = 0; pair < half; pair += 1) {
                const at = head * headDim + pair;
                const [a, b] = [query[at] ?? NaN, query[at + half] ?? NaN];
                const [c, d] = [key[at] ?? NaN, key[at + half] ?? NaN];
                const angle = (m - n) * 10_000 ** ((-2 * pair) / headDim);
                const zeta = ((2 * pair) / headDim + gamma) / (1 + gamma);
                const decay = zeta ** ((m - n) / scaleBase);
                expected += decay * ((a * c + b * d) * Math.cos(angle) + (a * d - b * c) * Math.sin(angle));
                size += decay * Math.hypot(a, b) * Math.hypot(c, d);
              }
              expect(Math.abs(actual - expected)).toBeLessThan(1e-4 * (1 + size));
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('decays: a pair that never turns loses weight with every position', () => {
    tf.tidy(() => {
      // The slowest pair alone, at a base at which it hardly turns.
      const one = tf.oneHot(tf.tensor1d([half - 1], 'int32'), headDim).toFloat();
      const vector = tf.tile<tf.Tensor4D>(one.reshape([1, 1, 1, headDim]), [1, numHeads, 1, 1]);
      const weights = [0, 1, 10, 100, 1000].map(
        (distance) => products({ base: 1e12 }, distance, 0, [vector, vector])[0] ?? NaN,
      );
      const zeta = ((2 * (half - 1)) / headDim + 0.4) / 1.4;
      [0, 1, 10, 100, 1000].forEach((distance, index) => {
        expect(weights[index]).toBeCloseTo(zeta ** (distance / 512), 4);
      });
    });
  });

  it('stays finite up to the length that it admits, and says so beyond', () => {
    tf.tidy(() => {
      const vector = randomVectors(1, 1, Random.fromSeed(8));
      const limit = Math.floor((87 * 512) / Math.log(1.4 / 0.4));
      expect(limit).toBeGreaterThan(35_000);
      const { queries, keys } = applyTo(xpos(), {
        tokens: [level([[limit]])],
        queries: vector,
        keys: vector,
      });
      for (const turned of [queries?.(vector), keys?.(vector)]) {
        expect(turned?.dataSync().every((value) => Number.isFinite(value))).toBe(true);
      }
      const tooLong = tf.zeros<tf.Rank.R2>([1, limit + 1], 'int32');
      expect(() => applyTo(xpos(), { tokens: [tooLong], queries: vector, keys: vector })).toThrow(
        /^encoding xpos: 355\d\d tokens; with scaleBase 512 float32 holds positions up to 355\d\d: raise scaleBase$/,
      );
    });
  });
});
