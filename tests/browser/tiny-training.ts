// A few steps of a tiny model, the same in Node.js and in a page.

import * as tf from '@tensorflow/tfjs';
import { Random } from '../../lib/engine/random/random';
import { createDecoder } from '../../lib/model/config';
import { nextTokenLossSum } from '../../lib/model/loss';
import { initialParameters } from '../../lib/model/parameters';
import { encodingNamed } from '../../lib/positional/registry';
import { defaultAdamW, planBundles } from '../../lib/train/step/adamw';
import { learningRateAt } from '../../lib/train/step/schedule';
import {
  runningLossKey,
  type StepDesign,
  trainingStep,
  updateScalars,
  zeroState,
} from '../../lib/train/step/step';

const [steps, batch, time, vocabulary, separator] = [10, 4, 20, 11, 0];

/**
 * Trains on the current backend, operation by operation.
 *
 * @returns after each step the losses of all steps so far, summed
 */
export function trainTiny(encoding: string): number[] {
  const decoder = createDecoder({
    style: 'llama',
    vocabSize: vocabulary,
    hiddenSize: 16,
    intermediateSize: 32,
    numLayers: 2,
    numHeads: 2,
    trainLength: time,
    normEps: 1e-5,
    initializerRange: 0.1,
    tieEmbeddings: false,
    separators: encoding.startsWith('bipe') ? [[separator]] : [],
    logScale: false,
    encoding: encodingNamed(encoding),
  });
  const optimizer = { ...defaultAdamW, groups: [{ match: 'norm', weightDecay: 0 }] };
  const design: StepDesign = {
    loss: (parameters, { ids }) => nextTokenLossSum(decoder, new Map(parameters), ids as tf.Tensor2D).sum,
    parameters: decoder.parameters,
    bundles: planBundles(decoder.parameters, optimizer),
    optimizer,
    clipNorm: 1,
    accumulation: 1,
  };
  const random = Random.fromSeed(7);
  return tf.tidy(() => {
    const values = random.fork('ids').integerArray(batch * time, 0, vocabulary);
    const ids = tf.tensor2d(Int32Array.from(values), [batch, time], 'int32');
    const parameters = initialParameters(decoder.parameters, 0.1, random.fork('parameters'));
    const step = trainingStep(design);
    let state: Record<string, tf.Tensor> = { ...zeroState(design), ...Object.fromEntries(parameters) };
    return Array.from({ length: steps }, (_, index) => {
      const schedule = { kind: 'linear', learningRate: 0.01, warmupSteps: 2, finalFraction: 0 } as const;
      const learningRate = learningRateAt(schedule, index + 1, steps);
      const scalars = updateScalars(design, { step: index + 1, weight: batch * (time - 1), learningRate });
      state = { ...state, ...step(state, { ids, ...scalars }).state } as Record<string, tf.Tensor>;
      return state[runningLossKey]?.dataSync()[0] ?? NaN;
    });
  });
}
