import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { type ModelConfig } from '../../lib/model/config';
import { disposeParameters } from '../../lib/model/parameters';
import { parseTrainingConfig } from '../../lib/train/config';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine();
});

// A table so short that its last row is where most positions go.
const encoding = { kind: 'bipe', intra: { kind: 'learned', rows: 3 }, inter: { kind: 'rope' } } as const;
const model = { ...smallConfig.model, encoding, separators: [[9]] } as unknown as ModelConfig;

it.each(['captured', 'eager'] as const)(
  'a padding row is still 0 after a training, and another model trains it: %s',
  async (execution) => {
    for (const paddingIndex of [-1, undefined]) {
      const folder = temporaryFolder();
      const config = parseTrainingConfig({
        ...smallConfig,
        model: { ...model, ...(paddingIndex !== undefined && { paddingIndex }) },
        steps: 4,
        schedule: { kind: 'constant', learningRate: 3e-3 },
      });
      const options = execution === 'eager' ? { execution } : {};
      disposeParameters((await trainModel(config, { folder, ...options })).parameters);
      const { config: stored, parameters } = await loadCheckpoint(`${folder}/checkpoint`);
      expect(stored.paddingIndex).toBe(paddingIndex);
      const table = present(parameters.get('model.embeds.0.weight'), 'table');
      const last = tf.tidy(() => tf.max(tf.abs(table.slice([2, 0]))).dataSync()[0] ?? NaN);
      if (paddingIndex === -1) expect(last).toBe(0);
      else expect(last).toBeGreaterThan(0);
      disposeParameters(parameters);
    }
  },
);
