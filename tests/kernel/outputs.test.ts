// What reaches the notebook, whatever a cell prints, shows, throws or leaves behind.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CellRun, type KernelClient, startKernel } from '../../kernel/client.mjs';
import { printed, stopped } from '../support/kernel';
import { type MiniatureProject, miniatureProject, plain } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject({ 'index.ts': 'export const one = 1;\n' });
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

const run = (code: string): Promise<CellRun> => kernel.execute(code);

describe('text that leaves the kernel', () => {
  const unit = fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"', '\n'), fc.string());
  const text = fc.array(unit).map((units) => units.join(''));

  it('has U+FFFD for each half of a character, in streams, errors, results, displays and their keys', async () => {
    const property = fc.asyncProperty(text, async (text) => {
      const literal = JSON.stringify(text);
      const whole = text.replace(/\p{Surrogate}/gu, '\ufffd');
      const bundle = `{ 'text/plain': ${literal}, 'application/json': { deep: [{ [${literal}]: ${literal} }] } }`;
      const { stdout, result } = await run(`process.stdout.write(${literal});
({ [Symbol.for('Jupyter.display')]: () => (${bundle}) })`);
      expect(stdout).toBe(whole);
      expect(result).toEqual({
        'text/plain': whole,
        'application/json': { deep: [{ [whole]: whole }] },
      });
      const { error, reply } = await run(`throw new Error(${literal});`);
      expect([error?.evalue, reply['evalue']]).toEqual([whole, whole]);
      expect(plain(error?.traceback ?? [])).toContain(whole);
    });
    await fc.assert(property, { numRuns: 8, examples: [['😀'.slice(0, 1)], ['\\ud83d']] });
  });

  it('keeps a character whole that is written in halves, however long the second one takes', async () => {
    const { stdout } = await run(`const [high = '', low = ''] = '😀'.split('');
process.stdout.write('a' + high);
process.stdout.write(low);
process.stdout.write(high);
await new Promise((resolve) => setTimeout(resolve, 200));
process.stdout.write(low);
process.stdout.write(high);
console.error('b');
process.stdout.write(low);`);
    expect(stdout).toBe('a😀😀\ufffd\ufffd');
  });

  it('has U+FFFD for bytes of a character that is never written whole', async () => {
    const half = "process.stdout.write(Buffer.from('😀').subarray(0, 2));";
    expect((await run(`process.stdout.write('a'); ${half}`)).stdout).toBe('a\ufffd');
    expect((await run("process.stdout.write('b');")).stdout).toBe('b');
  });

  it('is what the encoding of a write says', async () => {
    const { stdout } = await run("process.stdout.write('68c3a9', 'hex');");
    expect(stdout).toBe('hé');
  });
});

describe('one valid error output, and no further cell', () => {
  it.each([
    ['an error that is its own cause', "{ const e = new Error('outer'); e.cause = e; throw e; }", 'outer'],
    [
      'errors that cause each other',
      "const e = new Error('a'); e.cause = new Error('b', { cause: e }); throw e;",
      'a',
    ],
    [
      'an error that is one of its own errors',
      "const e = new AggregateError([], 'all'); e.errors.push(e); throw e;",
      'all',
    ],
    [
      'a long chain of causes',
      'let e = new Error("0"); for (let i = 1; i < 1e5; i++) e = new Error(String(i), { cause: e }); throw e;',
      '99999',
    ],
    [
      'a Proxy that throws',
      "throw new Proxy({}, { get() { throw new Error('trap'); } });",
      expect.stringContaining('{}'),
    ],
    [
      'a Proxy of an error whose every trap throws',
      'throw new Proxy(new Error("x"), new Proxy({}, { get() { throw new Error("trap"); } }));',
      expect.stringContaining('x'),
    ],
    ...['message', 'stack', 'name', 'cause', 'toString', 'exitCode'].map(
      (name): [string, string, unknown] => [
        `an error whose ${name} throws`,
        `class Hostile extends Error { get ${name}(): never { throw new Error('again'); } }
throw new (Hostile as new (text: string) => Error)('said');`,
        expect.any(String),
      ],
    ),
    [
      'an error whose message is an object',
      'throw Object.assign(new Error(), { message: { a: 1n } });',
      '[object Object]',
    ],
    ['an error whose name is a symbol', "throw Object.assign(new Error('m'), { name: Symbol('s') });", 'm'],
    ['an error without a prototype', "throw Object.setPrototypeOf(new Error('m'), null);", 'm'],
    ['undefined', 'throw undefined;', 'undefined'],
    ['a symbol', "throw Symbol('s');", 'Symbol(s)'],
    ['a BigInt', 'throw 5n;', '5n'],
    [
      'an object that does not let itself be inspected',
      "throw { [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no'); } };",
      'a value that cannot be shown',
    ],
    ['a rejection with nothing', 'await Promise.reject();', 'undefined'],
    [
      'a value that throws when it is shown',
      "({ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } })",
      '1',
    ],
  ])('comes of %s', async (_, code, evalue) => {
    await expectFailure(code, evalue);
  });

  const method = (body: string): string => `({ [Symbol.for('Jupyter.display')]: ${body} })`;
  const called = (bundle: string): string =>
    `(globalThis as unknown as Record<symbol, (bundle: unknown, metadata?: unknown) => void>)[Symbol.for('bipe.display')]?.(${bundle});`;
  const circle = '(() => { const o: Record<string, unknown> = {}; o["o"] = o; return o; })()';
  it.each([
    ['that is a BigInt', '5n', 'is a bigint'],
    ['that is a string', "'text'", 'is a string'],
    ['that is undefined', 'undefined', 'is undefined'],
    ['that is null', 'null', 'is null'],
    ['that is an array', "[{ 'text/plain': 'x' }]", 'is an array'],
    ['that is a function', '(() => 1)', 'is a function'],
    ['with a BigInt in its JSON', "{ 'application/json': { n: 5n } }", "'application/json' is not JSON"],
    ['with a circle', `{ 'application/vnd.plotly.v1+json': ${circle} }`, 'is not JSON: Converting circular'],
    ['with a function for JSON', "{ 'application/json': () => 1 }", 'a function, which is not JSON'],
    ['with a number for text', "{ 'text/html': 5 }", "'text/html' is a number; it should be text"],
    ['with an object for text', "{ 'text/plain': {} }", "'text/plain' is an object"],
  ])('comes of a display %s', async (_, bundle, message) => {
    const evalue = expect.stringContaining(message) as string;
    for (const code of [method(`() => (${bundle})`), method(`async () => (${bundle})`), called(bundle)]) {
      expect((await expectFailure(code, evalue)).displays).toEqual([]);
    }
  });

  it.each([
    ['that throws', method("() => { throw new RangeError('told'); }"), 'told'],
    ['that rejects', method("async () => { throw new RangeError('told'); }"), 'told'],
    [
      'of another package with a BigInt',
      "import { display } from 'tslab';\n(display as unknown as { text(x: unknown): void }).text(5n);",
      expect.stringContaining('bigint'),
    ],
    [
      'with metadata that are no object',
      called("{ 'text/plain': 'x' }, 5"),
      expect.stringContaining('metadata is a number'),
    ],
    [
      'with metadata that are not JSON',
      called("{ 'text/plain': 'x' }, { a: 5n }"),
      expect.stringContaining('metadata is not JSON'),
    ],
  ])('comes of a display %s', async (_, code, evalue) => {
    await expectFailure(code, evalue);
  });

  /**
   * Expects the cell to have one error output that a notebook file can hold, and the cell behind it
   * not to run.
   */
  async function expectFailure(code: string, evalue: unknown): Promise<CellRun> {
    const [failed, next] = await Promise.all([run(code), run('1')]);
    const errors = failed.published.filter(({ type }) => type === 'error');
    expect(errors.map(({ content }) => content)).toEqual([expect.objectContaining({ evalue })]);
    const { ename, traceback = [] } = failed.error ?? {};
    for (const text of [ename, failed.error?.evalue, ...traceback]) expect(typeof text).toBe('string');
    expect(failed.reply['status']).toBe('error');
    expect(failed.reply['execution_count']).toBeGreaterThan(0);
    expect(failed.result).toBeUndefined();
    expect(next.reply['status']).toBe('aborted');
    return failed;
  }

  it('names each cause once', async () => {
    const { error } = await run("const e = new Error('a'); e.cause = new Error('b', { cause: e }); throw e;");
    expect(plain(error?.traceback.slice(-2) ?? [])).toBe(
      'caused by Error: b\ncaused by Error: a (see above)',
    );
  });
});

it('a value that does not let itself be asked how it is shown is shown as any other', async () => {
  expect((await run("new Proxy({ a: 1 }, { get() { throw new Error('trap'); } })")).result).toEqual({
    'text/plain': expect.stringContaining('{ a: 1 }') as string,
  });
});

it('an entry of a display that is undefined is left out', async () => {
  const { result } = await run(
    "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': 'x', 'image/png': undefined }) })",
  );
  expect(result).toEqual({ 'text/plain': 'x' });
});

describe('a cell that fails or is stopped', () => {
  it('declares nothing: types and values of before stay', async () => {
    await run('const a = 1;\nlet assigned = 0;');
    expect((await run("const a = 'text';\nassigned = 1;\nthrow new Error('x');")).error?.evalue).toBe('x');
    expect((await run('a.toFixed(2)')).result).toEqual({ 'text/plain': "'1.00'" });
    expect((await run('assigned')).result).toEqual({ 'text/plain': '1' });
  });

  it('declares nothing where its value cannot be shown', async () => {
    await run('const shown = 1;');
    await run("const shown = { [Symbol.for('Jupyter.display')]: () => 5 };\nshown");
    expect((await run('shown.toFixed(2)')).result).toEqual({ 'text/plain': "'1.00'" });
  });

  it('declares nothing later either, and prints below itself', async () => {
    const first = await stopped(
      kernel,
      `console.log('runs');
await new Promise((resolve) => setTimeout(resolve, 1000));
const late = 'old';
console.log('late text');`,
    );
    expect(first.error?.ename).toBe('KeyboardInterrupt');
    const second = await run('const late = 5;\nawait new Promise((resolve) => setTimeout(resolve, 1500));');
    expect((await run('late.toFixed(1)')).result).toEqual({ 'text/plain': "'5.0'" });
    expect(printed(second)).toBe('');
    expect(printed(first)).toBe('runs\nlate text\n');
  });

  it('hears in what it still begins that it is stopped', async () => {
    const signal = "(globalThis as unknown as Record<symbol, AbortSignal>)[Symbol.for('bipe.interrupt')]";
    const first = await stopped(
      kernel,
      `console.log('runs');
await new Promise((resolve) => setTimeout(resolve, 800));
console.log(${signal}?.aborted);`,
    );
    await run('await new Promise((resolve) => setTimeout(resolve, 1500));');
    expect(printed(first)).toBe('runs\ntrue\n');
  });
});

describe('what a cell leaves behind writes below that cell', () => {
  const wait = 'await new Promise((resolve) => setTimeout(resolve, 600));';

  it.each([
    ['a timer', "setTimeout(() => console.log('late'), 200);", 'stdout', 'late\n'],
    [
      'a promise',
      "void new Promise((r) => setTimeout(r, 200)).then(() => console.error('late'));",
      'stderr',
      'late\n',
    ],
    ['a function of an earlier cell that it calls', 'later(200);', 'stdout', 'called\n'],
    [
      'a process',
      "import { spawn } from 'node:child_process';\nspawn('sh', ['-c', 'sleep 0.2; echo late'], { stdio: 'inherit' });",
      'stdout',
      'late\n',
    ],
    [
      'a rejection',
      "void new Promise((r) => setTimeout(r, 200)).then(() => { throw new Error('nobody waits'); });",
      'stderr',
      /nobody waits/,
    ],
    [
      'an error in a callback',
      "setTimeout(() => { throw new Error('nobody waits'); }, 200);",
      'stderr',
      /nobody waits/,
    ],
  ])('%s', async (_, code, stream, text) => {
    await run("function later(ms: number) { setTimeout(() => console.log('called'), ms); }");
    const first = await run(`${code}\nundefined`);
    const second = await run(wait);
    expect(printed(second) + printed(second, 'stderr')).toBe('');
    if (typeof text === 'string') expect(printed(first, stream)).toBe(text);
    else expect(printed(first, stream)).toMatch(text);
  });
});

describe('a process that shares the streams of the cell', () => {
  it.each([
    ['spawnSync', "spawnSync('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'inherit' }).stdout", 'null'],
    [
      'execFileSync',
      "execFileSync('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', 1, 2] })",
      'null',
    ],
    [
      'execSync',
      "execSync('echo out; echo err >&2', { stdio: [0, process.stdout, process.stderr] })",
      'null',
    ],
    [
      'spawn',
      `await new Promise((resolve) => {
  const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: 'inherit' });
  child.on('close', () => resolve(child.stdout));
})`,
      'null',
    ],
  ])('writes below it: %s', async (name, code, value) => {
    const { stdout, stderr, result } = await run(`import { ${name} } from 'node:child_process';\n${code}`);
    expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
    expect(result).toEqual({ 'text/plain': value });
  });

  it('is given back as ever where it shares none', async () => {
    const { stdout, result } = await run(
      "import { spawnSync } from 'node:child_process';\nspawnSync('echo', ['x'], { encoding: 'utf8' }).stdout",
    );
    expect([stdout, result]).toEqual(['', { 'text/plain': "'x\\n'" }]);
  });
});
