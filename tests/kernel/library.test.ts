// Edits of lib while a notebook is open.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { type MiniatureProject, miniatureProject, plain } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeEach(async () => {
  project = miniatureProject({
    'index.ts': "export { answer } from './answer';\nexport { Kept } from './kept';\n",
    'answer.ts': "import { base } from './base';\nexport function answer(): number { return base + 2; }\n",
    'base.ts': 'export const base = 40;\n',
    'kept.ts': "export class Kept { name() { return 'old'; } }\n",
  });
  kernel = await startKernel({ root: project.root });
});

afterEach(async () => {
  await kernel.stop();
  project.dispose();
});

const importAndCall = "import { answer } from '../lib';\nanswer()";

it('an edit is there when its import runs again, code and type', async () => {
  expect((await kernel.execute(importAndCall)).result).toEqual({ 'text/plain': '42' });
  project.write('lib/answer.ts', "export function answer(): string { return 'edited'; }\n");
  const { result, error } = await kernel.execute(
    "import { answer } from '../lib';\nconst text: string = answer();\ntext.toUpperCase()",
  );
  expect(error).toBeUndefined();
  expect(result).toEqual({ 'text/plain': "'EDITED'" });
});

it('an edit reaches what uses the edited module, and leaves the rest as it is loaded', async () => {
  await kernel.execute("import { answer, Kept } from '../lib';\nconst object = new Kept();\nanswer()");
  project.write('lib/base.ts', 'export const base = 1;\n');
  expect((await kernel.execute(importAndCall)).result).toEqual({ 'text/plain': '3' });
  expect((await kernel.execute("import { Kept } from '../lib';\nobject instanceof Kept")).result).toEqual({
    'text/plain': 'true',
  });
  project.write('lib/kept.ts', "export class Kept { name() { return 'new'; } }\n");
  const names = "import { Kept } from '../lib';\n[object.name(), new Kept().name()]";
  expect((await kernel.execute(names)).result).toEqual({ 'text/plain': "[ 'old', 'new' ]" });
});

it('a module that comes is found, and one that goes is missed', async () => {
  const code = "import { fresh } from '../lib/fresh';\nfresh";
  expect((await kernel.execute(code)).error?.evalue).toContain("Cannot find module '../lib/fresh'");
  project.write('lib/fresh.ts', "export const fresh = 'here';\n");
  expect((await kernel.execute(code)).result).toEqual({ 'text/plain': "'here'" });
  project.remove('lib/fresh.ts');
  expect((await kernel.execute(code)).error?.evalue).toContain("Cannot find module '../lib/fresh'");
});

it('a lib that does not compile fails the cells that import it, with its lines, until it is mended', async () => {
  await kernel.execute(importAndCall);
  project.write('lib/answer.ts', "export function answer(): number {\n  return 'wrong';\n}\n");
  const { error } = await kernel.execute(importAndCall);
  expect(error?.ename).toBe('LibraryError');
  expect(error?.evalue).toContain('lib/answer.ts:2:3');
  expect(plain(error?.traceback ?? [])).toContain("> 2 |   return 'wrong';\n    |   ^");
  expect((await kernel.execute('answer() + 1')).result).toEqual({ 'text/plain': '43' });
  project.write('lib/answer.ts', 'export function answer(): number {\n  return 7;\n}\n');
  expect((await kernel.execute(importAndCall)).result).toEqual({ 'text/plain': '7' });
});

it('a notebook in a deeper folder imports lib from there', async () => {
  project.write('notebooks/more/deep.ipynb', '{}');
  const deep = await startKernel({ root: project.root, folder: `${project.notebooks}/more` });
  const { result } = await deep.execute("import { answer } from '../../lib';\nanswer()");
  await deep.stop();
  expect(result).toEqual({ 'text/plain': '42' });
});

it('a module beside the notebook is checked, run, and read again after an edit', async () => {
  project.write(
    'notebooks/helper.ts',
    "import { answer } from '../lib';\nexport const help = answer() + 1;\n",
  );
  const code = "import { help } from './helper';\nhelp";
  expect((await kernel.execute(code)).result).toEqual({ 'text/plain': '43' });
  project.write('notebooks/helper.ts', "export const help: string = 'more';\n");
  expect((await kernel.execute(code)).result).toEqual({ 'text/plain': "'more'" });
});

it('a module beside the notebook that is no TypeScript is read again after a restart', async () => {
  const code =
    "const both = [require('./one.cjs'), (await import('./two.mjs' as string)).default];\nboth.join()";
  const write = (value: string): void => {
    project.write('notebooks/one.cjs', `module.exports = '${value}';\n`);
    project.write('notebooks/two.mjs', `export default '${value}';\n`);
  };
  write('old');
  expect((await kernel.execute(code)).result).toEqual({ 'text/plain': "'old,old'" });
  write('new');
  expect((await kernel.execute(code)).result).toEqual({ 'text/plain': "'old,old'" });
  const next = await startKernel({ root: project.root });
  const { result } = await next.execute(code);
  await next.stop();
  expect(result).toEqual({ 'text/plain': "'new,new'" });
});
