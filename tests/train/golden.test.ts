// The trainer's step on the authors' models takes the course that PyTorch took
// (tests/golden/README.md).

import { readFileSync } from 'node:fs';
import type * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { startEngine } from '../../lib/engine/engine';
import { capture } from '../../lib/engine/graph/capture';
import { loadCheckpoint, loadTensors } from '../../lib/model/files/checkpoint';
import { defaultAdamW, planBundles } from '../../lib/train/step/adamw';
import {
  runningLossKey,
  type StepDesign,
  trainingStep,
  updateScalars,
  zeroState,
} from '../../lib/train/step/step';
import { nextTokens } from '../../lib/train/tasks/task';

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

it.each(['rope', 'alibi', 'bipe_rope', 'bipe_alibi'])('AdamW on the released model with %s', async (name) => {
  const folder = projectPath('tests', 'golden', name);
  const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as {
    adamw_losses: readonly number[];
  };
  const { decoder, parameters } = await loadCheckpoint(folder);
  const { tensors } = await loadTensors(`${folder}/expected.safetensors`);
  const ids = tensors.get('input_ids') as tf.Tensor2D;
  const [rows, time] = ids.shape;
  const shapes = [...parameters].map(([parameter, { shape }]) => ({ name: parameter, shape }));
  const design: StepDesign = {
    loss: nextTokens(decoder),
    parameters: shapes,
    bundles: planBundles(shapes, defaultAdamW),
    optimizer: defaultAdamW,
    clipNorm: undefined,
    accumulation: 1,
  };
  const step = capture(trainingStep(design), {
    state: { ...zeroState(design), ...Object.fromEntries(parameters) },
  });
  const weight = rows * (time - 1);
  let total = 0;
  expected.adamw_losses.forEach((loss, before) => {
    step.run({ ids, ...updateScalars(design, { step: before + 1, weight, learningRate: 1e-3 }) });
    const now = step.readState([runningLossKey])[runningLossKey].dataSync()[0] ?? NaN;
    expect(Math.abs((now - total) / weight - loss), `step ${before}`).toBeLessThan(1e-4);
    total = now;
  });
  expect(expected.adamw_losses.length).toBeGreaterThan(3);
  step.dispose();
});
