// A run's state and its models are one unit: whatever happens between two file operations, a
// resumed run ends with the models, the metrics and the state of one that was left alone, bit for
// bit, and with nothing else in its folder.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ConfigError, MachineError, UsageError } from '../../lib/base/errors';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { loadTensors, saveTensors } from '../../lib/model/files/checkpoint';
import { silentReporter } from '../../lib/base/progress';
import { readMetrics } from '../../lib/train/metrics';
import { type TrainingResult, type TrainingRun } from '../../lib/train/run';
import { train } from '../../lib/train/train';
import { temporaryFolder } from '../support/command';
import { type Fault, operationsSeen, renamesSeen, watch } from './faults';
import { numbersOf, points, shortPlan } from './regression';

vi.mock('node:fs/promises', async (original) =>
  (await import('./faults.js')).faultyPromises(await original()),
);
vi.mock('node:fs', async (original) => (await import('./faults.js')).faultySync(await original()));

beforeAll(async () => {
  await startEngine();
});

const plan = {
  ...shortPlan,
  steps: 3,
  logEvery: 1,
  checkpointEvery: 2,
  evaluateEvery: 1,
  earlyStop: { metric: 'error', better: 'smaller', patience: 9 },
} as const;

/**
 * Trains a line; its error is smallest after step 2, so the best model is not that of the state.
 */
async function trainLine(options: Partial<TrainingRun> & { readonly folder: string }): Promise<{
  readonly outcome: TrainingResult['outcome'];
  readonly numbers: Record<string, number[]>;
}> {
  const { parameters, outcome } = await train({
    config: { line: 1 },
    plan,
    parameters: [{ name: 'slope', shape: [2, 1] }],
    initial: () => new Map([['slope', tf.tensor2d([0.5, -0.5], [2, 1])]]),
    loss: (now, { x, y }) =>
      present(x, 'x')
        .matMul(present(now.get('slope'), 'slope'))
        .sub(present(y, 'y'))
        .square()
        .sum<tf.Scalar>(),
    batches: points(4),
    evaluate: (_, step) => Promise.resolve({ error: Math.abs(step - 2) }),
    exportModel: (to, now) => saveTensors(join(to, 'model.safetensors'), now),
    execution: 'eager',
    ...options,
  });
  return { outcome, numbers: numbersOf(parameters) };
}

/**
 * All that a run leaves, the lock aside: files, models to the byte, and what was measured without
 * machine and moment.
 */
async function leftBehind(folder: string): Promise<unknown> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('training.lock'))
    .sort();
  const models = ['checkpoint', 'best'].map((name) =>
    readFileSync(join(folder, name, 'model.safetensors'), 'latin1'),
  );
  const { tensors } = await loadTensors(join(folder, 'checkpoint', 'training.safetensors'));
  const metrics = (await readMetrics(folder)).map((line) => ({ ...line, machine: undefined }));
  return { files, models, state: numbersOf(tensors), metrics };
}

describe('a run', () => {
  it.each<[kind: Fault]>([['killed'], ['disk full']])(
    'that is %s at any of its file operations and resumed is the one that was not, bit for bit',
    { timeout: 600_000 },
    async (kind) => {
      const whole = join(temporaryFolder(), 'run');
      watch(whole, kind);
      const { numbers } = await trainLine({ folder: whole });
      const operations = operationsSeen();
      expect(operations).toBeGreaterThan(50);
      const expected = await leftBehind(whole);
      for (let at = 1; at <= operations; at += 1) {
        const folder = join(temporaryFolder(), 'run');
        watch(folder, kind, at);
        const error: unknown = await trainLine({ folder }).catch((thrown: unknown) => thrown);
        watch(folder);
        if (kind === 'disk full') {
          expect(error, `at operation ${at} of ${operations}`).toBeInstanceOf(MachineError);
          expect(String(error)).toMatch(/the disk is full; free some space and run the same command again$/);
        }
        // Of a process that is gone.
        rmSync(join(folder, 'training.lock'), { recursive: true, force: true });
        const resumed = await trainLine({ folder, resume: true });
        const told = `${kind} at operation ${at} of ${operations}`;
        expect(resumed, told).toEqual({ outcome: 'finished', numbers });
        expect(await leftBehind(folder), told).toEqual(expected);
      }
    },
  );

  it('has each file on the disk before it takes its name, and all that was measured before its state does', async () => {
    const folder = join(temporaryFolder(), 'run');
    watch(folder);
    await trainLine({ folder });
    const names = renamesSeen().map(({ to }) => basename(to));
    for (const name of ['config.json', 'metrics.jsonl', 'training.safetensors', 'model.safetensors'])
      expect(names).toContain(name);
    for (const { from, to, unflushed } of renamesSeen()) {
      expect(unflushed).not.toContain(from);
      if (to.endsWith('training.safetensors')) expect(unflushed).toEqual([]);
    }
  });

  it.each([1, 2, 3])(
    'that is stopped in the evaluation after step %i keeps the step, and goes on with the evaluation',
    async (at) => {
      const whole = join(temporaryFolder(), 'run');
      const { numbers } = await trainLine({ folder: whole, plan: { ...plan, checkpointEvery: 1000 } });
      const folder = join(temporaryFolder(), 'run');
      const evaluated: number[] = [];
      const stops = [true];
      const run = (resume: boolean): ReturnType<typeof trainLine> =>
        trainLine({
          folder,
          resume,
          plan: { ...plan, checkpointEvery: 1000 },
          evaluate: (_, step) => {
            if (step === at && stops.pop() === true) throw new DOMException('stopped', 'AbortError');
            evaluated.push(step);
            return Promise.resolve({ error: Math.abs(step - 2) });
          },
        });
      await expect(run(false)).rejects.toThrow('stopped');
      expect(await run(true)).toEqual({ outcome: 'finished', numbers });
      expect(evaluated).toEqual([1, 2, 3]);
      expect(await leftBehind(folder)).toEqual(await leftBehind(whole));
    },
  );

  it('whose models were deleted, or are older, has those of its state after it was resumed', async () => {
    const folder = join(temporaryFolder(), 'run');
    await trainLine({ folder });
    const expected = await leftBehind(folder);
    for (const name of ['checkpoint', 'best']) {
      const model = join(folder, name, 'model.safetensors');
      rmSync(model);
      expect((await trainLine({ folder, resume: true })).outcome).toBe('finished');
      expect(await leftBehind(folder)).toEqual(expected);
      writeFileSync(model, 'an older one');
      await trainLine({ folder, resume: true });
      expect(await leftBehind(folder)).toEqual(expected);
    }
    rmSync(join(folder, 'best'), { recursive: true });
    rmSync(join(folder, 'config.json'));
    await trainLine({ folder, resume: true });
    expect(await leftBehind(folder)).toEqual(expected);
  });

  it('is not finished while a model of its state cannot be written', async () => {
    const folder = join(temporaryFolder(), 'run');
    await trainLine({ folder });
    rmSync(join(folder, 'checkpoint', 'model.safetensors'));
    const failing = trainLine({
      folder,
      resume: true,
      exportModel: () => Promise.reject(new MachineError('model.safetensors: the disk is full')),
    });
    await expect(failing).rejects.toThrow('the disk is full');
  });

  it('without its config.json is neither written over nor resumed with another configuration', async () => {
    const folder = join(temporaryFolder(), 'run');
    await trainLine({ folder });
    rmSync(join(folder, 'config.json'));
    await expect(trainLine({ folder })).rejects.toThrow(UsageError);
    const other = trainLine({ folder, resume: true, config: { line: 2 } });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(/training\.safetensors: the run there has another configuration/);
    expect(existsSync(join(folder, 'config.json'))).toBe(false);
  });

  it('clears what a killed process left half written, and nothing of anybody else', async () => {
    const folder = join(temporaryFolder(), 'run');
    mkdirSync(join(folder, 'checkpoint'), { recursive: true });
    const killed = [
      'config.json.77-1.partial',
      'metrics.jsonl.77-2.partial',
      'checkpoint/training.safetensors.77-3.partial',
      'checkpoint/model.safetensors.123456-12.partial',
    ];
    const others = ['notes.partial', 'checkpoint/my.77-3.partial.txt'];
    for (const name of [...killed, ...others]) writeFileSync(join(folder, name), '');
    await trainLine({ folder });
    expect(killed.filter((name) => existsSync(join(folder, name)))).toEqual([]);
    expect(others.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
  });

  it('leaves what another process writes alone', async () => {
    const folder = join(temporaryFolder(), 'run');
    let left = false;
    await trainLine({
      folder,
      evaluate: async () => {
        const partial = join(folder, 'checkpoint', 'training.safetensors.1-1.partial');
        mkdirSync(join(folder, 'checkpoint'), { recursive: true });
        writeFileSync(partial, '');
        await expect(trainLine({ folder, resume: true })).rejects.toThrow(/is at work on this run/);
        left = existsSync(partial);
        return { error: 1 };
      },
    });
    expect(left).toBe(true);
  });

  it.each(['deleted', 'moved', 'replaced'])('whose folder is %s while it trains says so', async (how) => {
    const parent = temporaryFolder();
    const [folder, elsewhere] = [join(parent, 'run'), join(parent, 'elsewhere')];
    const disturb = (): void => {
      if (how !== 'deleted') cpSync(folder, elsewhere, { recursive: true });
      rmSync(folder, { recursive: true });
      if (how === 'replaced') cpSync(elsewhere, folder, { recursive: true });
    };
    const disturbed = trainLine({
      folder,
      evaluate: (_, step) => {
        if (step === 2) disturb();
        return Promise.resolve({ error: 1 });
      },
    });
    await expect(disturbed).rejects.toThrow(MachineError);
    await expect(disturbed).rejects.toThrow(/metrics\.jsonl: was moved, deleted or replaced while/);
    if (how === 'replaced') return;
    expect(existsSync(folder)).toBe(false);
    if (how === 'deleted') return;
    rmSync(join(elsewhere, 'training.lock'), { recursive: true });
    expect((await trainLine({ folder: elsewhere, resume: true })).outcome).toBe('finished');
  });

  it('is not resumed, nor found finished, with metrics that were changed; without any it is', async () => {
    const folder = join(temporaryFolder(), 'run');
    await trainLine({ folder });
    const path = join(folder, 'metrics.jsonl');
    const lines = readFileSync(path, 'utf8');
    const says = /metrics\.jsonl: changed since the run wrote it; put it back, or delete the run's folder/;
    const changed = lines.replace(/"loss":(\d)/, (_, digit) => `"loss":${9 - Number(digit)}`);
    for (const other of [changed, lines.slice(lines.indexOf('\n') + 1)]) {
      expect(other).not.toBe(lines);
      writeFileSync(path, other);
      await expect(trainLine({ folder, resume: true })).rejects.toThrow(says);
      expect(readFileSync(path, 'utf8')).toBe(other);
    }
    writeFileSync(path, lines);
    expect((await trainLine({ folder, resume: true })).outcome).toBe('finished');
    writeFileSync(path, '');
    await expect(trainLine({ folder, resume: true })).rejects.toThrow(says);
    rmSync(path);
    const notes: string[] = [];
    const reporter = { ...silentReporter, note: (line: string) => void notes.push(line) };
    expect((await trainLine({ folder, resume: true, reporter })).outcome).toBe('finished');
    expect(notes.join()).toMatch(/its metrics are gone; they begin anew after step 3/);
  });

  it('has its configuration again where that alone was deleted while it trained', async () => {
    const folder = join(temporaryFolder(), 'run');
    await trainLine({
      folder,
      evaluate: (_, step) => {
        if (step === 2) rmSync(join(folder, 'config.json'));
        return Promise.resolve({ error: 1 });
      },
    });
    expect(existsSync(join(folder, 'config.json'))).toBe(true);
    expect((await trainLine({ folder, resume: true })).outcome).toBe('finished');
  });

  it('holds no tensor of its best model after its end', async () => {
    const folder = join(temporaryFolder(), 'run');
    await assertNoLeak(async () => {
      await trainLine({ folder });
      await trainLine({ folder, resume: true });
    });
  });
});
