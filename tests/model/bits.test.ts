import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { valueAndGradients } from '../../lib/engine/gradients';
import { bitsCrossEntropy } from '../../lib/model/bits';

beforeAll(async () => {
  await startEngine();
});

const cases = fc.array(
  fc.tuple(fc.double({ min: -90, max: 90, noNaN: true }).map(Math.fround), fc.constantFrom(0, 1)),
  { minLength: 1, maxLength: 40 },
);

/** -log of the probability of a bit, in float64: log(1 + e^x) of the score for the other bit. */
function reference(score: number, bit: number): number {
  const against = bit === 1 ? -score : score;
  return Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
}

describe('the cross-entropy of bits', () => {
  it('is the sum of -log of their probabilities, whatever the scores', () => {
    fc.assert(
      fc.property(cases, (pairs) => {
        const scores = pairs.map(([score]) => score);
        const bits = pairs.map(([, bit]) => bit);
        const expected = pairs.reduce((sum, [score, bit]) => sum + reference(score, bit), 0);
        const [found = NaN] = tf.tidy(() => bitsCrossEntropy(tf.tensor(scores), tf.tensor(bits)).dataSync());
        expect(Math.abs(found - expected)).toBeLessThan(1e-6 + 2e-6 * expected);
      }),
    );
  });

  it('has the gradient sigmoid(score) - bit', () => {
    fc.assert(
      fc.property(cases, (pairs) => {
        tf.tidy(() => {
          const scores = tf.tensor(pairs.map(([score]) => score));
          const bits = tf.tensor(pairs.map(([, bit]) => bit));
          const { gradients } = valueAndGradients(() => bitsCrossEntropy(scores, bits), [scores]);
          const found = gradients[0]?.dataSync() ?? [];
          for (const [index, [score, bit]] of pairs.entries())
            expect(found[index]).toBeCloseTo(1 / (1 + Math.exp(-score)) - bit, 5);
        });
      }),
    );
  });
});
