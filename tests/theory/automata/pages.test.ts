// What a page in a browser uses of automata must not need Node.js.

import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath, projectRoot } from '../../../lib/base/paths';

/**
 * The packages that a module and those it imports at run time need, and which module imports them.
 */
function packagesOf(path: string, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  const imports = [...text.matchAll(/^import (?!type )[^;]*?from '([^']+)'|import\('([^']+)'\)/gm)];
  return imports.flatMap(([, fixed, lazy]) => {
    const name = (fixed ?? lazy ?? '').replace(/\.js$/, '');
    if (name.startsWith('.')) return packagesOf(`${resolve(dirname(path), name)}.ts`, seen);
    return [`${name} (${relative(projectRoot, path)})`];
  });
}

const neededBy = (file: string): string[] => packagesOf(projectPath('lib', 'theory', 'automata', file));

describe('automata in a browser', () => {
  it.each([
    'automaton.ts',
    'relation.ts',
    'alphabet.ts',
    'problems.ts',
    'flatten.ts',
    'simulate.ts',
    'regex.ts',
    'examples.ts',
    'random.ts',
    'picture.ts',
  ])('%s needs nothing of Node.js', (file) => {
    expect(neededBy(file).filter((name) => isBuiltin(name.split(' ')[0] ?? ''))).toEqual([]);
  });

  it('is found out where something is needed', () => {
    expect(neededBy('file.ts')).toContain('node:fs (lib/base/files.ts)');
    expect(neededBy('picture.ts')).toContain('@viz-js/viz (lib/theory/automata/picture.ts)');
  });
});
