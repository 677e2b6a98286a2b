// NoPE with a window: the keys that a query sees, and how far several layers reach.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { bipe } from '../../lib/positional/bipe';
import { none } from '../../lib/positional/none';
import { nopeWindow } from '../../lib/positional/nope-window';
import { causalSoftmax, counting, exactScores, level, randomVectors, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const time = 12;

function vectorsOf(seed: number): { queries: tf.Tensor4D; keys: tf.Tensor4D } {
  const random = Random.fromSeed(seed);
  return { queries: randomVectors(1, time, random), keys: randomVectors(1, time, random) };
}

describe('NoPE with a window', () => {
  it('gives the weights of NoPE among the keys of the window, and none to others', () => {
    tf.tidy(() => {
      const vectors = vectorsOf(1);
      const seen = (query: number, key: number): boolean => key <= query && query - key < 4;
      const plain = exactScores(none(), { tokens: [counting(time)], ...vectors }).arraySync();
      const weights = causalSoftmax(
        exactScores(nopeWindow({ window: 4 }), { tokens: [counting(time)], ...vectors }),
      ).arraySync();
      weights[0]?.forEach((rows, head) => {
        rows.forEach((row, query) => {
          const exponentials = row.map((_, key) =>
            seen(query, key) ? Math.exp(plain[0]?.[head]?.[query]?.[key] ?? NaN) : 0,
          );
          const sum = exponentials.reduce((total, one) => total + one, 0);
          row.forEach((weight, key) => {
            expect(weight).toBeCloseTo((exponentials[key] ?? NaN) / sum, 5);
          });
        });
      });
    });
  });

  it('has a quarter of the training length as its window if none is given', () => {
    tf.tidy(() => {
      const at = { tokens: [counting(time)] as const, ...vectorsOf(2) };
      const [left, right] = [nopeWindow(), nopeWindow({ window: shape.trainLength / 4 })].map((encoding) =>
        Array.from(exactScores(encoding, at).dataSync()),
      );
      expect(left).toEqual(right);
    });
  });

  it('counts segments between segments', () => {
    tf.tidy(() => {
      const segments = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3];
      const tokens = [counting(time), level([segments])] as const;
      const weights = causalSoftmax(
        exactScores(bipe(none(), nopeWindow({ window: 2 })), { tokens, ...vectorsOf(3) }),
      ).arraySync();
      weights[0]?.[0]?.forEach((row, query) => {
        row.forEach((weight, key) => {
          const isSeen = key <= query && (segments[query] ?? NaN) - (segments[key] ?? NaN) < 2;
          expect(weight > 0).toBe(isSeen);
        });
      });
    });
  });
});
