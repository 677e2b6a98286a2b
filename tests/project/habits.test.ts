// The project's own rules, checked by the tools that know them.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath, projectRoot } from '../../lib/base/paths';

function tool(parts: readonly string[], args: readonly string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [projectPath('node_modules', ...parts), ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** A line that is a comment alone; what a tool is told must stand on one line. */
function isWideComment(line: string): boolean {
  return line.length > 100 && /^\s*(?:\/\/|\/\*|\*(?:[ /]|$))/.test(line) && !line.includes('eslint-disable');
}

describe('the sources', () => {
  it.each([
    ['tests included', 'tsconfig.json'],
    ['the automaton page without Node.js', 'apps/automaton-page'],
    ['the idea page without Node.js', 'apps/idea-page'],
    ['the gallery’s script', 'apps/gallery'],
  ])('type-check, %s', (_what, project) => {
    const run = tool(['typescript-native', 'bin', 'tsc'], ['-p', project, '--pretty', 'false']);
    expect(run).toEqual({ status: 0, output: '' });
  });

  it('pass the linter', { timeout: 240_000 }, () => {
    const options = ['--report-unused-disable-directives', '--deny-warnings', '--format', 'unix'];
    const { status, output } = tool(['oxlint', 'bin', 'oxlint'], options);
    expect(status, output).toBe(0);
  });

  it('have no comment wider than 100 columns', () => {
    const listed = spawnSync('git', ['ls-files', '*.ts', '*.mts', '*.mjs', '*.h', '*.cc'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    const files = listed.stdout.split('\n').filter((name) => existsSync(projectPath(name)) && name !== '');
    expect(files.length).toBeGreaterThan(400);
    const wide = files.flatMap((name) =>
      readFileSync(projectPath(name), 'utf8')
        .split('\n')
        .flatMap((line, index) => (isWideComment(line) ? [`${name}:${index + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });

  it('are formatted by prettier', { timeout: 120_000 }, () => {
    const run = tool(['prettier', 'bin', 'prettier.cjs'], ['--check', '--log-level', 'warn', '.']);
    expect(run).toEqual({ status: 0, output: '' });
  });
});
