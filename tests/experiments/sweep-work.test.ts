// In a process of its own, which is sent signals.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LockedError, MachineError, UsageError } from '../../lib/base/errors';
import { cellInterrupt } from '../../lib/base/interrupt';
import { projectPath } from '../../lib/base/paths';
import { silentReporter } from '../../lib/base/progress';
import { type PerformOptions } from '../../lib/experiments/run/definition';
import type * as registry from '../../lib/experiments/registry';
import { type Sweep, SweepFolder } from '../../lib/experiments/sweep/folder';
import { workOn } from '../../lib/experiments/sweep/work';
import { temporaryFolder } from '../support/command';
import { fakeSlurm } from '../support/slurm';

/** What the item of the sweep does, and what it was asked for. */
const item = vi.hoisted(() => ({
  perform: (): Promise<void> => Promise.resolve(),
  asked: [] as [settings: object, options: PerformOptions][],
}));
vi.mock('../../lib/experiments/registry', async (original) => ({
  ...(await original<typeof registry>()),
  experimentNamed: (name: string) => ({
    perform: (settings: object, options: PerformOptions) => {
      expect(name).toBe('stub');
      item.asked.push([settings, options]);
      return item.perform();
    },
  }),
}));
/** Milliseconds that were slept. */
const slept = vi.hoisted(() => [] as (number | undefined)[]);
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number | undefined, _value: unknown, { signal }: { signal: AbortSignal }) => {
    slept.push(ms);
    return signal.aborted ? Promise.reject(new Error('aborted')) : Promise.resolve();
  },
}));

beforeEach(() => {
  item.asked.length = 0;
  slept.length = 0;
  vi.stubEnv('SLURM_JOB_ID', undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    for (const name of ['SIGUSR1', 'SIGTERM', 'SIGINT'] as const) process.removeAllListeners(name);
  });
});

/** A sweep of two jobs, submitted as tasks 0 (its second) and 1 (its first). */
async function submitted() {
  const folder = new SweepFolder(join(temporaryFolder(), 'stub'));
  const jobs = [
    { piece: { title: 'Loss', index: 3 }, name: 'first', cost: 1 },
    { piece: null, name: 'second', cost: 2 },
  ];
  const sweep: Sweep = {
    item: 'stub',
    preset: 'quick',
    set: [],
    engine: 'slurm',
    settings: { steps: 7 },
    jobs,
  };
  await folder.update(sweep, {
    settings: {},
    jobs: jobs.map((job) => ({ ...job, isDone: false, seconds: null, next: null })),
  });
  await folder.writeSubmission(4, { id: '9', jobs: [1, 0] });
  const notes: string[] = [];
  const reporter = { ...silentReporter, note: (line: string) => void notes.push(line) };
  return { folder, notes, work: (task: number) => workOn(folder, 4, task, reporter) };
}

/** Work that a signal stops. */
function stoppedBy(signal: NodeJS.Signals): () => Promise<void> {
  return () => {
    process.emit(signal);
    return Promise.reject(new Error(`aborted: ${String(cellInterrupt()?.aborted)}`));
  };
}

/** `scontrol` that writes down what it is asked for, into this file. */
function fakeScontrol(): string {
  return join(fakeSlurm({ scontrol: 'echo "$@" >> "${0%/*}/asked"' }), 'asked');
}

describe('a job of a sweep', () => {
  it('is the model or the item that its task says, done once', async () => {
    const { folder, notes, work } = await submitted();
    item.perform = () => Promise.resolve();
    await work(1);
    await work(0);
    const [[settings, first] = [], [, second] = []] = item.asked;
    expect(settings).toEqual({ steps: 7 });
    expect(first).toMatchObject({ fresh: false, piece: { title: 'Loss', index: 3 } });
    expect(first?.store.folder).toBe(projectPath('runs'));
    expect(first?.piece?.onCurve(1, 2)).toBeUndefined();
    expect(second).not.toHaveProperty('piece');
    expect(await folder.done()).toEqual(new Set([0, 1]));
    await work(0);
    expect(item.asked).toHaveLength(2);
    expect(notes).toEqual([
      'stub, first',
      'first: done',
      'stub, second',
      'second: done',
      'second: done before',
    ]);
  });

  it('is named where there is no such one', async () => {
    const { work } = await submitted();
    await expect(work(2)).rejects.toThrow(new UsageError('stub: submission 4 has no task 2'));
    expect(item.asked).toEqual([]);
  });

  it('fails with its own error, and is not done', async () => {
    const { folder, work } = await submitted();
    const error = new TypeError('a mistake');
    item.perform = () => Promise.reject(error);
    await expect(work(0)).rejects.toBe(error);
    expect(await folder.done()).toEqual(new Set());
  });

  it('waits while another process is at the same, and says so once', async () => {
    const { folder, notes, work } = await submitted();
    item.perform = () =>
      item.asked.length < 4 ? Promise.reject(new LockedError('run x is computed')) : Promise.resolve();
    await work(0);
    expect(slept).toEqual([5000, 5000, 5000]);
    expect(notes).toEqual(['stub, second', 'second: waits (run x is computed)', 'second: done']);
    expect(await folder.done()).toEqual(new Set([1]));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'that %s stops keeps what it has, and is not done',
    async (name) => {
      vi.stubEnv('SLURM_JOB_ID', '77');
      const asked = fakeScontrol();
      const { folder, work } = await submitted();
      item.perform = stoppedBy(name);
      const stopped = work(0);
      await expect(stopped).rejects.toBeInstanceOf(MachineError);
      await expect(stopped).rejects.toThrow('second: stopped; what was trained is kept');
      await expect(stopped).rejects.toHaveProperty('cause', new Error('aborted: true'));
      expect(await folder.done()).toEqual(new Set());
      expect(() => readFileSync(asked)).toThrow('ENOENT');
    },
  );

  it('is queued again before its time limit', async () => {
    vi.stubEnv('SLURM_JOB_ID', '77');
    const asked = fakeScontrol();
    const { folder, notes, work } = await submitted();
    item.perform = stoppedBy('SIGUSR1');
    await work(0);
    expect(readFileSync(asked, 'utf8')).toBe('requeue 77\n');
    expect(notes.at(-1)).toBe('second: the time limit is near; saved, and queued again');
    expect(await folder.done()).toEqual(new Set());
  });

  it('that is no job of Slurm is stopped by that signal, too', async () => {
    const { work } = await submitted();
    item.perform = stoppedBy('SIGUSR1');
    await expect(work(0)).rejects.toThrow('second: stopped; what was trained is kept');
  });
});
