// Python as a judge of files that other tools must be able to read.

import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { projectPath } from '../../lib/base/paths';

/** The first interpreter, the project's or the machine's, that has these packages. */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const script = ['json', ...packages].map((name) => `import ${name}`).join('\n');
  return [projectPath('.venv', 'bin', 'python'), 'python3'].find(
    (python) => spawnSync(python, ['-c', script], { stdio: 'ignore' }).status === 0,
  );
}

/** What a script prints as JSON. */
export function runPython(python: string | undefined, script: string, args: readonly string[]): unknown {
  const run = spawnSync(python ?? 'python3', ['-c', script, ...args], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout);
}
