// A sweep's folder, in which everything stands that is known of it: its jobs, what was submitted,
// which jobs are done, their logs. Results are in the run store.

import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { bipe } from '../../base/command';
import { DataError, systemCode, UsageError } from '../../base/errors';
import { makeFolder, readError, readTextFile, sha256, writeError, writeFileAtomic } from '../../base/files';
import { canonicalJson, toJson } from '../../base/json';
import { displayPath, workPath } from '../../base/paths';
import { present } from '../../base/present';
import { parseJsonWith } from '../../base/schema';
import { unknownName } from '../../base/suggest';
import { withLock } from '../../data/io/lock';
import { type Plan } from '../run/definition';

const jobSchema = z.object({
  /** null for the item as a whole. */
  piece: z.object({ title: z.string(), index: z.number() }).nullable(),
  name: z.string(),
  cost: z.number(),
});

/** A job of a sweep. */
export type SweepJob = z.infer<typeof jobSchema>;

const sweepSchema = z
  .object({
    item: z.string(),
    preset: z.string(),
    /** Fields of the preset that are replaced, as they were typed: `steps=100`. */
    set: z.array(z.string()).readonly(),
    engine: z.enum(['local', 'slurm']),
    /** Complete. */
    settings: z.record(z.string(), z.unknown()),
    jobs: z.array(jobSchema).readonly(),
  })
  .readonly();

/** The jobs of a sweep, and what they are of. */
export type Sweep = z.infer<typeof sweepSchema>;

const submissionSchema = z
  .object({
    /** Of Slurm; null if it was never told. */
    id: z.string().nullable(),
    /** The sweep's job of each task. */
    jobs: z.array(z.number()).readonly(),
    /** Its jobs were cancelled; Slurm forgets those that had not begun. */
    isCancelled: z.literal(true).optional(),
  })
  .readonly();

/** An array of jobs that was submitted to Slurm. */
export type Submission = z.infer<typeof submissionSchema>;

/** The folder of all sweeps. */
function sweepsFolder(): string {
  return workPath('runs', 'sweeps');
}

/** The folder of a sweep, whose name says what it is of; the same for the same settings. */
export function folderOfSweep({ item, preset, settings }: Sweep): SweepFolder {
  const name = `${item}-${preset}-${sha256(canonicalJson(settings)).slice(0, 8)}`;
  return new SweepFolder(join(sweepsFolder(), name));
}

/** The names of all sweeps that there are. */
export async function sweepNames(): Promise<string[]> {
  const names = await namesIn(sweepsFolder());
  return names.filter((name) => existsSync(join(sweepsFolder(), name, planName))).sort();
}

/**
 * The folder of the sweep that a name, or the beginning of one, says.
 *
 * @throws UsageError if there is no such one, or there are several
 */
export async function findSweep(name: string): Promise<SweepFolder> {
  const names = await sweepNames();
  const found = names.includes(name) ? [name] : names.filter((one) => one.startsWith(name));
  if (found.length > 1) throw new UsageError(`sweep '${name}': which of ${found.join(', ')}?`);
  if (names.length === 0)
    throw new UsageError(`there is no sweep; begin with ${bipe('sweep submit <item>')}`);
  const [one] = found;
  if (one === undefined) throw unknownName('sweep', name, names);
  return new SweepFolder(join(sweepsFolder(), one));
}

const planName = 'plan.json';
const profileName = 'profile.json';

/** A sweep on the disk. */
export class SweepFolder {
  constructor(readonly path: string) {}

  get name(): string {
    return basename(this.path);
  }

  get profilePath(): string {
    return join(this.path, profileName);
  }

  /** @throws DataError if it is gone, or damaged */
  async read(): Promise<Sweep> {
    return this.parse(sweepSchema, join(this.path, planName));
  }

  /** Runs work that decides what is submitted, alone. @throws LockedError if another does so now */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    return withLock(join(this.path, 'submit.lock'), `the sweep ${this.name}`, work);
  }

  /** Keeps the jobs of a plan, and which of them are done. */
  async update(sweep: Sweep, { jobs }: Plan): Promise<Sweep> {
    const updated = { ...sweep, jobs: jobs.map(({ piece, name, cost }) => ({ piece, name, cost })) };
    await writeFileAtomic(join(this.path, planName), `${toJson(updated)}\n`);
    const marked = await this.done();
    for (const [index, { isDone }] of jobs.entries()) {
      if (isDone && !marked.has(index)) await this.markDone(index);
      if (!isDone && marked.has(index)) await rm(this.markOf(index), { force: true });
    }
    return updated;
  }

  /** The jobs that are done. */
  async done(): Promise<ReadonlySet<number>> {
    return new Set((await namesIn(join(this.path, 'done'))).map(Number).filter(Number.isInteger));
  }

  isDone(job: number): boolean {
    return existsSync(this.markOf(job));
  }

  /** @throws MachineError if the folder cannot be written */
  async markDone(job: number): Promise<void> {
    const path = this.markOf(job);
    try {
      await makeFolder(dirname(path));
      // Not flushed: a mark that is lost is made again from the run store.
      await writeFile(path, '');
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** The arrays that were submitted, in order. */
  async submissions(): Promise<Submission[]> {
    const names = await namesIn(join(this.path, 'submissions'));
    const numbers = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
    return Promise.all(numbers.sort((a, b) => a - b).map((number) => this.submission(number)));
  }

  /** @throws DataError if there is no such one */
  async submission(number: number): Promise<Submission> {
    return this.parse(submissionSchema, this.submissionPath(number));
  }

  async writeSubmission(number: number, submission: Submission): Promise<void> {
    await writeFileAtomic(this.submissionPath(number), `${toJson(submission)}\n`);
  }

  /** Notes that all jobs that were submitted are cancelled. */
  async markCancelled(): Promise<void> {
    for (const [number, submission] of (await this.submissions()).entries())
      await this.writeSubmission(number, { ...submission, isCancelled: true });
  }

  async forgetSubmission(number: number): Promise<void> {
    await rm(this.submissionPath(number), { force: true });
  }

  /** The log of the jobs that collect. */
  get collectLog(): string {
    return join(this.path, 'logs', 'collect.log');
  }

  /** The log of a task of a submission. */
  logOf(submission: number, task: number): string {
    return join(this.path, 'logs', `${submission}-${task}.log`);
  }

  private submissionPath(number: number): string {
    return join(this.path, 'submissions', `${number}.json`);
  }

  private markOf(job: number): string {
    return join(this.path, 'done', String(job));
  }

  private async parse<T>(schema: z.ZodType<T>, path: string): Promise<T> {
    if (!existsSync(this.path))
      throw new DataError(
        `${displayPath(this.path)}: this sweep is gone; results are kept in the run store, and ${bipe('sweep submit')} makes it anew`,
      );
    const text = await readTextFile(path);
    return parseJsonWith(
      schema,
      text,
      (why, cause) =>
        new DataError(`${displayPath(path)}: damaged (${why}); submit the sweep again`, { cause }),
    );
  }
}

/** The task of a job's latest submission; undefined if it was never submitted. */
export interface Task {
  readonly submission: number;
  readonly task: number;
  /** Slurm's name of it; null if that was never told. */
  readonly id: string | null;
  readonly isCancelled: boolean;
}

/** The latest task of each job, and how often each was submitted. */
export function tasksOf(
  submissions: readonly Submission[],
  jobs: number,
): { readonly task: Task | undefined; readonly attempts: number }[] {
  const tasks = Array.from({ length: jobs }, () => ({ task: undefined as Task | undefined, attempts: 0 }));
  for (const [submission, { id, jobs: asked, isCancelled = false }] of submissions.entries())
    for (const [task, job] of asked.entries()) {
      const entry = present(tasks[job], 'job of the submission');
      entry.task = { submission, task, id: id === null ? null : `${id}_${task}`, isCancelled };
      entry.attempts += 1;
    }
  return tasks;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(folder, error);
  }
}
