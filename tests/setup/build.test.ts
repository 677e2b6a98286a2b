// How lib becomes dist/ where several processes want it at once, or one is killed at it: a stand-in
// for the compiler says when it begins and ends.

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { temporaryFolder } from '../support/command';

const compiles = `
  const fs = require('node:fs');
  fs.appendFileSync('log', 'begin ');
  fs.mkdirSync('dist/lib', { recursive: true });
  fs.writeFileSync('dist/lib/index.js', 'half');
  if (fs.existsSync('kill')) { fs.rmSync('kill'); process.kill(process.ppid, 'SIGKILL'); process.exit(1); }
  setTimeout(() => {
    fs.writeFileSync('dist/lib/index.js', 'whole');
    fs.appendFileSync('log', 'end ');
  }, 300);
`;

/** A project with one source. */
function project(): string {
  const root = temporaryFolder();
  cpSync(projectPath('scripts', 'lib'), join(root, 'scripts', 'lib'), { recursive: true });
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write('lib/index.ts', 'export const x = 1;');
  write('node_modules/typescript-native/bin/tsc', compiles);
  write(
    'build.mjs',
    `
    import { buildLibrary, isLibraryBuilt } from './scripts/lib/build.mjs';
    console.log(JSON.stringify([buildLibrary(), isLibraryBuilt()]));
  `,
  );
  return root;
}

async function build(root: string): Promise<string> {
  const child = spawn(process.execPath, ['build.mjs'], { cwd: root });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  return output.trim();
}

const built = '[{"ok":true},true]';
const textOf = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

describe('lib', () => {
  it('is compiled once where several processes want it at the same moment', async () => {
    const root = project();
    expect(await Promise.all([build(root), build(root), build(root)])).toEqual([built, built, built]);
    expect(textOf(root, 'log')).toBe('begin end ');
    expect(readdirSync(join(root, 'dist')).sort()).toEqual(['.built', 'lib']);
  });

  it('is compiled again where whoever compiled it was killed', async () => {
    const root = project();
    writeFileSync(join(root, 'kill'), '');
    expect(await build(root)).toBe('');
    expect([textOf(root, 'dist/lib/index.js'), existsSync(join(root, 'dist', '.built'))]).toEqual([
      'half',
      false,
    ]);
    expect(await build(root)).toBe(built);
    expect(textOf(root, 'dist/lib/index.js')).toBe('whole');
  });

  it('is compiled into a folder of its own where dist is a link to another checkout’s', async () => {
    const [root, other] = [project(), project()];
    await build(other);
    symlinkSync(join(other, 'dist'), join(root, 'dist'));
    writeFileSync(join(root, 'lib', 'index.ts'), 'export const x = 12;');
    expect(await build(root)).toBe(built);
    expect(lstatSync(join(root, 'dist')).isSymbolicLink()).toBe(false);
    expect(textOf(other, 'dist/lib/index.js')).toBe('whole');
    expect(await build(other)).toBe(built);
    expect(textOf(other, 'log')).toBe('begin end ');
  });
});
