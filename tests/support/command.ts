// Runs the project's commands as a user would, and gives what they printed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { projectPath } from '../../lib/base/paths';

/** What a command did. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The repository whose command is run; default this one. */
  readonly root?: string;
}

/** Runs a script of `scripts/` with Node.js. */
export function runScript(
  name: string,
  args: readonly string[],
  options: CommandOptions = {},
): CommandResult {
  const script = join(options.root ?? projectPath(), 'scripts', name);
  const run = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    cwd: options.cwd ?? options.root ?? projectPath(),
    env: options.env ?? process.env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Runs `bipe` with these arguments. */
export function bipe(args: readonly string[], options: CommandOptions = {}): CommandResult {
  return runScript('bipe.mjs', args, options);
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'bipe-test-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
