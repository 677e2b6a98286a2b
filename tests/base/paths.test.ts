import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { describe, expect, it } from 'vitest';
import { displayPath, projectPath, projectRoot } from '../../lib/base/paths';
import { libraryVersion } from '../../lib/base/version';

describe('paths of the repository', () => {
  it('begin at the folder of its package.json', () => {
    expect(projectRoot).toBe(dirname(dirname(__dirname)));
    expect(projectPath()).toBe(projectRoot);
    expect(projectPath('lib', 'base', 'paths.ts')).toBe(join(projectRoot, 'lib', 'base', 'paths.ts'));
    expect(existsSync(projectPath('lib', 'base', 'paths.ts'))).toBe(true);
    const { version } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string };
    expect(libraryVersion).toBe(version);
  });

  it('are shown from there, and others whole', () => {
    expect(displayPath(projectPath('figures', 'fig1.svg'))).toBe('figures/fig1.svg');
    for (const outside of [
      projectRoot,
      dirname(projectRoot),
      `${projectRoot}-2/x`,
      join(parse(projectRoot).root, 'x'),
    ])
      expect(displayPath(outside)).toBe(outside);
  });
});
