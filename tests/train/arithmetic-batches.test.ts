// Cutting batches to their longest instance saves work and changes nothing else: the same loss and
// the same gradients as one batch of all the instances of an update, with all its padding.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { arithmeticLength } from '../../lib/data/arithmetic/generator';
import { arithmeticSeparators, arithmeticVocabulary } from '../../lib/data/arithmetic/vocabulary';
import { startEngine } from '../../lib/engine/engine';
import { valueAndGradients } from '../../lib/engine/gradients';
import { Random } from '../../lib/engine/random/random';
import { arithmeticModelSize, createDecoder } from '../../lib/model/config';
import { type Decoder } from '../../lib/model/decoder';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { createEncoding, encodingNamed, encodingNames } from '../../lib/positional/registry';
import { parseTrainingConfig } from '../../lib/train/config';
import { readMetrics } from '../../lib/train/metrics';
import { type Batch } from '../../lib/data/batches';
import { batchTensors } from '../../lib/train/step/batches';
import { type Parameters } from '../../lib/train/step/step';
import { createTask } from '../../lib/train/tasks/registry';
import { nextTokens } from '../../lib/train/tasks/task';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';

beforeAll(async () => {
  await startEngine();
});

const operators = 4;
const time = arithmeticLength(operators);

function modelWith(name: string) {
  const encoding = encodingNamed(name);
  const { levels } = createEncoding(encoding);
  return {
    ...arithmeticModelSize(32, time),
    vocabSize: arithmeticVocabulary().size,
    separators: Array.from({ length: levels - 1 }, arithmeticSeparators),
    encoding,
  };
}

/** A batch's tensors at the full length; what is added matters to no prediction. */
function atFullLength(batch: Batch): Record<string, tf.Tensor> {
  const { ids, mask, drawnPositions } = batchTensors(batch);
  const [, width] = present(ids, 'ids').shape;
  const pad = (tensor: tf.Tensor | undefined): tf.Tensor =>
    tf.pad(present(tensor, 'tensor'), [
      [0, 0],
      [0, time - (width ?? 0)],
    ]);
  return {
    ids: pad(ids),
    mask: pad(mask),
    ...(drawnPositions && {
      drawnPositions: tf.concat([drawnPositions, tf.fill([time - (width ?? 0)], 99, 'int32')]),
    }),
  };
}

/** The loss and all gradients, as numbers. */
function lossAndGradients(
  decoder: Decoder,
  parameters: Parameters,
  inputs: Record<string, tf.Tensor>,
): number[] {
  const { value, gradients } = valueAndGradients(
    () => nextTokens(decoder)(parameters, inputs),
    [...parameters.values()],
  );
  return [value, ...gradients].flatMap((tensor) => [...tensor.dataSync()]);
}

describe.each(encodingNames)('a batch of %s that is cut to its longest instance', (name) => {
  it('has the loss and the gradients that it has with all its padding', async () => {
    const decoder = createDecoder(modelWith(name));
    const parameters = initialParameters(decoder.parameters, 0.3, Random.fromSeed(5));
    const { batches } = await createTask(
      { kind: 'arithmetic', operators, modulus: 11, testInstances: 1 },
      { decoder, batchSize: 3, accumulation: 4, seed: 2 },
    );
    for (let left = 4; left > 0; left -= 1) {
      const batch = await batches.next();
      // All but the last are shorter.
      if (left > 1) expect(batch.tokens).toBeLessThan(3 * time);
      const compute = (inputsOf: (one: Batch) => Record<string, tf.Tensor>): number[] =>
        tf.tidy(() => lossAndGradients(decoder, parameters, inputsOf(batch)));
      const [cut, padded] = [compute(batchTensors), compute(atFullLength)];
      const scale = Math.hypot(...padded);
      expect(scale).toBeGreaterThan(1);
      expect(cut[0]).toBeCloseTo(present(padded[0], 'loss'), 3);
      expect(Math.hypot(...cut.map((value, index) => value - (padded[index] ?? NaN)))).toBeLessThan(
        1e-5 * scale,
      );
    }
    disposeParameters(parameters);
  });
});

it('a training on batches by length takes the course of one on whole batches', async () => {
  const courseOf = async (batchSize: number, accumulation: number): Promise<[number, number][]> => {
    const folder = temporaryFolder();
    const config = parseTrainingConfig({
      model: modelWith('bipe_alibi'),
      task: { kind: 'arithmetic', operators, testInstances: 1 },
      batchSize,
      accumulation,
      steps: 3,
      schedule: { kind: 'constant', learningRate: 3e-3 },
      clipNorm: 1,
      logEvery: 1,
    });
    disposeParameters((await trainModel(config, { folder })).parameters);
    return (await readMetrics(folder)).flatMap((line) =>
      line.kind === 'training' ? [[line.loss, line.tokens] as [number, number]] : [],
    );
  };
  const [whole, divided] = [await courseOf(24, 1), await courseOf(6, 4)];
  expect(divided).toHaveLength(3);
  divided.forEach(([loss, tokens], step) => {
    const [wholeLoss, wholeTokens] = present(whole[step], 'step');
    expect(loss).toBeCloseTo(wholeLoss, 4);
    expect(tokens).toBeLessThan(0.85 * wholeTokens);
  });
});
