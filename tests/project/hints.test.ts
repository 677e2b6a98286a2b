// The command is called in one way, so that every hint can be typed: `bipe data list` alone is
// known to no shell.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bipe, bipeCommand } from '../../lib/base/command';
import { projectPath } from '../../lib/base/paths';
import { createProgram } from '../../lib/cli/main';
import { sources } from '../support/sources';

const commands = createProgram().commands.map((command) => command.name());

/**
 * Calls of the command without what comes before it. Of source code comments are left out: they
 * name a command.
 */
function bare(path: string): string[] {
  const text = readFileSync(projectPath(path), 'utf8');
  const code = /\.(?:ts|mjs)$/.test(path) ? text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '') : text;
  const call = new RegExp(`.{0,40}(?<!-s )\\b(?:npx )?bipe (?:${commands.join('|')}|--help)\\b.{0,20}`, 'g');
  // What tokenizers are known by begins with the project's name.
  return (code.match(call) ?? []).filter((found) => !found.includes('sha256('));
}

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);
}

describe('a hint to run the command', () => {
  it.each([
    [
      'messages',
      [
        ...sources().map(({ path }) => path),
        ...['scripts', 'kernel'].flatMap((folder) => filesIn(folder, /\.mjs$/)),
      ],
    ],
    ['notebooks', filesIn('notebooks', /\.ipynb$/)],
    ['documents', ['README.md', 'CONTRIBUTING.md', 'datasets/README.md', ...filesIn('docs', /\.md$/)]],
  ])('is one that can be typed, in %s', (_where, files) => {
    expect(files.flatMap((file) => bare(file).map((call) => `${file}: ${call}`))).toEqual([]);
  });

  it('is what package.json has a script for', () => {
    const { scripts } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    expect(bipeCommand).toBe('npm run -s bipe --');
    expect(scripts['bipe']).toBe('node scripts/bipe.mjs');
  });

  it('stands in every --help, with examples of that command', () => {
    const help = (command: ReturnType<typeof createProgram>): void => {
      command.configureOutput({ writeOut: (text) => printed.push(text) }).outputHelp();
      command.commands.forEach((inner) => {
        help(inner);
      });
    };
    const printed: string[] = [];
    help(createProgram());
    const text = printed.join('\n');
    for (const name of commands) expect(text).toContain(`\n  ${bipe(name)}`);
    expect(
      text.match(/^Usage: .*/gm)?.filter((usage) => !usage.startsWith(`Usage: ${bipeCommand} `)),
    ).toEqual([]);
  });
});
