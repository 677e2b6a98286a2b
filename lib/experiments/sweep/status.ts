// How the jobs of a sweep are doing: what is done stands in its folder, what runs or waits is
// Slurm's to say.

import { open } from 'node:fs/promises';
import { type Sweep, type SweepFolder, type Task, tasksOf } from './folder';
import { accounts, isQueued, isRunning, queue, type QueuedJob } from './slurm';

/** The state of a job: `open` was not submitted. */
export type JobState = 'done' | 'running' | 'waiting' | 'failed' | 'cancelled' | 'open';

/** A job and its state. */
export interface JobStatus {
  /** Its number in the sweep. */
  readonly job: number;
  readonly name: string;
  readonly state: JobState;
  /** Where it runs, what it waits for, or how it ended. */
  readonly detail: string;
  readonly task: Task | undefined;
}

/**
 * The jobs of a sweep with their states.
 *
 * @throws MachineError if jobs were submitted, and Slurm's commands are not here
 */
export async function statusOf(folder: SweepFolder, { jobs }: Sweep): Promise<JobStatus[]> {
  const submissions = await folder.submissions();
  const queued = submissions.length === 0 ? new Map<string, QueuedJob>() : await queue();
  // After the queue: a job that has left it since is done.
  const done = await folder.done();
  const tasks = tasksOf(submissions, jobs.length).map(({ task }) => task);
  const gone = tasks.flatMap((task, job) => {
    const id = task?.id;
    return id === undefined || id === null || done.has(job) || queued.has(id) ? [] : [id];
  });
  const ended = await accounts(gone);
  return jobs.map(({ name }, job) => {
    const task = tasks[job];
    const as = (state: JobState, detail = ''): JobStatus => ({ job, name, state, detail, task });
    if (done.has(job)) return as('done');
    if (task === undefined) return as('open');
    const known = queued.get(task.id ?? '');
    if (known !== undefined && isRunning(known.state)) return as('running', known.detail);
    if (known !== undefined && isQueued(known.state)) return as('waiting', known.detail);
    const unknown = task.isCancelled ? 'CANCELLED' : 'COMPLETED';
    const end = known?.state ?? ended.get(task.id ?? '') ?? unknown;
    if (end.startsWith('CANCELLED')) return as('cancelled');
    return as('failed', end === 'COMPLETED' ? 'ended without a result' : end.toLowerCase());
  });
}

/** `8 jobs: 5 done, 2 running, 1 failed`. */
export function summaryOf(jobs: readonly Pick<JobStatus, 'state'>[]): string {
  const states: readonly JobState[] = ['done', 'running', 'waiting', 'failed', 'cancelled', 'open'];
  const counts = states.map((state) => [state, jobs.filter((job) => job.state === state).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  return `${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}: ${parts.join(', ')}`;
}

/** The last line of a log that says something; empty without one. */
export async function lastLine(path: string): Promise<string> {
  const most = 4096;
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, Math.max(0, size - most));
      const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
      return (
        lines
          .map((line) => line.trim())
          .filter((line) => line !== '')
          .at(-1) ?? ''
      );
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
