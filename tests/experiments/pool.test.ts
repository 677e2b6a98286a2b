import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigError, MachineError, UsageError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { silentReporter } from '../../lib/base/progress';
import { fig3Presets } from '../../lib/experiments/items/fig3/item';
import { items } from '../../lib/experiments/registry';
import { type Job, type Message } from '../../lib/experiments/run/jobs';
import { type JobOptions, threadsFor, WorkerPool, workersFor } from '../../lib/experiments/run/pool';
import { RunStore } from '../../lib/experiments/run/store';
import { ropeKind } from '../../lib/positional/rope';
import { createEncoding, registerEncoding } from '../../lib/positional/registry';
import { statePath } from '../../lib/train/checkpoint';
import { interruptibleCell } from '../support/cell';
import { temporaryFolder } from '../support/command';

interface Event {
  readonly what: string;
  readonly pid: string;
  readonly item: string;
}

/** A pool of processes that do as jobs are named, and what they did. */
function fakePool(workers: number, cores = workers) {
  const log = join(temporaryFolder(), 'log');
  const children: ChildProcess[] = [];
  const threads: number[] = [];
  const notes: string[] = [];
  const pool = new WorkerPool({
    workers,
    cores,
    start: (count) => {
      threads.push(count);
      const child = fork(projectPath('tests', 'experiments', 'pool.worker.mjs'));
      children.push(child);
      return child;
    },
  });
  onTestFinished(() => {
    pool.close();
    children.forEach((child) => child.kill('SIGKILL'));
  });
  const options: JobOptions = {
    label: 'a job',
    cost: 1,
    reporter: { ...silentReporter, note: (line) => notes.push(line) },
  };
  const run = (item: string, more: Partial<JobOptions> = {}, ms?: number): Promise<void> =>
    pool.run({ item, settings: { log, ms }, piece: null, fresh: false, store: '' }, { ...options, ...more });
  const events = (): Event[] =>
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [what = '', pid = '', ...item] = line.split(' ');
        return { what, pid, item: item.join(' ') };
      });
  return { pool, run, events, notes, children, threads };
}

describe('a pool of processes', () => {
  it('does all jobs, never more at once than there may be, and begins with the longest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 }),
        async (workers, costs) => {
          const { run, events, pool } = fakePool(workers);
          await Promise.all(costs.map((cost, index) => run(`ok ${index}`, { cost })));
          pool.close();
          const running: string[] = [];
          for (const { what, pid } of events()) {
            if (what === 'begin') {
              // A process at work is given no other job.
              expect(running).not.toContain(pid);
              running.push(pid);
            } else running.splice(running.indexOf(pid), 1);
            expect(running.length).toBeLessThanOrEqual(workers);
          }
          const begun = events().filter(({ what }) => what === 'begin');
          expect(begun).toHaveLength(costs.length);
          if (workers > 1) return;
          // Those that cost nothing come first.
          const begunCosts = begun.map(({ item }) => costs[Number(item.split(' ')[1])] ?? NaN);
          const urgency = begunCosts.map((cost) => (cost === 0 ? Infinity : cost));
          expect(urgency).toEqual([...urgency].sort((a, b) => (a === b ? 0 : b - a)));
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);

  it('uses a process again', async () => {
    const { run, events } = fakePool(1);
    for (const item of ['ok 1', 'ok 2', 'ok 3']) await run(item);
    expect(new Set(events().map(({ pid }) => pid)).size).toBe(1);
  });

  it('hands on notes and points of a curve', async () => {
    const { run, notes } = fakePool(1);
    const points: number[][] = [];
    await run('ok', { onCurve: (...point) => points.push(point) });
    expect([notes, points]).toEqual([['a job: ok goes on', 'models done: 1 of 1'], [[1, 0.5]]]);
  });

  it('says how long the other jobs take at the pace of those that are done', async () => {
    const { run, notes, pool } = fakePool(2);
    let clock = 0;
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * clock);
    onTestFinished(() => {
      spy.mockRestore();
    });
    const longer = run('ok 1', { cost: 7 }, 600_000).catch(() => undefined);
    // 10 s for each unit of cost; the longer one has been at work as long.
    await run('ok 2', { cost: 2, onCurve: () => (clock = 20) });
    pool.close();
    await longer;
    expect(notes.at(-1)).toBe('models done: 1 of 2, about 50 s left');
  });

  it('throws what a job throws, of the same class, and goes on with the others', async () => {
    const { run } = fakePool(1);
    const failing = run('fails');
    const other = run('ok');
    await expect(failing).rejects.toThrow(new UsageError('so not'));
    await expect(failing).rejects.toBeInstanceOf(UsageError);
    await other;
    await expect(run('breaks')).rejects.toThrow('a stack');
  });

  it('tries a job again later that another process is at', { timeout: 20_000 }, async () => {
    const { run, events } = fakePool(1);
    await Promise.all([run('locked-once'), run('ok')]);
    expect(events().map(({ what, item }) => `${what} ${item}`)).toEqual([
      'begin locked-once',
      'end locked-once',
      'begin ok',
      'end ok',
      'begin locked-once',
      'end locked-once',
    ]);
  });

  it('begins a job anew whose process died, with one process fewer', async () => {
    const { run, pool, notes } = fakePool(3);
    await run('dies-once');
    expect(pool.size).toBe(2);
    expect(notes[0]).toBe('a job: its process died (SIGKILL); begun again with at most 2 at once');
  });

  it('ends what is at work when it is closed, and begins nothing more', async () => {
    const { run, pool, notes, children } = fakePool(1);
    const outcomes = Promise.allSettled([run('ok 1', {}, 600_000), run('ok 2')]);
    await vi.waitFor(() => {
      expect(children).toHaveLength(1);
    });
    const ended = children.map((child) => once(child, 'exit'));
    pool.close();
    await Promise.all(ended);
    for (const outcome of [...(await outcomes), ...(await Promise.allSettled([run('ok 3')]))])
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the pool is closed' } });
    expect([children.length, notes]).toEqual([1, []]);
  });

  it('ends with the cell that made it, if that is stopped', async () => {
    const stopCell = interruptibleCell();
    const { run, children } = fakePool(1);
    const outcomes = Promise.allSettled([run('ok 1', {}, 600_000), run('ok 2')]);
    await vi.waitFor(() => {
      expect(children).toHaveLength(1);
    });
    const ended = children.map((child) => once(child, 'exit'));
    const stop = new Error('stopped by the reader');
    stopCell(stop);
    expect(await outcomes).toEqual([1, 2].map(() => ({ status: 'rejected', reason: stop })));
    await Promise.all(ended);
  });

  it('names a job at which two processes died, and does the others', async () => {
    const { run } = fakePool(2);
    const dying = run('dies');
    const other = run('ok');
    await expect(dying).rejects.toBeInstanceOf(MachineError);
    await expect(dying).rejects.toThrow('a job: two processes died at it (SIGKILL)');
    await other;
  });

  it('shares the cores out among the jobs that are at work, and the last has them all', async () => {
    const { run, threads, events } = fakePool(4, 8);
    await Promise.all([run('ok 1', {}, 400), run('ok 2', {}, 400)]);
    await run('ok 3', {}, 100);
    expect(threads).toEqual([4, 4, 8]);
    expect(new Set(events().map(({ pid }) => pid)).size).toBe(3);
    await Promise.all(['4', '5', '6', '7', '8'].map((name) => run(`ok ${name}`, {}, 100)));
    expect(threads.slice(3)).toEqual([2, 2, 2, 2]);
  });

  it('never has more threads than cores, and at least one in each process', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 128 }), (cores, workers) => {
        const threads = threadsFor(cores, workers);
        expect(threads).toBeGreaterThanOrEqual(1);
        if (workers <= cores) expect(threads * workers).toBeLessThanOrEqual(cores);
      }),
    );
  });

  it('has a process for each core by default, where there is memory for them', () => {
    expect(workersFor(2, 25e9)).toBe(2);
    expect(workersFor(16, 100e9)).toBe(16);
    expect(workersFor(1, 25e9)).toBe(1);
    expect(workersFor(8, 1.5e9)).toBe(1);
  });
});

function noProcess(): never {
  throw new Error('a process was started');
}

describe('an item in other processes', () => {
  const minute = 60_000;

  /** Results of a store without what a clock or a machine decides. */
  const resultsOf = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, 'result.json')))
      .map((name) => {
        const { result } = JSON.parse(readFileSync(join(folder, name, 'result.json'), 'utf8')) as {
          result: unknown;
        };
        return JSON.stringify(result, (key, value: unknown) =>
          ['seconds', 'tokensPerSecond'].includes(key) ? undefined : value,
        );
      })
      // The name of a finetuning depends on the folder of what it starts from.
      .sort();

  it.each(['fig3', 'fig5', 'lemma11'] as const)(
    '%s has the same bits',
    { timeout: 5 * minute },
    async (item) => {
      const [here, there] = [temporaryFolder(), temporaryFolder()];
      const pool = new WorkerPool({ workers: 2, leastCost: 0 });
      onTestFinished(() => {
        pool.close();
      });
      const options = { preset: 'smoke', reporter: silentReporter };
      const own = await items[item].execute({ ...options, store: new RunStore(here) });
      const others = await items[item].execute({ ...options, store: new RunStore(there), pool });
      expect(resultsOf(there)).toEqual(resultsOf(here));
      expect(others.findings).toEqual(own.findings);
      // Each is a part of its own, whatever it was that computed it.
      const works = ({ provenance }: typeof own): string[] =>
        (provenance.parts ?? []).flatMap(({ work }) => work.map(({ name }) => name)).sort();
      expect(works(others)).toEqual(works(own));
    },
  );

  it(
    'is computed here if it names an encoding that no other process knows',
    { timeout: minute },
    async () => {
      registerEncoding({
        ...ropeKind,
        kind: 'own_elsewhere',
        schema: z.strictObject({ kind: z.literal('own_elsewhere') }),
        create: () => createEncoding({ kind: 'rope' }),
      });
      const pool = new WorkerPool({ workers: 2, leastCost: 0, start: noProcess });
      const settings = { encodings: ['own_elsewhere'], steps: 8, seeds: [1], hiddenSizes: [16] };
      const report = await items.fig3.execute({
        preset: 'smoke',
        settings,
        pool,
        reporter: silentReporter,
        store: new RunStore(temporaryFolder()),
      });
      expect(report.rows.map(({ encoding }) => encoding)).toContain('own_elsewhere');
    },
  );

  it('is computed here if its models take no longer than the start of a process', async () => {
    const pool = new WorkerPool({ workers: 2, start: noProcess });
    const options = { preset: 'smoke', reporter: silentReporter, store: new RunStore(temporaryFolder()) };
    const { rows } = await items.fig3.execute({ ...options, settings: { seeds: [1] }, pool });
    expect(rows.length).toBeGreaterThan(0);
    expect(pool.isWorth([9e8])).toBe(false);
    expect(pool.isWorth([5e8, 5e8])).toBe(true);
  });

  it('throws what is wrong with settings', { timeout: minute }, async () => {
    const pool = new WorkerPool({ workers: 2 });
    onTestFinished(() => {
      pool.close();
    });
    const job = { item: 'fig3', settings: { steps: 0 }, piece: null, fresh: false, store: temporaryFolder() };
    const run = pool.run(job, { label: 'fig3', cost: 1, reporter: silentReporter });
    await expect(run).rejects.toBeInstanceOf(ConfigError);
    await expect(run).rejects.toThrow(/fig3 settings/);
  });

  it('is saved when the process that it works for is gone', { timeout: 2 * minute }, async () => {
    const store = temporaryFolder();
    const child = fork(projectPath('dist', 'lib', 'experiments', 'worker.js'));
    const settings = { ...fig3Presets.smoke.settings, steps: 100_000 };
    const job: Job = {
      item: 'fig3',
      settings,
      piece: { title: 'Training loss', index: 0 },
      fresh: false,
      store,
    };
    const ended = once(child, 'exit');
    child.on('message', (message: Message) => {
      if (message.kind === 'curve') child.disconnect();
    });
    child.send(job);
    await ended;
    const [training = ''] = readdirSync(store).filter((name) => name.startsWith('arithmetic-training-'));
    expect(existsSync(statePath(join(store, training)))).toBe(true);
  });
});
