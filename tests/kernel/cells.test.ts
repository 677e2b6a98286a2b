// What a cell can do, what the type checker says of it, and what is shown when it fails.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CellRun, type KernelClient, type KernelFailure, startKernel } from '../../kernel/client.mjs';
import { type MiniatureProject, miniatureProject, plain } from '../support/project';

const library = {
  'index.ts': `
export { ConfigError, deepThrow } from './base/errors';
export { double, type Sizes, sizesOf } from './tensors';
export { showSquare } from './show';
`,
  'base/errors.ts': `
export class ConfigError extends Error {
  readonly exitCode = 2;
  override name = 'ConfigError';
}
interface Unused { gone: boolean }
export function deepThrow(depth: number): never {
  if (depth === 0) throw new RangeError('too deep');
  return deepThrow(depth - 1);
}
export type Kept = Unused;
`,
  'tensors.ts': `
import type * as tf from '@tensorflow/tfjs';
interface Hidden { readonly rows: number }
export interface Sizes extends Hidden { readonly columns: number }
export function double(x: tf.Tensor2D): tf.Tensor2D { return x.mul<tf.Tensor2D>(2); }
export function sizesOf(x: tf.Tensor2D): Sizes { return { rows: x.shape[0], columns: x.shape[1] }; }
`,
  'show.ts': `
type Display = (bundle: Record<string, unknown>) => void;
export function showSquare(x: number): boolean {
  const display = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.display')] as Display | undefined;
  display?.({ 'text/html': '<b>' + String(x * x) + '</b>' });
  return display !== undefined;
}
`,
};

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject(library);
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

const run = (code: string): Promise<CellRun> => kernel.execute(code);

async function failureOf(code: string): Promise<KernelFailure> {
  const { error } = await run(code);
  if (error === undefined) throw new Error(`the cell should have failed: ${code}`);
  return error;
}

describe('a cell', () => {
  it('imports lib, its modules and their types', async () => {
    const { error, result } = await run(`import { sizesOf, type Sizes } from '../lib';
import { double } from '../lib/tensors';
import * as tf from '@tensorflow/tfjs';
const sizes: Sizes = sizesOf(double(tf.ones([2, 3])));
sizes`);
    expect(error).toBeUndefined();
    expect(result).toEqual({ 'text/plain': '{ rows: 2, columns: 3 }' });
  });

  it('uses what earlier cells declared in a shorthand property, read and assigned', async () => {
    await run('let shorthand = 1;\nconst inner = 2;');
    const { error, result } = await run(
      'const made = { shorthand, inner };\n({ shorthand } = { shorthand: 5 });\n[made, shorthand]',
    );
    expect(error).toBeUndefined();
    expect(result).toEqual({ 'text/plain': '[ { shorthand: 1, inner: 2 }, 5 ]' });
  });

  it('uses what earlier cells declared, with its type', async () => {
    await run('interface Point { x: number; y: number }\nconst points: Point[] = [{ x: 1, y: 2 }];');
    expect((await run('points.map((p: Point) => p.x + p.y)')).result).toEqual({ 'text/plain': '[ 3 ]' });
    const failure = await failureOf('points.map((p) => p.z)');
    expect(failure.evalue).toBe("line 1: Property 'z' does not exist on type 'Point'. (TS2339)");
  });

  it('may declare again what an earlier one declared, as something else', async () => {
    await run('const again = 1;');
    expect((await run("const again = 'text';\nagain.length")).result).toEqual({ 'text/plain': '4' });
  });

  it('keeps the value of a variable whose type has no name outside of lib', async () => {
    const { error } = await run(`import { sizesOf } from '../lib';
import * as tf from '@tensorflow/tfjs';
const unnamed = { ...sizesOf(tf.zeros([4, 5])) };`);
    expect(error).toBeUndefined();
    expect((await run('unnamed.rows * unnamed.columns')).result).toEqual({ 'text/plain': '20' });
  });

  it('awaits at its top level, loops included', async () => {
    const { stdout, error } =
      await run(`const later = (x: number) => new Promise<number>((r) => setTimeout(r, 1, x));
console.log(await later(1));
for await (const x of [later(2), later(3)]) console.log(x);
if (await later(4)) { console.log(await later(5)); }`);
    expect(error).toBeUndefined();
    expect(stdout).toBe('1\n2\n3\n5\n');
  });

  it('shows its last expression, unless that is undefined', async () => {
    expect((await run("({ a: [1, 'b'] })")).result).toEqual({ 'text/plain': "{ a: [ 1, 'b' ] }" });
    expect((await run('null')).result).toEqual({ 'text/plain': 'null' });
    expect((await run('undefined')).result).toBeUndefined();
    expect((await run('const nothing = 1;')).result).toBeUndefined();
  });

  it('shows a value the way the value wants to be shown', async () => {
    const { result } = await run(
      "({ [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': '<i>x</i>', 'text/plain': 'x' }) })",
    );
    expect(result).toEqual({ 'text/html': '<i>x</i>', 'text/plain': 'x' });
  });

  it('gets the rich outputs of lib and of tslab, in place where they have an id', async () => {
    const { displays } = await run(`import { showSquare } from '../lib';
import { display, newDisplay } from 'tslab';
showSquare(3);
display.html('<p>');
const entry = newDisplay();
entry.text('before');
entry.text('after');`);
    expect(displays.map(({ type, content }) => [type, content['data']])).toEqual([
      ['display_data', { 'text/html': '<b>9</b>' }],
      ['display_data', { 'text/html': '<p>' }],
      ['display_data', { 'text/plain': 'before' }],
      ['update_display_data', { 'text/plain': 'after' }],
    ]);
    const ids = displays
      .slice(2)
      .map(({ content }) => (content['transient'] as { display_id: string }).display_id);
    expect(ids[0]).toBe(ids[1]);
  });

  it('gets what it writes to the standard streams, bytes of a character apart', async () => {
    const { stdout, stderr } = await run(`const bytes = Buffer.from('é');
process.stdout.write(bytes.subarray(0, 1));
process.stdout.write(bytes.subarray(1));
console.error('trouble');`);
    expect(stdout).toBe('é');
    expect(stderr).toBe('trouble\n');
  });
});

describe('the type checker', () => {
  it.each([
    ['an implicit any', 'function f(x) { return x; }', 7006],
    ['an array element that may be missing', 'const numbers = [1];\nnumbers[0].toFixed();', 2532],
    ['null', 'const text: string = null;', 2322],
    ['undefined in an optional property', 'const o: { a?: number } = { a: undefined };', 2375],
    ['an unchecked catch variable', 'try { JSON.parse("") } catch (e) { e.message }', 18046],
    ['a property of an index signature', 'const r: Record<string, number> = {};\nr.key;', 4111],
    ['a module that does not exist', "import { x } from '../lib/nowhere';", 2307],
    ['code that is not TypeScript', 'const = 3;', 1134],
  ])('refuses %s', async (_, code, id) => {
    const failure = await failureOf(code);
    expect(failure.ename).toBe('TypeScriptError');
    expect(plain(failure.traceback)).toContain(`TS${id}`);
  });

  it('does not run a cell that has an error', async () => {
    const { stdout, error } = await run("console.log('ran');\nconst wrong: number = 'text';");
    expect(error).toBeDefined();
    expect(stdout).toBe('');
  });

  it('says line, source and place, once, as an error output and not as text', async () => {
    const { error, stdout, stderr, reply } = await run('// a comment\n\nconst n: number =\n  "text";');
    expect(stdout + stderr).toBe('');
    expect(error?.evalue).toBe("line 3: Type 'string' is not assignable to type 'number'. (TS2322)");
    expect(plain(error?.traceback ?? []).split('\n')).toEqual([
      expect.stringMatching(
        /^TS2322: Type 'string' is not assignable to type 'number'\. \(cell \d+, line 3\)$/,
      ),
      '  1 | // a comment',
      '  2 | ',
      '> 3 | const n: number =',
      '    |       ^',
    ]);
    expect(reply).toMatchObject({ status: 'error', ename: 'TypeScriptError', evalue: error?.evalue });
  });

  it('explains a mismatch below it, at one place', async () => {
    const { traceback } = await failureOf(
      'const inner: { a: { b: number } } = { a: JSON.parse("{}") as { b: string } };',
    );
    expect(plain(traceback).split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^TS2322: Type '{ b: string; }' is not assignable to type '{ b: number; }'/),
      "  Types of property 'b' are incompatible.",
    ]);
    expect(plain(traceback).match(/\^/g)).toHaveLength(1);
  });
});

describe('a cell that throws', () => {
  it('shows the class, the message and its own line, past code that compilation removes', async () => {
    const { ename, evalue, traceback } = await failureOf(`interface Gone {
  a: number;
}
type AlsoGone = Gone & {
  b: string;
};
enum Kept { A, B }

const value: AlsoGone = {
  a: 1,
  b: \`two
lines\`,
};
throw new RangeError('out of ' + value.b.length + Kept[1]);`);
    expect([ename, evalue]).toEqual(['RangeError', 'out of 9B']);
    expect(plain(traceback).split('\n')).toEqual([
      'RangeError: out of 9B',
      expect.stringMatching(/^cell \d+, line 14$/),
      '  12 | lines`,',
      '  13 | };',
      "> 14 | throw new RangeError('out of ' + value.b.length + Kept[1]);",
      '     |       ^',
    ]);
  });

  it('names the line of the cell it calls and of the cell where the error is', async () => {
    await run('// one\nfunction thrower(): never {\n  throw new Error("from there");\n}');
    const { traceback } = await failureOf('\n\nthrower();');
    expect(plain(traceback)).toMatch(
      /> 3 \| {3}throw new Error\("from there"\);\n.*\n {4}at thrower \(cell \d+, line 3\)\n {4}at cell \d+, line 3$/s,
    );
  });

  it("names the sources of lib, not what they compile to, and nothing of the kernel's own", async () => {
    const { traceback } = await failureOf("import { deepThrow } from '../lib';\ndeepThrow(2);");
    const text = plain(traceback);
    expect(text).toContain(
      '    at deepThrow (lib/base/errors.ts:8:26)\n    at deepThrow (lib/base/errors.ts:9:10)',
    );
    expect(text).toMatch(/> 2 \| deepThrow\(2\);/);
    expect(text).not.toMatch(/dist|scripts|node:/);
  });

  it('prints an error with the same places, whoever prints it', async () => {
    const { stdout } = await run(`import { deepThrow } from '../lib';
try {
  [1].forEach(() => deepThrow(1));
} catch (error) {
  console.log(error);
  console.log((error as Error).stack);
}`);
    const trace = expect.stringMatching(
      /^\S*Error: .*\n {4}at deepThrow \(lib\/base\/errors.ts:8:26\)\n(?: {4}at .*\n)* {4}at .*cell \d+, line 3\)?\n/,
    ) as unknown;
    expect(stdout).toEqual(trace);
    const [first = '', second] = stdout.trim().split(/\n(?=\S)/);
    expect(second).toBe(first);
    expect(stdout).not.toMatch(/dist|scripts|node:|<cell/);
  });

  it.each([
    ['a copy of another', 'structuredClone(original)'],
    ['one with the stack of another', "Object.assign(new Error('other'), { stack: original.stack })"],
  ])('shows the place of an error that is %s', async (_, copy) => {
    const { traceback } = await failureOf(
      `const original = new Error('first');\nconst { stack } = original;\nthrow ${copy};`,
    );
    expect(plain(traceback)).toMatch(/> 1 \| const original = new Error\('first'\);/);
  });

  it('has the stack of an error that tells itself by it, and of what is none', async () => {
    const { result } = await run(`class Own extends Error { override toString() { return this.stack ?? ''; } }
const target: { stack?: string } = {};
Error.captureStackTrace(target);
[new Own('once').stack?.match(/once/g)?.length, target.stack?.split('\\n')[0]]`);
    expect(result).toEqual({ 'text/plain': "[ 1, 'Error' ]" });
  });

  it('shows an expected error of lib as its one line', async () => {
    const { ename, evalue, traceback } = await failureOf(
      "import { ConfigError } from '../lib';\nfunction load() { throw new ConfigError('model.heads: 0 is too few'); }\nload();",
    );
    expect([ename, evalue]).toEqual(['ConfigError', 'model.heads: 0 is too few']);
    expect(plain(traceback)).not.toMatch(/^ {4}at /m);
  });

  it('shows control characters of such a line rather than obeying them', async () => {
    const { evalue } = await failureOf(
      "import { ConfigError } from '../lib';\nthrow new ConfigError('a tensor \\u001b]0;x\\u0007\\u009b');",
    );
    expect(evalue).toBe('a tensor \\x1b]0;x\\x07\\x9b');
  });

  it('shows a promise that it awaits and that is rejected, and the cause', async () => {
    const { ename, evalue, traceback } = await failureOf(`async function work() {
  await null;
  throw new TypeError('late', { cause: new Error('the root') });
}
await work();`);
    expect([ename, evalue]).toEqual(['TypeError', 'late']);
    expect(plain(traceback)).toContain("> 3 |   throw new TypeError('late'");
    expect(plain(traceback)).toContain('caused by Error: the root');
  });

  it('shows a thrown value that is no error', async () => {
    expect(await failureOf('throw { code: 7 };')).toMatchObject({ ename: 'Thrown', evalue: '{ code: 7 }' });
  });

  it('says it in an error output alone', async () => {
    const { stdout, stderr, error } = await run("throw new Error('once');");
    expect(error?.evalue).toBe('once');
    expect(stdout + stderr).toBe('');
  });
});

it('a rejection that nobody handles goes to the standard error, with its line', async () => {
  const { stderr, error } = await run(`void (async () => { await null; throw new Error('nobody waits'); })();
await new Promise((resolve) => setTimeout(resolve, 50));`);
  expect(error).toBeUndefined();
  expect(plain(stderr)).toMatch(/rejected and nobody handled it:\nError: nobody waits\ncell \d+, line 1/);
});
