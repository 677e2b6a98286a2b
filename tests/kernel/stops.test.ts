// The stop button, at any moment of whatever a cell does. BIPE_STOPS says how often:
// `BIPE_STOPS=1000 npx vitest run tests/kernel/stops.test.ts` takes half an hour and more.

import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayPath } from '../../lib/base/paths';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { begin, printed, stopped } from '../support/kernel';
import { smallConfig } from '../train/small-config';
import { type MiniatureProject, miniatureProject, plain } from '../support/project';

const stops = Number(process.env['BIPE_STOPS'] ?? 40);
let trials = 0;
const outcomes: Record<string, { done: number; interrupted: number }> = {};
const runs = mkdtempSync(join(tmpdir(), 'bipe-stops-'));
let kernel: KernelClient;

beforeAll(async () => {
  kernel = await startKernel();
});

afterAll(async () => {
  await kernel.stop();
  rmSync(runs, { recursive: true, force: true });
});

const training = {
  ...smallConfig,
  model: { ...smallConfig.model, numLayers: 1, encoding: 'alibi' },
  batchSize: 4,
  schedule: { kind: 'linear', learningRate: 3e-3, warmupSteps: 1 },
  evaluateEvery: 1000,
};

const say = "console.log('runs');";

/**
 * Cells that print when they have begun, do something for some milliseconds and have the value
 * `'done'`.
 */
const cells: Readonly<Record<string, (ms: number) => string>> = {
  computes: (ms) => `${say}
const end = performance.now() + ${ms};
while (performance.now() < end);`,
  'computes in a callback': (ms) => `await new Promise<void>((resolve) => setTimeout(() => {
  ${say}
  const end = performance.now() + ${ms};
  while (performance.now() < end);
  resolve();
}, 5));`,
  prints: (ms) => `const end = performance.now() + ${ms};
while (performance.now() < end) { ${say} for (let i = 0; i < 1e5; i++); }`,
  waits: (ms) => `${say}
await new Promise((resolve) => setTimeout(resolve, ${ms}));`,
  'awaits without pause': (ms) => `${say}
const end = performance.now() + ${ms};
while (performance.now() < end) await null;`,
  'waits and computes': (ms) => `${say}
for (let i = 0; i < 10; i++) {
  await new Promise((resolve) => setTimeout(resolve, ${ms / 20}));
  const end = performance.now() + ${ms / 20};
  while (performance.now() < end);
}`,
  'has no end': () => `${say}
while (true);`,
  'has a callback without an end': () => `await new Promise(() => {
  setTimeout(() => { ${say} while (true); }, 1);
});`,
  trains: (ms) => `import { training, trainModel } from '../lib';
${say}
const folder = ${JSON.stringify(runs)} + '/' + String(Math.random());
const config = training.parseTrainingConfig(${JSON.stringify({ ...training, steps: 2 + Math.ceil(ms / 10) })}, 'cell');
await trainModel(config, { folder });`,
};

async function stopAfter(kind: string, duration: number, delay: number): Promise<void> {
  const { run } = await begin(kernel, `${cells[kind]?.(duration) ?? ''}\n'done'`);
  await sleep(delay);
  await kernel.interrupt();
  const { result, error } = await run;
  if (error === undefined) expect(result).toEqual({ 'text/plain': "'done'" });
  else expect(plain(error.traceback)).toMatch(/^KeyboardInterrupt: the cell was interrupted(; what was|$)/);
  outcomes[kind] ??= { done: 0, interrupted: 0 };
  outcomes[kind][error === undefined ? 'done' : 'interrupted'] += 1;
  trials += 1;
  if (trials % 100 === 0) console.info(trials, outcomes);
  expect((await kernel.execute("'next'")).result).toEqual({ 'text/plain': "'next'" });
}

it(
  'a cell that is stopped gives its value or is interrupted, and the next one runs',
  async () => {
    // A stop would end the import of lib, time and again.
    expect((await kernel.execute("import { trainModel } from '../lib';")).error).toBeUndefined();
    const kind = fc.constantFrom(...Object.keys(cells));
    // A thread that computes is ended 0.4 s after the stop, so the most happens when a cell is
    // about to end by itself then.
    const when = fc.oneof(
      fc.record({ duration: fc.integer({ min: 545, max: 640 }), delay: fc.constant(200) }),
      fc.record({ duration: fc.integer({ min: 1, max: 900 }), delay: fc.integer({ min: 0, max: 900 }) }),
    );
    await fc.assert(
      fc.asyncProperty(kind, when, (kind, { duration, delay }) => stopAfter(kind, duration, delay)),
      { numRuns: stops, endOnFailure: true },
    );
  },
  30_000 + 10_000 * stops,
);

it('a training that is stopped tells that it is kept and how to go on, and no later cell does', async () => {
  const config = JSON.stringify({ ...training, steps: 1e6 });
  // What an engine prints when it starts must not be taken for a training that has begun.
  expect(
    (await kernel.execute("import { startEngine } from '../lib';\nawait startEngine();")).error,
  ).toBeUndefined();
  for (const [resume, how] of [
    [false, `resume the run in ${displayPath(join(runs, 'false'))}`],
    [true, 'run the cell again'],
  ] as const) {
    const { error } = await stopped(
      kernel,
      `import { training, trainModel } from '../lib';
await trainModel(training.parseTrainingConfig(${config}, 'cell'), {
  folder: ${JSON.stringify(join(runs, String(resume)))},
  resume: ${resume},
  onMetrics: () => console.log('runs'),
});`,
    );
    expect(error?.evalue).toBe(`the cell was interrupted; what was trained is kept; to go on, ${how}`);
    expect(plain(error?.traceback ?? [])).toBe(`KeyboardInterrupt: ${error?.evalue ?? ''}`);
  }
  const { error } = await stopped(kernel, `${say}\nawait new Promise(() => undefined);`);
  expect(error?.evalue).toBe('the cell was interrupted');
}, 120_000);

it('ends a training that an ended cell left at work, and says below that cell what is kept', async () => {
  const config = JSON.stringify({ ...training, steps: 1e6 });
  const run = await kernel.execute(
    `import { training, trainModel } from '../lib';
let begins: (value?: unknown) => void = () => undefined;
const begun = new Promise((resolve) => { begins = resolve; });
const work = trainModel(training.parseTrainingConfig(${config}, 'cell'), {
  folder: ${JSON.stringify(join(runs, 'left'))},
  onMetrics: () => { begins(); },
});
await begun;`,
  );
  expect(run.error).toBeUndefined();
  await kernel.interrupt();
  await expect
    .poll(() => printed(run, 'stderr'))
    .toMatch(/^the cell was interrupted; what was trained is kept; to go on, .*\n$/m);
  const ended = await kernel.execute("await work; 'ended'");
  expect(ended.result).toEqual({ 'text/plain': "'ended'" });
  // It is stopped once.
  await kernel.interrupt();
  await kernel.execute('1;');
  expect(printed(run, 'stderr').match(/was interrupted/g)).toHaveLength(1);
}, 120_000);

it('says nothing more of work that was left and stopped, if nobody waits for it', async () => {
  const run = await kernel.execute(
    `const signal = (globalThis as any)[Symbol.for('bipe.interrupt')];
signal[Symbol.for('bipe.advice')] = 'it is kept';
void new Promise((_, reject) => signal.addEventListener('abort', () => { reject(signal.reason); }));`,
  );
  expect(run.error).toBeUndefined();
  await kernel.interrupt();
  await expect.poll(() => printed(run, 'stderr')).toBe('the cell was interrupted; it is kept\n');
  await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 200));');
  expect(printed(run, 'stderr')).toBe('the cell was interrupted; it is kept\n');
});

describe('a stop', () => {
  let project: MiniatureProject;
  let other: KernelClient;

  beforeAll(async () => {
    project = miniatureProject({
      'index.ts': "export { first } from './first';\nexport { slow } from './slow';\n",
      // Loaded whole before its other half is.
      'first.ts': "import { slow } from './slow';\nexport const first = (): number => slow() + 1;\n",
      'slow.ts': `import * as other from './first';
const patience = globalThis as { isPatient?: boolean };
const end = performance.now() + (patience.isPatient === true ? 0 : 60_000);
while (performance.now() < end);
export const slow = (): number => (typeof other.first === 'function' ? 1 : 0);
`,
    });
    other = await startKernel({ root: project.root });
  });

  afterAll(async () => {
    await other.stop();
    project.dispose();
  });

  it('in the middle of an import leaves no module half loaded', async () => {
    // An import stands before the rest of a cell.
    const before = "const told = import('node:fs').then(() => { console.log('runs'); });\nawait told;\n";
    const { error } = await stopped(other, `${before}await import('../lib');`);
    expect(error?.ename).toBe('KeyboardInterrupt');
    const { result } = await other.execute(`Object.assign(globalThis, { isPatient: true });
const library = await import('../lib');
library.first()`);
    expect(result).toEqual({ 'text/plain': '2' });
  });

  it(
    'in the middle of an ES module is heard when that is evaluated, so that it can be used',
    { timeout: 90_000 },
    async () => {
      project.write('notebooks/late.d.mts', 'export const value: number;\n');
      project.write(
        'notebooks/late.mjs',
        `import './later.mjs';
console.log('runs');
const end = performance.now() + 1500;
while (performance.now() < end);
export const value = 7;
`,
      );
      project.write(
        'notebooks/later.mjs',
        'const end = performance.now() + 500;\nwhile (performance.now() < end);\n',
      );
      const load = "import { value } from './late.mjs';\nvalue";
      const wait = 'await new Promise((resolve) => setTimeout(resolve, 60_000));';
      expect((await stopped(other, `${load};\n${wait}`)).error?.ename).toBe('KeyboardInterrupt');
      expect((await other.execute(load)).result).toEqual({ 'text/plain': '7' });
      // One that never ends is ended all the same.
      project.write('notebooks/endless.mjs', "console.log('runs');\nwhile (true);\n");
      expect((await stopped(other, "import './endless.mjs';")).error?.ename).toBe('KeyboardInterrupt');
      expect((await other.execute("'next'")).result).toEqual({ 'text/plain': "'next'" });
    },
  );

  it('while a figure is drawn leaves the drawing to the next one', { timeout: 120_000 }, async () => {
    const show = 'showFigure(theory.productSlider(4, [1, 0.1, 0.01]));';
    expect((await kernel.execute("import { showFigure, theory } from '../lib';")).error).toBeUndefined();
    const { error } = await stopped(kernel, `${show} console.log('runs'); while (true);`);
    expect(error?.ename).toBe('KeyboardInterrupt');
    expect((await kernel.execute(show)).error).toBeUndefined();
  });

  it('ends a cell where it stands: no finally runs', async () => {
    const { stdout, error } = await stopped(
      other,
      "try { console.log('runs'); while (true); } finally { console.log('finally'); }",
    );
    expect([stdout, error?.ename]).toEqual(['runs\n', 'KeyboardInterrupt']);
  });

  it('ends the cell that waits, and the next stop what that has begun, if it computes for ever', async () => {
    const first = await stopped(
      other,
      `console.log('runs');
await new Promise(() => setTimeout(() => { console.log('computes'); while (true); }, 1000));`,
    );
    expect(first.error?.ename).toBe('KeyboardInterrupt');
    const waiting = other.execute("'next'");
    await sleep(1500);
    await other.interrupt();
    const answers = await Promise.all([waiting, other.execute("'last'")]);
    expect(answers[1].result).toEqual({ 'text/plain': "'last'" });
  });

  it('ends one that asked and never listens, and says what it may still hold', async () => {
    const { error } = await stopped(
      other,
      `const asked = (globalThis as unknown as Record<symbol, AbortSignal>)[Symbol.for('bipe.interrupt')];
console.log('runs');
while (true);`,
    );
    expect(error?.evalue).toMatch(/^the cell was interrupted while it computed; restart the kernel before/);
    expect((await other.execute("'next'")).result).toEqual({ 'text/plain': "'next'" });
  });

  it('leaves a cell that asked for its signal the time for a step', async () => {
    const { stdout, error } = await stopped(
      other,
      `console.log('runs');
const signal = (globalThis as unknown as Record<symbol, AbortSignal>)[Symbol.for('bipe.interrupt')];
for (let step = 0; signal?.aborted === false; step++) {
  const end = performance.now() + 1500;
  while (performance.now() < end);
  console.log('a whole step');
  await new Promise((resolve) => setImmediate(resolve));
}`,
    );
    expect(error?.ename).toBe('KeyboardInterrupt');
    expect(stdout).toMatch(/^runs\n(a whole step\n)+$/);
  });
});
