// Cross-entropy of hidden states through the head against token ids. The scores of a large
// vocabulary exist for some tokens at a time only, in both directions.
//
// Here `s` are a token's scores, `p` = softmax(s), `t` its target. The loss log(sum(exp(s))) - s[t]
// is computed as max(s) - s[t] - log(max(p)), which is equal, as accurate, and needs only `p` at
// the size of the scores, written in their place. The same holds for its gradient with respect to
// the scores, p - onehot(t).

import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../engine/gradients';
import { availableAfter } from '../engine/native/order';
import { fusedKernels } from '../engine/native/kernels';
import { outerProductSum } from '../engine/products';

/** Hidden states, the head, and the tokens to predict. */
export interface Prediction {
  /** [tokens, hiddenSize] */
  readonly hidden: tf.Tensor2D;
  /** [vocabSize, hiddenSize] */
  readonly head: tf.Tensor2D;
  /** [tokens] int32 */
  readonly targets: tf.Tensor1D;
}

/** Most scores at once: 32 MB. */
const scoresAtOnce = 2 ** 23;

/** Most scores at once in training, 128 MB: there each chunk has a gradient of the whole head. */
const scoresAtOnceInTraining = 2 ** 25;

/**
 * Cross-entropy of each token, without a gradient; `weightedCrossEntropy` is for training.
 *
 * @param rows tokens whose scores exist at once; default: as many as take 32 MB
 * @returns [tokens]
 */
export function tokenCrossEntropy(
  prediction: Prediction,
  rows = rowsAtOnce(prediction.head, scoresAtOnce),
): tf.Tensor1D {
  return tf.tidy(() => {
    const losses: tf.Tensor1D[] = [];
    for (const chunk of rowChunks(prediction, rows))
      losses.push(tf.tidy(() => lossesOf(behind(losses.at(-1), chunk))));
    return tf.concat1d(losses);
  });
}

/**
 * The weighted sum of the tokens' cross-entropies, with a gradient for hidden states and head.
 *
 * In training the gradients are computed in the forward pass, while a chunk's probabilities exist,
 * and only multiplied by the upstream gradient in the backward pass; so no chunk is computed twice
 * and none is kept.
 *
 * @param weights [tokens]
 * @param rows    tokens whose scores exist at once; default: as many as take 32 MB, or with a
 *   gradient 128 MB
 */
export function weightedCrossEntropy(
  { hidden, head, targets }: Prediction,
  weights: tf.Tensor1D,
  rows?: number,
): tf.Scalar {
  if (!tf.engine().isTapeOn())
    return tf.tidy(() => tf.sum(tf.mul(tokenCrossEntropy({ hidden, head, targets }, rows), weights)));
  const together = rows ?? rowsAtOnce(head, scoresAtOnceInTraining);
  return withGradient(
    [hidden, head],
    (states, table) => {
      const chunks: { sum: tf.Scalar; ofStates: tf.Tensor2D; ofTable: tf.Tensor2D }[] = [];
      for (const rowChunk of rowChunks({ hidden: states, head: table, targets }, together, weights)) {
        const done = tf.tidy(() => {
          const chunk = behind(chunks.at(-1)?.ofTable, rowChunk);
          const { losses, ofScores } = lossesAndGradients(chunk);
          const weight = chunk.weights.expandDims(1);
          return {
            sum: tf.sum<tf.Scalar>(tf.mul(losses, chunk.weights)),
            ofStates: tf.mul<tf.Tensor2D>(tf.matMul(ofScores, table), weight),
            ofTable: outerProductSum(ofScores, tf.mul(chunk.hidden, weight)),
          };
        });
        chunks.push(done);
      }
      return {
        value: tf.addN(chunks.map(({ sum }) => sum)),
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
  /** Index of each token's target among the scores: [tokens, 2] int32. */
  readonly places: tf.Tensor;
}

/**
 * The losses of tokens, and the gradient of each with respect to its scores, p - onehot(t):
 * [tokens, vocabSize].
 */
function lossesAndGradients(chunk: Prediction): { losses: tf.Tensor1D; ofScores: tf.Tensor2D } {
  const kernels = fusedKernels();
  if (kernels) return kernels.crossEntropy(scoresOf(chunk), chunk.targets);
  const { losses, probabilities, places } = chunkLosses(chunk);
  return { losses, ofScores: lessOneAt(places, probabilities, losses) };
}

/**
 * Delays a chunk until `previous` is computed: a graph would otherwise compute the scores of all
 * chunks first, and hold them.
 */
function behind<Chunk extends Prediction>(previous: tf.Tensor | undefined, chunk: Chunk): Chunk {
  if (previous === undefined) return chunk;
  const [hidden] = availableAfter(previous, [chunk.hidden]);
  return { ...chunk, hidden };
}

function lossesOf(chunk: Prediction): tf.Tensor1D {
  const kernels = fusedKernels();
  return kernels ? kernels.crossEntropy(scoresOf(chunk), chunk.targets).losses : chunkLosses(chunk).losses;
}

function scoresOf({ hidden, head }: Prediction): tf.Tensor2D {
  return tf.matMul(hidden, head, false, true);
}

function chunkLosses(chunk: Prediction): ChunkLosses {
  const { targets } = chunk;
  const scores = scoresOf(chunk);
  const rows = tf.range(0, targets.shape[0], 1, 'int32');
  const places = tf.stack([rows, targets], 1);
  const surplus = tf.sub(tf.max(scores, 1), tf.gatherND(scores, places));
  const [last] = availableAfter(surplus, [scores]);
  const probabilities = tf.softmax(last);
  return { losses: tf.sub(surplus, tf.log(tf.max(probabilities, 1))), probabilities, places };
}

/** Subtracts 1 from `x` at each of `places`; `x` itself is not needed once `trigger` exists. */
function lessOneAt(places: tf.Tensor, x: tf.Tensor2D, trigger: tf.Tensor): tf.Tensor2D {
  const lessOne = tf.sub(tf.gatherND(x, places), 1);
  const [last] = availableAfter(tf.add(trigger, lessOne), [x]);
  return tf.tensorScatterUpdate<tf.Rank.R2>(last, places, lessOne);
}

function rowsAtOnce(head: tf.Tensor2D, scores: number): number {
  return Math.max(1, Math.floor(scores / head.shape[0]));
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
