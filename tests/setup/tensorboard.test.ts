// `npm run tensorboard` with a Python that writes down what it is asked.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { temporaryFolder } from '../support/command';

/** A copy of the script in a folder of its own, run with this Python. */
function tensorboard(root: string, python: string, ...options: string[]) {
  mkdirSync(join(root, 'scripts'), { recursive: true });
  for (const part of ['lib', 'tensorboard.mjs', 'tensorboard-requirements.txt'])
    cpSync(projectPath('scripts', part), join(root, 'scripts', part), { recursive: true });
  return spawnSync(process.execPath, [join(root, 'scripts', 'tensorboard.mjs'), ...options], {
    encoding: 'utf8',
    env: { ...process.env, BIPE_PYTHON: python },
  });
}

describe.skipIf(process.platform === 'win32')('npm run tensorboard', () => {
  it('installs its packages once, and shows the runs to this machine alone, with the options given', () => {
    const root = temporaryFolder();
    const [python, asked] = [join(root, 'python'), join(root, 'asked')];
    // `-m venv <folder>` makes an interpreter that is this one.
    writeFileSync(
      python,
      `#!/bin/sh
[ "$1" = -c ] && echo 3.11.9 && exit 0
echo "$@" >> '${asked}'
if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
`,
    );
    chmodSync(python, 0o755);
    for (const port of ['7001', '7002']) {
      const { status, stderr } = tensorboard(root, python, '--port', port);
      expect(status, stderr).toBe(0);
    }
    const lines = readFileSync(asked, 'utf8').trim().split('\n');
    expect(lines.map((line) => line.replace(/^-m (\S+).*/, '$1'))).toEqual([
      'venv',
      'pip',
      'tensorboard.main',
      'tensorboard.main',
    ]);
    expect(lines.at(-1)).toBe(
      `-m tensorboard.main --logdir ${join(root, 'runs')} --host 127.0.0.1 --port 7002`,
    );
  });

  it('says in one line that there is no Python', () => {
    const { status, stderr } = tensorboard(temporaryFolder(), '/nowhere/python');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^npm run tensorboard: no Python: install Python [^\n]+\n$/);
  });
});
