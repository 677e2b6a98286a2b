import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Probe, probe } from '../../lib/engine/backends/probe';

let folder: string;
let trial: Probe;

/** How many child processes have run. */
const runs = () => readFileSync(join(folder, 'runs'), 'utf8').length;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bipe-probe-'));
  writeFileSync(join(folder, 'library'), 'version 1');
  const count = `require('node:fs').appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x');`;
  trial = {
    name: 'trial',
    script: `${count} console.log('chatter'); console.log(JSON.stringify({ version: '1', gpu: false }));`,
    files: [join(folder, 'library')],
    cacheFile: join(folder, 'cache', 'probe.json'),
  };
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a probe', () => {
  it('runs once, and its answer is remembered', async () => {
    const answer = { answer: { version: '1', gpu: false } };
    expect(await probe(trial)).toEqual(answer);
    expect(await probe(trial)).toEqual(answer);
    expect(runs()).toBe(1);
  });

  it('runs again when the library has changed or is gone', async () => {
    await probe(trial);
    const library = join(folder, 'library');
    utimesSync(library, 1, 1);
    await probe(trial);
    expect(runs()).toBe(2);
    rmSync(library);
    await probe(trial);
    expect(runs()).toBe(3);
  });

  it('runs again in another environment, and keeps the answers of other probes', async () => {
    await probe({ ...trial, name: 'other' });
    await probe({ ...trial, environment: { CUDA_VISIBLE_DEVICES: '-1' } });
    await probe(trial);
    expect(runs()).toBe(3);
    await probe({ ...trial, name: 'other' });
    expect(runs()).toBe(3);
  });

  it('runs again after a failure, so that a mend is noticed', async () => {
    const failing = { ...trial, script: `${trial.script} process.exitCode = 3;` };
    expect(await probe(failing)).toEqual({ failure: 'it ended with exit code 3' });
    expect(await probe(failing)).toEqual({ failure: 'it ended with exit code 3' });
    expect(runs()).toBe(2);
  });

  it('works with a cache that is damaged or cannot be written', async () => {
    const cacheFile = join(folder, 'damaged.json');
    writeFileSync(cacheFile, '{"trial": 1');
    expect(await probe({ ...trial, cacheFile })).toHaveProperty('answer');
    expect(await probe({ ...trial, cacheFile: join(folder, 'library', 'probe.json') })).toHaveProperty(
      'answer',
    );
  });

  it.each([
    ['a crash', "process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)", 'it crashed (SIGSEGV)'],
    [
      'an illegal instruction',
      "process.kill(process.pid, 'SIGILL'); setInterval(() => {}, 1000)",
      'it crashed (SIGILL: it was built for instructions that this processor lacks)',
    ],
    [
      'a missing library',
      "throw new Error('libtensorflow_cc.so.2: cannot open shared object file: No such file or directory')",
      'libtensorflow_cc.so.2: cannot open shared object file: No such file or directory',
    ],
    ['silence', '', 'it gave no answer'],
    ['an answer that is none', "console.log('[1]')", 'it gave no answer'],
  ])('tells %s in a few words', async (_, script, failure) => {
    expect(await probe({ ...trial, script })).toEqual({ failure });
  });

  it('ends a child that hangs', async () => {
    const hanging = { ...trial, script: 'setInterval(() => {}, 1000)', timeoutSeconds: 1 };
    expect(await probe(hanging)).toEqual({ failure: 'it did not answer within 1 s' });
  });
});
