// `bipe sweep`: a paper item whose models are trained on a cluster, or here.

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { bipe } from '../../base/command';
import { MachineError, UsageError } from '../../base/errors';
import { readTextFile } from '../../base/files';
import { formatBytes, formatCount, formatDuration } from '../../base/format';
import { displayPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { type Experiment, type Plan } from '../../experiments/run/definition';
import { type WorkerPool } from '../../experiments/run/pool';
import { type Sweep, type SweepFolder } from '../../experiments/sweep/folder';
import { type Profile } from '../../experiments/sweep/profile';
import { type JobStatus } from '../../experiments/sweep/status';
import { type Submitted } from '../../experiments/sweep/submit';
import { counted } from '../../experiments/settings/preset-words';
import { settingsFor } from '../shared/items';
import { examples, presetOption, wholeNumber, withSetOption } from '../shared/options';
import { alignColumns, printJson, printLines, printResult } from '../shared/output';
import { reproduceItem } from './reproduce';

interface Chosen {
  readonly preset: string;
  readonly set: readonly string[];
  readonly profile?: string;
  readonly json?: boolean;
}

interface SubmitOptions extends Chosen {
  readonly engine: 'local' | 'slurm';
  readonly dryRun?: boolean;
  readonly workers?: string;
}

interface CollectOptions {
  readonly out?: string;
  readonly resubmit?: boolean;
  readonly json?: boolean;
}

const sweepArgument = ['<sweep>', 'its name, or the beginning of it'] as const;
const profileOption = [
  '--profile <file>',
  'JSON: partition, gpus, cpus, memory, time, setup and more',
] as const;

/** Adds the subcommand. */
export function addSweepCommand(program: Command): void {
  const sweep = program
    .command('sweep')
    .description('train the models of a paper item on a Slurm cluster, or here, and collect them')
    .addHelpText('after', examples('sweep submit fig3 --profile cluster.json', 'sweep status fig3'));
  withSetOption(sweep.command('plan'))
    .description('the jobs of an item, and what they will take')
    .argument('<item>', 'such as fig3')
    .option(...presetOption)
    .option(...profileOption)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('sweep plan fig3 --preset paper'))
    .action(plan);
  withSetOption(sweep.command('submit'))
    .description(
      'submit the jobs of an item that are not done; the same command again submits what is missing',
    )
    .argument('<item>', 'such as fig3')
    .option(...presetOption)
    .addOption(new Option('--engine <name>', 'where').choices(['slurm', 'local']).default('slurm'))
    .option(...profileOption)
    .option('--dry-run', 'print what would be submitted, and do nothing')
    .option('--workers <n>', 'with --engine local: processes at once')
    .addHelpText(
      'after',
      examples('sweep submit fig3 --preset paper --profile cluster.json', 'sweep submit fig3 --engine local'),
    )
    .action(submit);
  sweep
    .command('status')
    .description('the jobs of a sweep; of all sweeps without a name')
    .argument('[sweep]', sweepArgument[1])
    .option('--watch', 'until all have ended')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('sweep status fig3 --watch'))
    .action(status);
  sweep
    .command('logs')
    .description('what a job has written; without a number, the job that collects')
    .argument(...sweepArgument)
    .argument('[job]', 'its number, as status shows it')
    .addHelpText('after', examples('sweep logs fig3 2'))
    .action(logs);
  sweep
    .command('cancel')
    .description('end all jobs of a sweep that run or wait; what was trained is kept')
    .argument(...sweepArgument)
    .addHelpText('after', examples('sweep cancel fig3'))
    .action(cancel);
  sweep
    .command('retry')
    .description('submit the jobs again that are neither done nor queued')
    .argument(...sweepArgument)
    .option(...profileOption)
    .addHelpText('after', examples('sweep retry fig3'))
    .action(retry);
  sweep
    .command('collect')
    .description('make the figures and tables of a sweep whose jobs are done')
    .argument(...sweepArgument)
    .option('--out <folder>', 'where they go; default figures/local/<preset>, which git ignores')
    .option('--resubmit', 'submit jobs again that failed, as often as the profile says')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('sweep collect fig3'))
    .action(collect);
  sweep
    .command('work', { hidden: true })
    .description('do a job; for the scripts that a sweep submits')
    .argument(...sweepArgument)
    .argument('<submission>')
    .argument('<task>')
    .action(work);
}

async function plan(item: string, options: Chosen): Promise<void> {
  const { experimentNamed } = await import('../../experiments/registry.js');
  const { estimate } = await import('../../experiments/sweep/estimate.js');
  const experiment = experimentNamed(item);
  const { gpus } = await profileOf(options.profile);
  const { jobs: all } = await planOf(experiment, options);
  // The item's usual run, if there was one: its data is here.
  const wasRun = (await experiment.latest(undefined, ['quick'])) !== undefined;
  const others = wasRun ? (await planOf(experiment, { preset: 'quick', set: [] })).jobs : [];
  const estimated = estimate(all, others);
  const { jobs, done, seconds, longest, measured, bytes, files } = estimated;
  const time =
    seconds === null || longest === null
      ? 'unknown before a training of the item was measured'
      : `${formatHours(seconds)} of jobs${gpus === 0 ? '' : `, ${formatHours(seconds * gpus)} of GPUs`}, the longest ${formatHours(longest)}; ` +
        `from ${counted(measured, 'training')} on the machines where they ran, by the number of multiplications`;
  printResult(options.json, { item, preset: options.preset, ...estimated, plan: all }, [
    ...alignColumns(all.map(({ name, isDone }, job) => [`  ${job}`, name, isDone ? 'done' : 'open'])),
    `${counted(jobs, 'job')}, ${formatCount(done)} done`,
    `time: ${time}`,
    `storage: ${formatBytes(bytes)} of checkpoints, ${formatCount(files)} files`,
  ]);
}

function formatHours(seconds: number): string {
  return seconds < 100 * 3600 ? formatDuration(seconds) : `${formatCount(seconds / 3600)} h`;
}

async function planOf(experiment: Experiment, chosen: Pick<Chosen, 'preset' | 'set'>): Promise<Plan> {
  const { RunStore } = await import('../../experiments/run/store.js');
  return experiment.plan({
    preset: chosen.preset,
    settings: settingsFor(experiment, chosen),
    reporter: terminalReporter(),
    store: new RunStore(),
  });
}

async function profileOf(path: string | undefined): Promise<Profile> {
  const { defaultProfile, readProfile } = await import('../../experiments/sweep/profile.js');
  return path === undefined ? defaultProfile : readProfile(path);
}

async function submit(item: string, options: SubmitOptions): Promise<void> {
  const { experimentNamed } = await import('../../experiments/registry.js');
  const { folderOfSweep } = await import('../../experiments/sweep/folder.js');
  const { engine, preset, set } = options;
  const workers =
    options.workers === undefined ? undefined : wholeNumber('--workers', options.workers, { example: 2 });
  const experiment = experimentNamed(item);
  const profile = await profileOf(options.profile);
  const planned = await planOf(experiment, options);
  const settings = { ...planned.settings };
  const sweep: Sweep = { item, preset, set, engine, settings, jobs: [] };
  const folder = folderOfSweep(sweep);
  if (options.dryRun === true) {
    const { dryRun } = await import('../../experiments/sweep/submit.js');
    printLines([
      `${folder.name}: ${counted(planned.jobs.length, 'job')}`,
      ...(engine === 'local' ? [] : dryRun(folder, planned, profile)),
    ]);
    return;
  }
  const kept = await folder.update(sweep, planned);
  if (engine === 'local') await runHere(folder, kept, workers);
  else await submitAndSay(folder, kept, profile);
}

/** Does the jobs of a sweep in processes of this machine, and draws. */
async function runHere(folder: SweepFolder, sweep: Sweep, workers: number | undefined): Promise<void> {
  const { experimentNamed } = await import('../../experiments/registry.js');
  const { WorkerPool } = await import('../../experiments/run/pool.js');
  const pool = new WorkerPool(workers === undefined ? {} : { workers });
  try {
    await draw(sweep, {}, pool);
  } finally {
    pool.close();
    await folder.update(sweep, await planOf(experimentNamed(sweep.item), sweep));
  }
}

/** Runs the item: what the jobs made is found. */
async function draw(sweep: Sweep, options: CollectOptions, pool?: WorkerPool): Promise<void> {
  const { experimentNamed } = await import('../../experiments/registry.js');
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { preset, set } = sweep;
  const drawer = figureDrawer();
  try {
    const { summary, failure } = await reproduceItem(
      experimentNamed(sweep.item),
      { preset, set, resume: true, ...options },
      { drawer, reporter: terminalReporter(), ...(pool && { pool }) },
    );
    if (options.json === true) printJson(summary);
    if (failure !== undefined) throw failure;
  } finally {
    await drawer.close();
  }
}

async function submitAndSay(
  folder: SweepFolder,
  sweep: Sweep,
  profile: Profile,
  attempts = Infinity,
): Promise<Submitted> {
  const { submitMissing } = await import('../../experiments/sweep/submit.js');
  const submitted = await submitMissing(folder, sweep, profile, attempts);
  const { arrays, queued } = submitted;
  const done = sweep.jobs.length - queued.length - arrays.flatMap(({ jobs }) => jobs).length;
  printLines([
    ...arrays.map(({ id, jobs }) => `${folder.name}: ${counted(jobs.length, 'job')} submitted as ${id}`),
    ...(queued.length === 0 ? [] : [`${folder.name}: ${counted(queued.length, 'job')} queued before`]),
    ...(done === sweep.jobs.length
      ? [`${folder.name}: all done; ${bipe(`sweep collect ${folder.name}`)}`]
      : []),
  ]);
  return submitted;
}

async function status(name: string | undefined, options: { watch?: boolean; json?: boolean }): Promise<void> {
  const { findSweep, sweepNames } = await import('../../experiments/sweep/folder.js');
  const { statusOf, summaryOf } = await import('../../experiments/sweep/status.js');
  const names = name === undefined ? await sweepNames() : [name];
  const folders = await Promise.all(names.map(findSweep));
  if (options.watch === true) for (const folder of folders) await watch(folder);
  const all = [];
  const lines: string[] = [];
  for (const folder of folders) {
    const sweep = await folder.read();
    const jobs = await statusOf(folder, sweep);
    all.push({ sweep: folder.name, engine: sweep.engine, folder: displayPath(folder.path), jobs });
    lines.push(`${folder.name}: ${summaryOf(jobs)}`);
    if (name !== undefined) lines.push(...(await linesOf(folder, jobs)));
  }
  printResult(options.json, all, lines);
}

/** Jobs that are listed at most; all are counted. */
const mostListed = 50;

/** What is said of jobs that are not done: those that failed first. */
async function linesOf(folder: SweepFolder, jobs: readonly JobStatus[]): Promise<string[]> {
  const { lastLine } = await import('../../experiments/sweep/status.js');
  const listed = (['failed', 'cancelled', 'running', 'waiting'] as const).flatMap((state) =>
    jobs.filter((job) => job.state === state),
  );
  const rows = listed.slice(0, mostListed).map(async ({ job, name, state, detail, task }) => {
    const begun = task !== undefined && state !== 'waiting';
    const said = begun ? await lastLine(folder.logOf(task.submission, task.task)) : '';
    return [`  ${job}`, state, name, [detail, said].filter((part) => part !== '').join(': ')];
  });
  const more = listed.length - mostListed;
  return [...alignColumns(await Promise.all(rows)), ...(more > 0 ? [`  and ${formatCount(more)} more`] : [])];
}

async function watch(folder: SweepFolder): Promise<void> {
  const { statusOf, summaryOf } = await import('../../experiments/sweep/status.js');
  const sweep = await folder.read();
  const task = terminalReporter().task(folder.name, sweep.jobs.length, 'jobs');
  for (;;) {
    const jobs = await statusOf(folder, sweep);
    const summary = summaryOf(jobs);
    task.update(jobs.filter(({ state }) => state === 'done').length, summary);
    if (!jobs.some(({ state }) => state === 'running' || state === 'waiting')) {
      task.finish(summary);
      return;
    }
    await sleep(3000);
  }
}

async function logs(name: string, job: string | undefined): Promise<void> {
  const { findSweep, tasksOf } = await import('../../experiments/sweep/folder.js');
  const folder = await findSweep(name);
  const { jobs } = await folder.read();
  const tasks = tasksOf(await folder.submissions(), jobs.length);
  const entry = job === undefined ? undefined : tasks[Number(job)];
  if (job !== undefined && entry === undefined)
    throw new UsageError(`${folder.name}: there is no job '${job}'; they are 0 to ${jobs.length - 1}`);
  const path =
    entry === undefined
      ? folder.collectLog
      : entry.task && folder.logOf(entry.task.submission, entry.task.task);
  if (path === undefined || !existsSync(path))
    throw new UsageError(
      `${folder.name}: ${job === undefined ? 'the job that collects' : `job ${job}`} has not begun`,
    );
  process.stdout.write(await readTextFile(path));
}

async function cancel(name: string): Promise<void> {
  const { findSweep } = await import('../../experiments/sweep/folder.js');
  const { cancelJobs } = await import('../../experiments/sweep/slurm.js');
  const folder = await findSweep(name);
  await folder.alone(async () => {
    await cancelJobs(folder.name);
    await folder.markCancelled();
  });
  const [{ jobs }, done] = await Promise.all([folder.read(), folder.done()]);
  const next =
    done.size === jobs.length
      ? `its jobs were done; ${bipe(`sweep collect ${folder.name}`)} draws them`
      : `what was trained is kept, and ${bipe(`sweep retry ${folder.name}`)} goes on`;
  printLines([`${folder.name}: cancelled; ${next}`]);
}

async function retry(name: string, options: { profile?: string }): Promise<void> {
  const { folder, sweep } = await refreshed(name);
  if (sweep.engine === 'local') await runHere(folder, sweep, undefined);
  else await submitAndSay(folder, sweep, await profileOf(options.profile ?? folder.profilePath));
}

/** A sweep with the jobs that there are now, and which of them are done, as the run store says. */
async function refreshed(name: string): Promise<{ folder: SweepFolder; sweep: Sweep; open: string[] }> {
  const { experimentNamed } = await import('../../experiments/registry.js');
  const { findSweep } = await import('../../experiments/sweep/folder.js');
  const folder = await findSweep(name);
  const sweep = await folder.read();
  const planned = await planOf(experimentNamed(sweep.item), sweep);
  const open = planned.jobs.filter(({ isDone }) => !isDone).map((job) => job.name);
  return { folder, sweep: await folder.update(sweep, planned), open };
}

async function collect(name: string, options: CollectOptions): Promise<void> {
  const { folder, sweep, open } = await refreshed(name);
  if (open.length === 0) {
    await draw(sweep, options);
    return;
  }
  if (options.resubmit === true) {
    const profile = await profileOf(folder.profilePath);
    const { arrays, queued } = await submitAndSay(folder, sweep, profile, 1 + profile.retries);
    // Those have their own job that collects.
    if (arrays.length > 0 || queued.length > 0) return;
  }
  const [first] = open;
  throw new MachineError(
    `${folder.name}: ${open.length} of ${counted(sweep.jobs.length, 'job')} not done, such as ${first ?? ''}; ${bipe(`sweep status ${folder.name}`)} says why, ${bipe(`sweep retry ${folder.name}`)} submits them again`,
  );
}

async function work(name: string, submission: string, task: string): Promise<void> {
  const { findSweep } = await import('../../experiments/sweep/folder.js');
  const { workOn } = await import('../../experiments/sweep/work.js');
  await workOn(await findSweep(name), Number(submission), Number(task), terminalReporter());
}
