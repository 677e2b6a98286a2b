// The loss of a language model: the cross-entropy of each next token.

import * as tf from '@tensorflow/tfjs';
import { type Prediction, tokenCrossEntropy, weightedCrossEntropy } from './cross-entropy';
import { type Decoder, type ForwardOptions, headTable, hiddenStates } from './decoder';
import type { ModelParameters } from './parameters';

/** Options of a loss. */
export interface LossOptions extends ForwardOptions {
  /**
   * Weight of each predicted token, [batch, time - 1], or [batch, time] with an ignored first
   * column; 0 leaves a token out. Left out: all weigh 1.
   */
  readonly weights?: tf.Tensor2D;
  /** Tokens whose scores exist at once; default: as many as take 128 MB. */
  readonly headChunk?: number;
}

/**
 * The weighted mean cross-entropy of each next token.
 *
 * @param ids [batch, time] int32; the first of each sequence is not predicted, the last predicts
 *   nothing
 */
export function nextTokenLoss(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: LossOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    const { sum, count } = nextTokenLossSum(decoder, parameters, ids, options);
    return tf.div(sum, count);
  });
}

/** A weighted sum, and the divisor for its mean. */
export interface LossSum {
  readonly sum: tf.Scalar;
  readonly count: tf.Scalar;
}

/** The weighted sum of cross-entropies and the sum of weights: for means over several batches. */
export function nextTokenLossSum(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: LossOptions = {},
): LossSum {
  return tf.tidy(() => {
    const weights = predictedWeights(ids, options.weights);
    const prediction = nextTokenPrediction(decoder, parameters, ids, options);
    return {
      sum: weightedCrossEntropy(prediction, weights, options.headChunk),
      count: tf.sum<tf.Scalar>(weights),
    };
  });
}

/**
 * The cross-entropy of each next token, without a gradient.
 *
 * @param ids [batch, time] int32
 * @returns [batch, time - 1]
 */
export function nextTokenLosses(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: Omit<LossOptions, 'weights'> = {},
): tf.Tensor2D {
  const [batch, time] = ids.shape;
  return tf.tidy(() => {
    const prediction = nextTokenPrediction(decoder, parameters, ids, options);
    return tokenCrossEntropy(prediction, options.headChunk).reshape([batch, time - 1]);
  });
}

/**
 * The hidden states of all tokens but each sequence's last, and the tokens after them. The last
 * token is read only if the encoding of the others depends on it (`Encoding.seesLength`).
 */
function nextTokenPrediction(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: ForwardOptions,
): Prediction {
  const [batch, time] = ids.shape;
  const { hiddenSize } = decoder.architecture;
  const hidden =
    decoder.encoding.seesLength === true
      ? hiddenStates(decoder, parameters, ids, options).slice([0, 0, 0], [batch, time - 1, hiddenSize])
      : hiddenStates(decoder, parameters, ids.slice([0, 0], [batch, time - 1]), options);
  return {
    hidden: hidden.reshape([-1, hiddenSize]),
    head: headTable(parameters),
    targets: ids.slice([0, 1], [batch, time - 1]).reshape([-1]),
  };
}

function predictedWeights(ids: tf.Tensor2D, weights: tf.Tensor2D | undefined): tf.Tensor1D {
  const [batch, time] = ids.shape;
  if (weights === undefined) return tf.ones([batch * (time - 1)]);
  const surplus = weights.shape[1] - (time - 1);
  return weights.slice([0, surplus], [batch, time - 1]).reshape([-1]);
}
