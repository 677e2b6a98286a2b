// A run's `config.json`: a folder belongs to one configuration.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, UsageError } from '../base/errors';
import { readTextFile, sha256, writeFileAtomic } from '../base/files';
import { canonicalJson, fromJson, toJson } from '../base/json';
import { displayPath } from '../base/paths';
import { statePath } from './checkpoint';
import { type TrainingRun } from './run';

function configPath(folder: string): string {
  return join(folder, 'config.json');
}

/** Writes the configuration, unless it is there. */
export async function writeConfig({ folder, config }: TrainingRun): Promise<void> {
  const path = configPath(folder);
  if (!existsSync(path)) await writeFileAtomic(path, `${toJson(config, 2)}\n`);
}

/**
 * Makes sure that the folder is this run's, or nobody's.
 *
 * @throws UsageError if it holds a run and `resume` is not set
 * @throws ConfigError if its run has another configuration, or a damaged one
 */
export async function checkFolder({ folder, config, resume = false }: TrainingRun): Promise<void> {
  const path = configPath(folder);
  const isThere = existsSync(path);
  if (!resume && (isThere || existsSync(statePath(folder)))) {
    throw new UsageError(
      `${displayPath(folder)}: holds a run already; resume it (--resume), or choose another folder`,
    );
  }
  if (!isThere) return;
  let earlier: unknown;
  try {
    earlier = fromJson(await readTextFile(path));
  } catch (error) {
    throw new ConfigError(`${displayPath(path)}: damaged; choose another folder`, { cause: error });
  }
  if (configHash(earlier) !== configHash(config)) throw anotherConfiguration(path);
}

/** SHA-256 of a configuration. A run's state has it too, since `config.json` may be deleted. */
export function configHash(config: unknown): string {
  return sha256(canonicalJson(fromJson(toJson(config))));
}

/** The error for a file of a run with another configuration. */
export function anotherConfiguration(path: string): ConfigError {
  return new ConfigError(
    `${displayPath(path)}: the run there has another configuration; resume with that one, or choose another folder`,
  );
}
