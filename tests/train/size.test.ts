import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { startEngine } from '../../lib/engine/engine';
import { createDecoder } from '../../lib/model/config';
import { parameterCount } from '../../lib/model/parameters';
import { parseTrainingConfig, type TrainingConfig } from '../../lib/train/config';
import { checkTrainingSize } from '../../lib/train/size';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { smallConfig } from './small-config';

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

const parsed = parseTrainingConfig(smallConfig);

describe('the memory of a training', () => {
  it('is at least four times its parameters and what the blocks of a batch are given', () => {
    const decoder = createDecoder(parsed.model);
    const time = 2 * 2 * 3 + 2;
    const bytes = 4 * (4 * parameterCount(decoder.parameters) + 8 * time * (1 + 3 * 16));
    const check = (config: TrainingConfig, memory: number) => () => {
      checkTrainingSize(config, decoder, 'train.json', memory);
    };
    expect(check(parsed, bytes)).not.toThrow();
    expect(check(parsed, bytes - 1)).toThrow(
      /^train\.json: \w+: [\d,]+: parameters, moments and a batch take/,
    );
    expect(check({ ...parsed, accumulation: 2 }, bytes)).toThrow(ConfigError);
  });

  it.each<[what: string, change: object, says: RegExp]>([
    [
      'a thousand million sequences',
      { batchSize: 1_000_000_000 },
      /^train\.json: batchSize: 1,000,000,000: parameters, moments and a batch take at least [\d.]+ TB, and this machine has .* of memory; lower it$/,
    ],
    [
      'more sequences than an int32',
      { batchSize: 2 ** 40 },
      /^train\.json: batchSize: must be 2,147,483,647 or less$/,
    ],
    [
      'a width of hundreds of millions',
      { model: { ...smallConfig.model, hiddenSize: 400_000_000 } },
      /^train\.json: model: hiddenSize: 400,000,000: its parameters take at least /,
    ],
    [
      'millions of layers',
      { model: { ...smallConfig.model, numLayers: 50_000_000 } },
      /^train\.json: model\.numLayers: must be 10,000 or less$/,
    ],
    [
      'instances without measure',
      { task: { ...smallConfig.task, testInstances: 1e12 } },
      /^train\.json: task\.testInstances: must be 134,217,728 or less$/,
    ],
    [
      'operators without measure',
      { task: { ...smallConfig.task, operators: 1e9 } },
      /^train\.json: task\.operators: must be 40 or less$/,
    ],
    [
      'excerpts without measure',
      {
        task: {
          kind: 'prompted',
          data: { kind: 'quick', task: 'find', documentLength: 300, perChapter: 1e9 },
        },
      },
      /^train\.json: task\.data\.perChapter: must be 10,000 or less$/,
    ],
  ])('is refused in one line, before a folder is made: %s', async (_, change, says) => {
    const folder = join(temporaryFolder(), 'run');
    const config = { ...smallConfig, ...change } as unknown as TrainingConfig;
    await expect(trainModel(config, { folder, where: 'train.json' })).rejects.toThrow(says);
    expect(existsSync(folder)).toBe(false);
  });

  it('is refused for the data that a task asks for', () => {
    const task = { ...smallConfig.task, operators: 40, instances: 2 ** 27 };
    const config = parseTrainingConfig({ ...smallConfig, task });
    expect(() => {
      checkTrainingSize(config, createDecoder(config.model), 'train.json', 64e9);
    }).toThrow(
      /^train\.json: task: its data take at least 44\d GB, and this machine has 64 GB .*; lower it$/,
    );
  });

  it('has no batch of more tokens than a tensor has numbers', () => {
    const decoder = createDecoder(parsed.model);
    expect(() => {
      checkTrainingSize({ ...parsed, batchSize: 2 ** 30 }, decoder, 'train.json', Infinity);
    }).toThrow(
      /^train\.json: batchSize: 1,073,741,824 sequences of 14 tokens .*; lower it and raise accumulation$/,
    );
    // At the bound itself.
    const { architecture } = createDecoder({ ...parsed.model, trainLength: 16 });
    const { task } = parseTrainingConfig({ ...smallConfig, task: { kind: 'corpus', sources: ['any'] } });
    const check = (batchSize: number) => () => {
      checkTrainingSize({ task, batchSize }, { ...decoder, architecture }, 'train.json', Infinity);
    };
    expect(check(2 ** 27 - 1)).not.toThrow();
    expect(check(2 ** 27)).toThrow(
      /134,217,728 sequences of 16 tokens are more than the 2,147,483,647 numbers/,
    );
  });
});
