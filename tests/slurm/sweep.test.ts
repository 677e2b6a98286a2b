// A sweep on a real Slurm that is disturbed in every way, and makes the same bits as one here that
// is not.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, obstacle } from './cluster';

const minute = 60_000;
const why = obstacle();
if (why !== undefined) process.stderr.write(`no test on Slurm: ${why}\n`);

const settings = ['steps=800', 'seeds=1,2'].flatMap((field) => ['--set', field]);
const item = ['fig3', '--preset', 'smoke', ...settings];

/** Results of all runs of a store without what a clock or a machine decides. */
function resultsOf(runs: string): Record<string, unknown> {
  const finished = readdirSync(runs).filter((name) => existsSync(join(runs, name, 'result.json')));
  return Object.fromEntries(
    finished.sort().map((name) => {
      const text = readFileSync(join(runs, name, 'result.json'), 'utf8');
      const { result } = JSON.parse(text) as { result: unknown };
      const timeless = JSON.stringify(result, (key, value: unknown) =>
        ['seconds', 'tokensPerSecond'].includes(key) ? undefined : value,
      );
      return [name, timeless];
    }),
  );
}

describe.skipIf(why !== undefined)('a sweep on Slurm', () => {
  const cluster = new Cluster();
  const runs = join(cluster.project, 'runs');
  const sweeps = join(runs, 'sweeps');
  const figures = join(cluster.project, 'figures', 'local', 'smoke');
  const profile = join(cluster.folder, 'profile.json');

  beforeAll(() => {
    writeFileSync(profile, JSON.stringify({ partition: 'debug', memory: '1000M', time: '00:10:00' }));
    cluster.up();
  }, minute);
  afterAll(() => {
    cluster.down();
  });

  it('is the same bits as one here, whatever happens to its jobs', { timeout: 8 * minute }, async () => {
    const submitted = cluster.bipe(['sweep', 'submit', ...item, '--profile', profile]);
    expect(submitted.exitCode, submitted.stderr).toBe(0);
    const [, name = '', id = ''] = /^(\S+): 4 jobs submitted as (\d+)$/m.exec(submitted.stdout) ?? [];
    const logOf = (task: number): string => join(sweeps, name, 'logs', `0-${task}.log`);
    const isTraining = async (task: number): Promise<void> => {
      const says = () => existsSync(logOf(task)) && readFileSync(logOf(task), 'utf8').includes('20%');
      await expect.poll(says, { timeout: 2 * minute, interval: 50 }).toBe(true);
    };

    // One is queued again, one is told that its time ends, one is killed, and a node fails.
    await isTraining(0);
    cluster.slurm('scontrol', 'requeue', `${id}_0`);
    await isTraining(1);
    cluster.slurm('scancel', '--signal=USR1', '--batch', `${id}_1`);
    await isTraining(2);
    process.kill(cluster.processOf(name, 0, 2), 'SIGKILL');
    const stateOf = (task: number): string =>
      cluster.slurm('squeue', '--noheader', '--states=all', `--jobs=${id}_${task}`, '--format=%T').trim();
    await expect.poll(() => stateOf(2), { timeout: minute }).toBe('FAILED');
    await isTraining(3);
    const node = cluster.slurm('squeue', '--noheader', `--jobs=${id}_3`, '--format=%N').trim();
    cluster.slurm('scontrol', 'update', `nodename=${node}`, 'state=down', 'reason=test');

    // The killed one is submitted again by the job that collects; its own successor draws.
    const drawn = join(figures, 'fig3-rows.csv');
    await expect.poll(() => existsSync(drawn), { timeout: 3 * minute, interval: 200 }).toBe(true);
    for (const task of [0, 1, 3]) expect(readFileSync(logOf(task), 'utf8')).toMatch(/\n.*: done\n$/);
    expect(readFileSync(logOf(1), 'utf8')).toContain('the time limit is near; saved, and queued again');
    expect(readdirSync(join(sweeps, name, 'submissions')).sort()).toEqual(['0.json', '1.json']);
    const { stdout: status } = cluster.bipe(['sweep', 'status', name]);
    expect(status).toBe(`${name}: 4 jobs: 4 done\n`);
    const there = { results: resultsOf(runs), rows: readFileSync(drawn, 'utf8') };

    cluster.slurm('mv', runs, join(cluster.folder, 'runs'));
    const here = cluster.bipe(['sweep', 'submit', ...item, '--engine', 'local']);
    expect(here.exitCode, here.stderr).toBe(0);
    expect({ results: resultsOf(runs), rows: readFileSync(drawn, 'utf8') }).toEqual(there);
    expect(Object.keys(there.results)).toHaveLength(5);
  });
});
