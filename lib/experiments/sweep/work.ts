// A job of a sweep, in a process of its own on some machine of a cluster. It may be stopped, killed
// or started twice at any moment: what was trained is kept, and what is done is not done again.

import { setTimeout as sleep } from 'node:timers/promises';
import { LockedError, MachineError, UsageError } from '../../base/errors';
import { heedSignal } from '../../base/interrupt';
import { type Reporter } from '../../base/progress';
import { experimentNamed } from '../registry';
import { RunStore } from '../run/store';
import { type Sweep, type SweepFolder, type SweepJob } from './folder';
import { requeueJob } from './slurm';

/** Milliseconds between two looks whether another process has ended that is at the same. */
const pause = 5000;

/** What stops the job: the time limit that comes near, or whoever ends it. */
interface Stop {
  readonly signal: AbortSignal;
  readonly isForTime: () => boolean;
}

/** Listens to signals: USR1 comes before the time limit, TERM from a preemption or a reader. */
function listen(): Stop {
  const stop = new AbortController();
  let isForTime = false;
  process.once('SIGUSR1', () => {
    isForTime = true;
    stop.abort();
  });
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      stop.abort();
    });
  heedSignal(stop.signal);
  return { signal: stop.signal, isForTime: () => isForTime };
}

/**
 * Does the job of a task. Before the time limit it is saved and queued again.
 *
 * @param number of the submission
 * @throws UsageError if there is no such task; MachineError if it was stopped; and what the job
 *   throws
 */
export async function workOn(
  folder: SweepFolder,
  number: number,
  task: number,
  reporter: Reporter,
): Promise<void> {
  const stop = listen();
  const sweep = await folder.read();
  const { jobs } = await folder.submission(number);
  const index = jobs[task];
  const job = index === undefined ? undefined : sweep.jobs[index];
  if (index === undefined || job === undefined)
    throw new UsageError(`${folder.name}: submission ${number} has no task ${task}`);
  if (folder.isDone(index)) {
    reporter.note(`${job.name}: done before`);
    return;
  }
  reporter.note(`${sweep.item}, ${job.name}`);
  try {
    await perform(sweep, job, reporter, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const own = process.env['SLURM_JOB_ID'];
    if (!stop.isForTime() || own === undefined)
      throw new MachineError(`${job.name}: stopped; what was trained is kept`, { cause: error });
    reporter.note(`${job.name}: the time limit is near; saved, and queued again`);
    await requeueJob(own);
    return;
  }
  await folder.markDone(index);
  reporter.note(`${job.name}: done`);
}

/** Computes a job. While another process is at the same, it waits, and finds the result then. */
async function perform(
  { item, settings }: Sweep,
  { piece, name }: SweepJob,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const options = {
    // Of the checkout whose command works: a sweep's folder may have been copied with it.
    store: new RunStore(),
    reporter,
    fresh: false,
    ...(piece && { piece: { ...piece, onCurve: () => undefined } }),
  };
  for (let told = false; ; told = true) {
    try {
      await experimentNamed(item).perform(settings, options);
      return;
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (!told) reporter.note(`${name}: waits (${error.message})`);
      await sleep(pause, undefined, { signal });
    }
  }
}
