// What `lib` offers: few names to begin with, and namespaces, each with an example. The examples
// stand in the sources of the namespaces, are type-checked as a project would, and run here; what
// they print is kept beside this test.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { projectPath, projectRoot } from '../../lib/base/paths';
import * as library from '../../lib/index';

const isNamespace = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.toStringTag in value;
const namespaces = Object.entries(library)
  .filter(([, value]) => isNamespace(value))
  .map(([name]) => name);

/** The example in the docstring at the head of a namespace. */
function exampleOf(name: string): string {
  const text = readFileSync(projectPath('lib', 'api', `${name}.ts`), 'utf8');
  const [, code = ''] = /^\/\*\*[\s\S]*? \* @example\n \* ```ts\n([\s\S]*?) \* ```\n/.exec(text) ?? [];
  return code.replaceAll(/^ \* ?/gm, '');
}

describe('the API', () => {
  let folder: string;

  beforeAll(() => {
    const parent = projectPath('.cache', 'tmp');
    mkdirSync(parent, { recursive: true });
    folder = mkdtempSync(join(parent, 'api-'));
    const index = join(relative(folder, projectRoot), 'lib', 'index');
    for (const name of namespaces)
      writeFileSync(
        join(folder, `${name}.mts`),
        exampleOf(name).replaceAll("'bipe-workbench'", `'${index}'`),
      );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is some twenty names and some fifteen namespaces', () => {
    expect(namespaces.sort()).toMatchSnapshot('namespaces');
    expect(
      Object.keys(library)
        .filter((name) => !namespaces.includes(name))
        .sort(),
    ).toMatchSnapshot('names');
  });

  it('has an example in each namespace, of that namespace', () => {
    expect(namespaces.filter((name) => !exampleOf(name).includes(`${name}.`))).toEqual([]);
  });

  it('is listed in docs/api.md, each namespace with the first sentence of its source', () => {
    const page = readFileSync(projectPath('docs', 'api.md'), 'utf8').replaceAll(/ +/g, ' ');
    for (const name of namespaces) {
      const source = readFileSync(projectPath('lib', 'api', `${name}.ts`), 'utf8');
      const [, sentence = ''] = /^\/\*\*\n \* ([\s\S]*?)\n \*\n/.exec(source) ?? [];
      expect(page).toContain(`| \`${name}\` | ${sentence.replaceAll('\n * ', ' ')} |`);
    }
    const names = Object.keys(library).filter((name) => !namespaces.includes(name));
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has examples that type-check', { timeout: 120_000 }, () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(projectRoot, 'tsconfig.base.json'),
        compilerOptions: {
          noEmit: true,
          module: 'preserve',
          typeRoots: [projectPath('node_modules', '@types')],
        },
        include: ['*.mts'],
      }),
    );
    const compiler = projectPath('node_modules', 'typescript-native', 'bin', 'tsc');
    const run = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    expect(run.stdout).toBe('');
    expect(run.status).toBe(0);
  });

  it.each(namespaces)('has an example of %s that runs', { timeout: 120_000 }, async (name) => {
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
    });
    try {
      await import(join(folder, `${name}.mts`));
    } finally {
      log.mockRestore();
    }
    expect(printed.join('\n')).toMatchSnapshot();
  });
});
