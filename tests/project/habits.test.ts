// The project's own rules, checked by the tools that know them.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { projectPath, projectRoot } from '../../lib/base/paths';

function tool(parts: readonly string[], args: readonly string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [projectPath('node_modules', ...parts), ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('the sources', () => {
  it('type-check, tests included', () => {
    expect(tool(['typescript-native', 'bin', 'tsc'], ['-p', 'tsconfig.json', '--pretty', 'false'])).toEqual({
      status: 0,
      output: '',
    });
  });

  it('pass the linter', { timeout: 240_000 }, () => {
    const options = ['--report-unused-disable-directives', '--deny-warnings', '--format', 'unix'];
    const { status, output } = tool(['oxlint', 'bin', 'oxlint'], options);
    expect(status, output).toBe(0);
  });

  it('are formatted by prettier', { timeout: 120_000 }, () => {
    const run = tool(['prettier', 'bin', 'prettier.cjs'], ['--check', '--log-level', 'warn', '.']);
    expect(run).toEqual({ status: 0, output: '' });
  });
});
