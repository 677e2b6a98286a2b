import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { valueAndGradients } from '../../lib/engine/gradients';
import { Random } from '../../lib/engine/random/random';
import { integerTensor, normalTensor, uniformTensor } from '../../lib/engine/random/tensors';
import { type Prediction, tokenCrossEntropy, weightedCrossEntropy } from '../../lib/model/cross-entropy';
import { logits } from '../../lib/model/decoder';
import { nextTokenLoss, nextTokenLosses, nextTokenLossSum } from '../../lib/model/loss';
import { useNativeEngine } from '../support/engine';
import { distance, randomIds, smallModel } from './small';

useNativeEngine();

describe('cross-entropy through the head', () => {
  it('has the value and the gradients of the plain formula, in chunks of any size', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 1, max: 10 }),
        (seed, tokens, words, rows) => {
          tf.tidy(() => {
            const { prediction, weights } = randomPrediction(seed, tokens, words);
            const { hidden, head } = prediction;
            const plain = valueAndGradients(() => plainCrossEntropy(prediction, weights), [hidden, head]);
            const chunked = valueAndGradients(
              () => weightedCrossEntropy(prediction, weights, rows),
              [hidden, head],
            );
            expect(distance(chunked.value, plain.value)).toBeLessThan(1e-4);
            expect(distance(weightedCrossEntropy(prediction, weights, rows), plain.value)).toBeLessThan(1e-4);
            chunked.gradients.forEach((gradient, index) => {
              expect(distance(gradient, present(plain.gradients[index], 'gradient'))).toBeLessThan(1e-4);
            });
          });
        },
      ),
      { numRuns: 40, seed: 11 },
    );
  });

  it('multiplies its gradients by what comes from above', () => {
    const { prediction, weights } = randomPrediction(1, 5, 6);
    const { hidden, head } = prediction;
    const once = valueAndGradients(() => weightedCrossEntropy(prediction, weights), [hidden, head]);
    const thrice = valueAndGradients(
      () => tf.mul(weightedCrossEntropy(prediction, weights), 3),
      [hidden, head],
    );
    thrice.gradients.forEach((gradient, index) => {
      expect(distance(gradient, tf.mul(present(once.gradients[index], 'gradient'), 3))).toBeLessThan(1e-5);
    });
  });

  it('stays finite and exact where the target is hopeless or certain', () => {
    const losses = tokenCrossEntropy({
      hidden: tf.tensor2d([
        [1, 0],
        [1, 0],
      ]),
      head: tf.tensor2d([
        [500, 0],
        [-500, 0],
        [0, 0],
      ]),
      targets: tf.tensor1d([1, 0], 'int32'),
    });
    expect([...losses.dataSync()]).toEqual([1000, 0]);
  });
});

describe('the loss of the next token', () => {
  it('is the mean over all predicted tokens of what the logits say', () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const ids = randomIds(3, 8);
    const scores = logits(decoder, parameters, ids).slice([0, 0, 0], [3, 7, -1]);
    const chosen = tf.oneHot(ids.slice([0, 1], [3, 7]), decoder.architecture.vocabSize);
    const wanted = tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), chosen), 2));
    expect(distance(nextTokenLosses(decoder, parameters, ids), wanted)).toBeLessThan(1e-5);
    expect(distance(nextTokenLoss(decoder, parameters, ids), tf.mean(wanted))).toBeLessThan(1e-5);
  });

  it('counts tokens by their weights, whether these name the first of each sequence or not', () => {
    const { decoder, parameters } = smallModel('rope');
    const ids = randomIds(2, 6);
    const weights = uniformTensor(Random.fromSeed(3), [2, 5]) as tf.Tensor2D;
    const losses = nextTokenLosses(decoder, parameters, ids);
    const wanted = tf.div(tf.sum(tf.mul(losses, weights)), tf.sum(weights));
    const { sum, count } = nextTokenLossSum(decoder, parameters, ids, { weights });
    expect(distance(tf.div(sum, count), wanted)).toBeLessThan(1e-5);
    const withFirst: tf.Tensor2D = tf.concat([tf.fill([2, 1], 99), weights], 1);
    expect(distance(nextTokenLoss(decoder, parameters, ids, { weights: withFirst }), wanted)).toBeLessThan(
      1e-5,
    );
  });

  it('takes nothing from tokens of weight 0', () => {
    const { decoder, parameters } = smallModel('rope');
    const weights = tf.tensor2d([[1, 1, 1, 0, 0]]);
    const ids = randomIds(1, 6);
    const other: tf.Tensor2D = tf.concat(
      [ids.slice([0, 0], [1, 4]), tf.tensor2d([[5, 6]], [1, 2], 'int32')],
      1,
    );
    const loss = (tokens: tf.Tensor2D): tf.Scalar => nextTokenLoss(decoder, parameters, tokens, { weights });
    expect(distance(loss(ids), loss(other))).toBe(0);
  });
});

function randomPrediction(
  seed: number,
  tokens: number,
  words: number,
): { prediction: Prediction; weights: tf.Tensor1D } {
  const random = Random.fromSeed(seed);
  return {
    prediction: {
      hidden: normalTensor(random, [tokens, 3], 0, 2) as tf.Tensor2D,
      head: normalTensor(random, [words, 3], 0, 2) as tf.Tensor2D,
      targets: integerTensor(random, [tokens], 0, words) as tf.Tensor1D,
    },
    weights: uniformTensor(random, [tokens]) as tf.Tensor1D,
  };
}

function plainCrossEntropy({ hidden, head, targets }: Prediction, weights: tf.Tensor1D): tf.Scalar {
  const logProbabilities = tf.logSoftmax(tf.matMul(hidden, head, false, true));
  const chosen = tf.cast(tf.oneHot(targets, head.shape[0]), 'float32');
  return tf.neg(tf.sum(tf.mul(tf.sum(tf.mul(logProbabilities, chosen), 1), weights)));
}
