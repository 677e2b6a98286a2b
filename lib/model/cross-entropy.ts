// Cross-entropy of hidden states through the head against token ids. The scores of a large vocabulary exist for some
// tokens at a time only, in both directions.
//
// Here `s` are a token's scores, `p` = softmax(s), `t` its target. The loss log(sum(exp(s))) - s[t] is computed as
// max(s) - log(max(p)) - s[t], which is the same, as exact, and needs nothing the size of the scores but `p`. Its gradient
// with respect to the scores, p - onehot(t), never exists: both parts are multiplied onto hidden states and head apart.

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';
import { lookup } from '../engine/lookup';

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
 * Cross-entropy of each token, without a gradient; `weightedCrossEntropy` is for training.
 *
 * @param rows tokens whose scores exist at once; default: as many as take 128 MB
 * @returns [tokens]
 */
export function tokenCrossEntropy(prediction: Prediction, rows = rowsAtOnce(prediction.head)): tf.Tensor1D {
  return tf.tidy(() =>
    tf.concat1d(rowChunks(prediction, rows).map((chunk) => tf.tidy(() => chunkLosses(chunk).losses))),
  );
}

/**
 * The sum of weight x cross-entropy over tokens, with a gradient for hidden states and head.
 *
 * In training the gradients are computed on the way forward, while a chunk's probabilities are there, and only
 * multiplied by what comes from above on the way back; so no chunk is computed twice and none is kept.
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
      const chunks = rowChunks({ hidden: states, head: table, targets }, rows, weights).map((chunk) =>
        tf.tidy(() => {
          const { losses, probabilities } = chunkLosses(chunk);
          const weight = chunk.weights.expandDims(1);
          const weighted = tf.mul(chunk.hidden, weight);
          return {
            sum: tf.sum(tf.mul(losses, chunk.weights)),
            ofStates: tf.mul(tf.sub(tf.matMul(probabilities, table), lookup(table, chunk.targets)), weight),
            ofTable: tf.sub(
              tf.matMul(probabilities, weighted, true, false),
              tf.unsortedSegmentSum(weighted, chunk.targets, table.shape[0]),
            ),
          };
        }),
      );
      return {
        value: tf.addN(chunks.map(({ sum }) => sum)) as tf.Scalar,
        saved: [
          tf.concat(chunks.map(({ ofStates }) => ofStates)),
          tf.addN(chunks.map(({ ofTable }) => ofTable)),
        ],
      };
    },
    (upstream, ofStates, ofTable) => [tf.mul(ofStates, upstream), tf.mul(ofTable, upstream)],
  );
}

interface ChunkLosses {
  /** [tokens] */
  readonly losses: tf.Tensor1D;
  /** [tokens, vocabSize] */
  readonly probabilities: tf.Tensor2D;
}

function chunkLosses({ hidden, head, targets }: Prediction): ChunkLosses {
  const scores = tf.matMul<tf.Tensor2D>(hidden, head, false, true);
  const probabilities = tf.softmax(scores);
  const places = tf.stack([tf.range(0, targets.shape[0], 1, 'int32'), targets], 1);
  const total = tf.sub(tf.max(scores, 1), tf.log(tf.max(probabilities, 1)));
  return { losses: tf.sub(total, tf.gatherND(scores, places)), probabilities };
}

function rowsAtOnce(head: tf.Tensor2D): number {
  return Math.max(1, Math.floor(scoresAtOnce / head.shape[0]));
}

/** The predictions of some tokens at a time, with their weights. */
function rowChunks(
  { hidden, head, targets }: Prediction,
  rows: number,
  weights: tf.Tensor1D = targets,
): (Prediction & { readonly weights: tf.Tensor1D })[] {
  const tokens = hidden.shape[0];
  return Array.from({ length: Math.ceil(tokens / rows) }, (_, index) => {
    const start = index * rows;
    const count = Math.min(rows, tokens - start);
    return {
      hidden: hidden.slice(start, count),
      head,
      targets: targets.slice(start, count),
      weights: weights.slice(start, count),
    };
  });
}
