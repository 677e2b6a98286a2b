import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../lib/base/paths';
import { disposeParameters } from '../../lib/model/parameters';
import { runInputs, runOutputs } from '../../lib/train/run-files';
import { trainModel } from '../../lib/train/train-model';
import { temporaryFolder } from '../support/command';
import { useNativeEngine } from '../support/engine';
import { parseTrainingConfig } from '../../lib/train/config';
import { smallConfig } from './small-config';

useNativeEngine();

const configWith = (change: object) => parseTrainingConfig({ ...smallConfig, ...change });

it('the outputs of a run are the files that a training writes beside its configuration', async () => {
  const folder = join(temporaryFolder(), 'run');
  const isOwn = (): unknown[] => runOutputs(folder).map((output) => output.isOwn(output.path));
  expect(new Set(isOwn())).toEqual(new Set([false]));
  const config = configWith({
    steps: 4,
    evaluateEvery: 2,
    schedule: { kind: 'constant', learningRate: 3e-3, warmupSteps: 1 },
    earlyStop: { metric: 'accuracy', better: 'larger', patience: 9 },
  });
  const { parameters } = await trainModel(config, { folder });
  disposeParameters(parameters);
  const written = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const own = written.filter((path) => path !== join(folder, 'config.json') && !path.endsWith('.lock'));
  expect(
    runOutputs(folder)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(own.sort());
  expect(new Set(isOwn())).toEqual(new Set([true]));
});

it('a folder with a configuration, or with the state of a training, is of a run', () => {
  const owns = (name: string): unknown => {
    const folder = temporaryFolder();
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
    const [first] = runOutputs(folder);
    return first?.isOwn(first.path);
  };
  expect(owns('config.json')).toBe(true);
  expect(owns('checkpoint/training.safetensors')).toBe(true);
  expect(owns('notes.txt')).toBe(false);
});

it('the inputs of a run are the checkpoint that it begins with, and the text that it reads', () => {
  const text = { kind: 'text', file: '/texts/a.txt' } as const;
  expect(runInputs(configWith({}))).toEqual([]);
  expect(runInputs(configWith({ initialCheckpoint: 'runs/a' }))).toEqual([resolve(projectRoot, 'runs/a')]);
  expect(runInputs(configWith({ initialCheckpoint: '/b', task: text }))).toEqual(['/b', '/texts/a.txt']);
});
