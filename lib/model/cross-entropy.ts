// Cross-entropy of scores against token ids, and of hidden states through the head: there the scores of a large
// vocabulary exist for some tokens at a time only, in both directions.

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';
import { nativeBackend, typeAttribute } from '../engine/native-operation';

/** Losses, and what their gradient with respect to the scores is. */
export interface SoftmaxLosses {
  /** -log softmax(scores)[target], [tokens]. */
  readonly losses: tf.Tensor1D;
  /** softmax(scores) - onehot(target), [tokens, vocabSize]. */
  readonly gradients: tf.Tensor2D;
}

/**
 * Cross-entropy of each token with its gradient: one pass over the scores on the native backends.
 *
 * @param scores  [tokens, vocabSize]
 * @param targets [tokens] int32
 */
export function softmaxLosses(scores: tf.Tensor2D, targets: tf.Tensor1D): SoftmaxLosses {
  const native = nativeBackend();
  if (native === undefined) return portableSoftmaxLosses(scores, targets);
  const types = [typeAttribute(native, 'T', 'float32'), typeAttribute(native, 'Tlabels', 'int32')];
  const [losses, gradients] = native.executeMultipleOutputs(
    'SparseSoftmaxCrossEntropyWithLogits',
    types,
    [scores, targets],
    2,
  );
  return { losses: losses as tf.Tensor1D, gradients: gradients as tf.Tensor2D };
}

/** The same from operations that every backend has. */
export function portableSoftmaxLosses(scores: tf.Tensor2D, targets: tf.Tensor1D): SoftmaxLosses {
  return tf.tidy(() => {
    const chosen = tf.cast(tf.oneHot(targets, scores.shape[1]), 'float32');
    const logProbabilities = tf.logSoftmax(scores);
    return {
      losses: tf.neg(tf.sum<tf.Tensor1D>(tf.mul(logProbabilities, chosen), 1)),
      gradients: tf.sub<tf.Tensor2D>(tf.exp(logProbabilities), chosen),
    };
  });
}

/** What is predicted from, and what should come out. */
export interface Prediction {
  /** [tokens, hiddenSize] */
  readonly hidden: tf.Tensor2D;
  /** [vocabSize, hiddenSize] */
  readonly head: tf.Tensor2D;
  /** [tokens] int32 */
  readonly targets: tf.Tensor1D;
}

/** Scores that may exist at once, in numbers: 128 MB. */
const scoresAtOnce = 2 ** 25;

/**
 * Cross-entropy of each token. Without a gradient: see `weightedCrossEntropy` for training.
 *
 * @returns [tokens]
 */
export function tokenCrossEntropy({ hidden, head, targets }: Prediction, rows?: number): tf.Tensor1D {
  return tf.tidy(() => {
    const losses = rowChunks(hidden.shape[0], rows ?? rowsAtOnce(head)).map(([start, count]) =>
      tf.tidy(() => {
        const scores = tf.matMul<tf.Tensor2D>(hidden.slice(start, count), head, false, true);
        return softmaxLosses(scores, targets.slice(start, count)).losses;
      }),
    );
    return tf.concat1d(losses);
  });
}

/**
 * The sum of weight x cross-entropy over tokens, with a gradient for hidden states and head.
 *
 * In training the gradients are computed on the way forward, while a chunk's scores are there, and only multiplied by
 * what comes from above on the way back; so no chunk is computed twice and none is kept.
 *
 * @param weights [tokens]
 * @param rows    tokens whose scores exist at once; default: as many as take 128 MB
 */
export function weightedCrossEntropy(
  { hidden, head, targets }: Prediction,
  weights: tf.Tensor1D,
  rows = rowsAtOnce(head),
): tf.Scalar {
  if (!tf.engine().isTapeOn())
    return tf.tidy(() => tf.sum(tf.mul(tokenCrossEntropy({ hidden, head, targets }, rows), weights)));
  return withGradient(
    [hidden, head],
    (states, table) => {
      const chunks = rowChunks(states.shape[0], rows).map(([start, count]) => {
        const own = states.slice(start, count);
        const scores = tf.matMul<tf.Tensor2D>(own, table, false, true);
        const { losses, gradients } = softmaxLosses(scores, targets.slice(start, count));
        scores.dispose();
        const weight = weights.slice(start, count);
        const slope = tf.mul(gradients, weight.expandDims(1));
        gradients.dispose();
        const result = {
          sum: tf.sum(tf.mul(losses, weight)),
          states: tf.matMul(slope, table),
          table: tf.matMul(slope, own, true, false),
        };
        slope.dispose();
        return result;
      });
      return {
        value: tf.addN(chunks.map(({ sum }) => sum)) as tf.Scalar,
        saved: [tf.concat(chunks.map((chunk) => chunk.states)), tf.addN(chunks.map((chunk) => chunk.table))],
      };
    },
    (upstream, ofStates, ofTable) => [tf.mul(ofStates, upstream), tf.mul(ofTable, upstream)],
  );
}

function rowsAtOnce(head: tf.Tensor2D): number {
  return Math.max(1, Math.floor(scoresAtOnce / head.shape[0]));
}

/** [start, count] of each chunk. */
function rowChunks(rows: number, atOnce: number): [start: number, count: number][] {
  return Array.from({ length: Math.ceil(rows / atOnce) }, (_, chunk) => [
    chunk * atOnce,
    Math.min(atOnce, rows - chunk * atOnce),
  ]);
}
