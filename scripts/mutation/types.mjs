// Checks if the project compiles with a mistake in it.
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../lib/console.mjs';
import { nodeModules } from '../lib/paths.mjs';
import { copyProject } from './runner.mjs';

/**
 * The compiler keeps what it knows of a project without mistakes. It writes declarations, since it
 * knows by them that a mistake concerns no other file.
 *
 * @param {string} folder where the compiler works, and keeps what it knows
 * @param {string[]} files the project's
 * @returns {Promise<(file: string, text: string) => Promise<boolean>>} checks another text of a
 *   file
 */
export async function typeChecker(folder, files) {
  const copy = join(folder, 'types');
  copyProject(copy, files);
  const [kept, known] = ['types.kept.json', 'types.json'].map((name) => join(folder, name));
  const declarations = join(folder, 'declarations');
  const args = [
    ...[join(nodeModules, 'typescript-native', 'bin', 'tsc'), '-p', 'tsconfig.json'],
    ...['--noEmit', 'false', '--emitDeclarationOnly', '--outDir', declarations],
    ...['--incremental', '--tsBuildInfoFile', known],
  ];
  const compile = () =>
    new Promise((end, stop) => {
      const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore' });
      child.on('exit', (status) => end(status === 0));
      child.on('error', stop);
    });
  if (!(await compile()))
    fail('npm run test:mutation: the project does not compile; npm run check says where');
  copyFileSync(known, kept);

  const check = async (file, text) => {
    const path = join(copy, file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, text);
    const compiles = await compile();
    writeFileSync(path, original);
    copyFileSync(kept, known);
    return compiles;
  };
  // One after another, since there is one copy.
  let last = Promise.resolve();
  return (file, text) => (last = last.then(() => check(file, text)));
}
