// What cells import: packages of either kind, modules beside the notebook, and how their exports
// arrive.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { type MiniatureProject, miniatureProject } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

/** Writes a package into the notebook's folder. */
function installPackage(name: string, description: object, files: Readonly<Record<string, string>>): void {
  const folder = `notebooks/node_modules/${name}`;
  project.write(`${folder}/package.json`, JSON.stringify({ name, version: '1.0.0', ...description }));
  for (const [path, text] of Object.entries(files)) project.write(`${folder}/${path}`, text);
}

beforeAll(async () => {
  project = miniatureProject({
    'index.ts':
      "import * as tf from '@tensorflow/tfjs';\nexport const isTensor = (x: unknown): boolean => x instanceof tf.Tensor;\n",
  });
  const types = { types: './index.d.ts' };
  installPackage(
    'es-alone',
    {
      exports: {
        '.': { ...types, import: './index.mjs' },
        './part': { types: './part.d.ts', import: './part.mjs' },
      },
    },
    {
      'index.mjs':
        'export let count = 0;\nexport function increment() { count += 1; }\nexport default () => "hello";\n',
      'index.d.ts':
        'export let count: number;\nexport function increment(): void;\ndeclare const hello: () => string;\nexport default hello;\n',
      'part.mjs': 'export const part = "part";\n',
      'part.d.ts': 'export const part: string;\n',
    },
  );
  installPackage(
    'es-waits',
    { type: 'module', exports: './index.js', ...types },
    {
      'index.js': 'export const value = await Promise.resolve(7);\n',
      'index.d.ts': 'export const value: number;\n',
    },
  );
  installPackage(
    'es-main',
    { type: 'module', main: './main.js', types: './main.d.ts' },
    {
      'main.js': 'export default { deep: 1 };\nexport const named = 2;\n',
      'main.d.ts':
        'declare const main: { deep: number };\nexport default main;\nexport const named: number;\n',
    },
  );
  const both = 'export const kind: string;\ndeclare const text: string;\nexport default text;\n';
  installPackage(
    'both',
    {
      exports: {
        import: { types: './index.d.mts', default: './index.mjs' },
        require: { types: './index.d.ts', default: './index.js' },
      },
    },
    {
      'index.mjs': "export const kind = 'import';\nexport default 'text of import';\n",
      'index.d.mts': both,
      'index.js':
        "exports.__esModule = true;\nexports.kind = 'require';\nexports.default = 'text of require';\n",
      'index.d.ts': both,
    },
  );
  installPackage(
    'function',
    { main: 'index.js', ...types },
    {
      'index.js': 'module.exports = () => "called";\nmodule.exports.extra = 3;\n',
      'index.d.ts':
        'declare function f(): string;\ndeclare namespace f { const extra: number; }\nexport = f;\n',
    },
  );
  installPackage(
    'object',
    { main: 'index.js', ...types },
    {
      'index.js': 'class Made { method() { return 5; } }\nmodule.exports = new Made();\n',
      'index.d.ts': 'export function method(): number;\n',
    },
  );
  project.write(
    'notebooks/local.mjs',
    'export const local = 1;\nexport function twice(x) { return 2 * x; }\n',
  );
  project.write('notebooks/old.cjs', 'module.exports = { old: true };\n');
  project.write('notebooks/data.json', '{ "rows": 3 }\n');
  project.write('notebooks/throws.mjs', "export function throws() {\n  throw new Error('from there');\n}\n");
  project.write(
    'notebooks/counter.ts',
    'export let count = 0;\nexport function increment(): void { count += 1; }\n',
  );
  project.write(
    'notebooks/helper.ts',
    `import * as tf from '@tensorflow/tfjs';
import hello, { count } from 'es-alone';
import { isTensor } from '../lib';
import { count as own } from './counter.js';
export async function help(x: unknown): Promise<unknown[]> {
  const { part } = await import('es-alone/part');
  return [x instanceof tf.Tensor, isTensor(x), hello(), typeof count, own >= 0, part];
}
`,
  );
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

async function resultOf(...cells: string[]): Promise<unknown> {
  let result: unknown;
  for (const code of cells) {
    const run = await kernel.execute(code);
    expect(run.error, code).toBeUndefined();
    expect(run.stderr, code).not.toContain('Warning');
    result = run.result?.['text/plain'];
  }
  return result;
}

describe('an import', () => {
  it('of a package that is an ES module alone gives its exports, which stay alive', async () => {
    expect(
      await resultOf(
        `import hello, { count, increment } from 'es-alone';
import { part } from 'es-alone/part';
import * as all from 'es-alone';
increment();
[hello(), count, all.count, part]`,
      ),
    ).toBe("[ 'hello', 1, 1, 'part' ]");
    expect(await resultOf('increment();\n[hello(), count, all.count]')).toBe("[ 'hello', 2, 2 ]");
  });

  it('of an ES module that awaits, and of one without a map of exports', async () => {
    expect(
      await resultOf(
        "import { value } from 'es-waits';\nimport main, { named } from 'es-main';\nimport whole = require('es-main');\n[value, main.deep, named, whole.named]",
      ),
    ).toBe('[ 7, 1, 2, 2 ]');
  });

  it('of a package of both kinds gives the one that lib has', async () => {
    expect(await resultOf("import text, { kind } from 'both';\n[kind, text]")).toBe(
      "[ 'require', 'text of require' ]",
    );
    expect(
      await resultOf(
        "import * as tf from '@tensorflow/tfjs';\nimport { isTensor } from '../lib';\nisTensor(tf.scalar(1))",
      ),
    ).toBe('true');
  });

  it('of CommonJS gives what is exported as default, by name and as a whole', async () => {
    expect(
      await resultOf(
        "import f, { extra } from 'function';\nimport g = require('function');\nimport { method } from 'object';\n[f(), f.extra, extra, f === g, method()]",
      ),
    ).toBe("[ 'called', 3, 3, true, 5 ]");
  });

  it('of a file beside the notebook: ES module, CommonJS, JSON, TypeScript', async () => {
    expect(
      await resultOf(
        `import { local, twice } from './local.mjs';
import old from './old.cjs';
import data from './data.json';
import { count, increment } from './counter';
increment();
[local, twice(4), old.old, data.rows, count]`,
        '[twice(5), old.old, data.rows, count]',
      ),
    ).toBe('[ 10, true, 3, 1 ]');
  });

  it('in a TypeScript module beside the notebook finds the same modules', async () => {
    expect(
      await resultOf(
        "import * as tf from '@tensorflow/tfjs';\nimport { help } from './helper';\nawait help(tf.scalar(1))",
      ),
    ).toBe("[ true, true, 'hello', 'number', true, 'part' ]");
  });
});

describe('import()', () => {
  it.each([
    ["(await import('es-alone')).default()", "'hello'"],
    ["const load = async () => (await import('es-alone/part')).part;\nawait load()", "'part'"],
    ["(await import('es-waits')).value", '7'],
    ["(await import('both')).kind", "'require'"],
    ["(await import('function')).default()", "'called'"],
    ["(await import('node:path')).join('a', 'b')", "'a/b'"],
    ["(await import('./local.mjs')).twice(3)", '6'],
    ["(await import('./data.json')).default.rows", '3'],
    ["(await import('./data.json', { with: { type: 'json' } })).default.rows", '3'],
    ["(await import('../lib')).isTensor(1)", 'false'],
    [
      "const url: string = 'data:text/javascript,export const u = 4';\n((await import(url)) as { u: number }).u",
      '4',
    ],
    [
      "const url: string = import.meta.resolve('./local.mjs');\n((await import(url)) as { local: number }).local",
      '1',
    ],
  ])('works: %s', async (code, result) => {
    expect(await resultOf(code)).toBe(result);
  });
});

it('an error in an ES module names its line and the line of the cell', async () => {
  const { error } = await kernel.execute("import { throws } from './throws.mjs';\n\nthrows();");
  expect(error?.evalue).toBe('from there');
  expect(error?.traceback.slice(-2)).toEqual([
    '    at throws (notebooks/throws.mjs:2:9)',
    expect.stringMatching(/^ {4}at cell \d+, line 3$/),
  ]);
});

it('a kernel of another checkout says whose it is, and runs nothing', async () => {
  const other = miniatureProject({ 'index.ts': 'export const one = 1;\n' });
  const foreign = await startKernel({ root: project.root, folder: other.notebooks });
  const { error, stdout } = await foreign.execute("console.log('ran');");
  await foreign.stop();
  other.dispose();
  expect(stdout).toBe('');
  expect(error).toEqual({
    ename: 'KernelError',
    evalue: `this kernel belongs to ${project.root}, the notebook to ${other.root}: run "npm run setup" in ${other.root}, then restart the kernel`,
    traceback: [`KernelError: ${error?.evalue ?? ''}`],
  });
});
