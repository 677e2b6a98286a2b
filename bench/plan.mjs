// How long all items take, with different numbers of processes, and what the schedule of the
// measured jobs would be on more cores. Everything is computed anew, in a store of its own.
//
//   node bench/plan.mjs [--preset quick] [--workers 1,2] [--cores 1,2,4,8,16] [--items fig3,fig4]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildLibrary } from '../scripts/lib/build.mjs';
import { fail } from '../scripts/lib/console.mjs';
import { cacheFolder, root } from '../scripts/lib/paths.mjs';

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'quick' },
    workers: { type: 'string', default: '1,2' },
    cores: { type: 'string', default: '1,2,4,8,16' },
    items: { type: 'string', default: 'all' },
  },
});
const numbersOf = (text) => text.split(',').map(Number);

const built = buildLibrary();
if (!built.ok) fail(built.message);
const load = createRequire(join(root, 'dist', 'lib', 'index.js'));
const { experiments, experimentNamed } = load('./experiments/registry.js');
const { WorkerPool } = load('./experiments/run/pool.js');
const { RunStore } = load('./experiments/run/store.js');
const { terminalReporter } = load('./base/progress.js');
const chosen = values.items === 'all' ? experiments : values.items.split(',').map(experimentNamed);

/** Runs everything by so many processes; the seconds it took, and its jobs. */
async function measure(workers) {
  const folder = mkdtempSync(join(cacheFolder, 'plan-'));
  const jobs = [];
  const pool = new WorkerPool({ workers, leastCost: 0, onDone: (job) => jobs.push(job) });
  const begin = performance.now();
  const context = { preset: values.preset, reporter: terminalReporter(), store: new RunStore(folder), pool };
  try {
    await Promise.all(chosen.map((item) => item.execute(context)));
    return { seconds: (performance.now() - begin) / 1000, jobs };
  } finally {
    pool.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The seconds that the jobs take on so many cores, one thread each, the longest first of those that
 * can begin: a job waits for those of its item that were done when it was asked for.
 */
function schedule(jobs, cores) {
  const left = jobs.map((job) => ({
    length: (job.endedAt - job.startedAt) / 1000,
    after: jobs.filter((other) => other.item === job.item && other.endedAt <= job.askedAt),
    job,
  }));
  left.sort((a, b) => b.length - a.length);
  const ends = new Map();
  const free = Array.from({ length: cores }, () => 0);
  while (left.length > 0) {
    free.sort((a, b) => a - b);
    const readyAt = ({ after }) => Math.max(0, ...after.map((job) => ends.get(job) ?? Infinity));
    const now = Math.max(free[0], Math.min(...left.map(readyAt)));
    const [next] = left.splice(
      left.findIndex((one) => readyAt(one) <= now),
      1,
    );
    free[0] = now + next.length;
    ends.set(next.job, free[0]);
  }
  return Math.max(...free);
}

const minutes = (seconds) => `${(seconds / 60).toFixed(1)} min`;
let last = [];
const lines = [];
for (const workers of numbersOf(values.workers)) {
  const { seconds, jobs } = await measure(workers);
  lines.push(
    `${workers} processes on ${availableParallelism()} cores: ${minutes(seconds)}, ${jobs.length} jobs`,
  );
  last = jobs;
}
const one = schedule(last, 1);
for (const cores of numbersOf(values.cores)) {
  const seconds = schedule(last, cores);
  const share = ((100 * one) / (cores * seconds)).toFixed(0);
  lines.push(
    `schedule of these jobs on ${cores} cores: ${minutes(seconds)}, ${share} % of the cores at work`,
  );
}
const longest = [...last].sort((a, b) => b.endedAt - b.startedAt - (a.endedAt - a.startedAt)).slice(0, 5);
for (const { label, startedAt, endedAt } of longest)
  lines.push(`longest: ${label}, ${minutes((endedAt - startedAt) / 1000)}`);
console.log(lines.join('\n'));
