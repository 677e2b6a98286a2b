// Files that a training reads and writes, to check before it begins that they are distinct.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Output } from '../base/outputs';
import { projectRoot } from '../base/paths';
import { statePath } from './checkpoint';
import { type TrainingConfig } from './config';

const names = [
  'metrics.jsonl',
  'events.out.tfevents.bipe',
  ...['checkpoint', 'best'].flatMap((model) => [`${model}/config.json`, `${model}/model.safetensors`]),
  'checkpoint/training.safetensors',
];

/**
 * Files that a training writes into its folder. Its `config.json`, which it never replaces, marks a
 * folder as a run's.
 */
export function runOutputs(folder: string): Output[] {
  const isOwn = (): boolean => existsSync(join(folder, 'config.json')) || existsSync(statePath(folder));
  return names.map((name) => ({ path: join(folder, name), what: "a training run's", isOwn }));
}

/** The files and folders that a configuration names. */
export function runInputs({ initialCheckpoint, task }: TrainingConfig): string[] {
  return [
    ...(initialCheckpoint === undefined ? [] : [resolve(projectRoot, initialCheckpoint)]),
    ...(task.kind === 'text' ? [task.file] : []),
  ];
}
