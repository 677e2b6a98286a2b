// Submitting what is missing of a sweep: the first time, and again after something has failed.

import { join } from 'node:path';
import { bipe } from '../../base/command';
import { MachineError, messageOf } from '../../base/errors';
import { formatCount } from '../../base/format';
import { makeFolder, writeError, writeFilesAtomic } from '../../base/files';
import { toJson } from '../../base/json';
import { isInstalled, projectPath, projectRoot } from '../../base/paths';
import { type Plan } from '../run/definition';
import { type Sweep, type SweepFolder, tasksOf } from './folder';
import { type Profile } from './profile';
import {
  arrayArguments,
  collectArguments,
  collectScript,
  jobsScript,
  type Site,
  textOfCollectScript,
  textOfJobsScript,
} from './script';
import { isQueued, queue, type QueuedJob, submitJob } from './slurm';

/** Arrays of jobs that were submitted. */
export interface Submitted {
  readonly arrays: readonly { readonly id: string; readonly jobs: readonly number[] }[];
  /** Jobs that are neither done nor queued, and had all their attempts. */
  readonly givenUp: readonly number[];
  /** Jobs that run or wait already. */
  readonly queued: readonly number[];
}

/** Where the jobs of a sweep run. */
export function siteOf({ path, name }: SweepFolder): Site {
  return {
    from: isInstalled ? process.cwd() : projectRoot,
    bipe: projectPath('scripts', 'bipe.mjs'),
    folder: path,
    name,
  };
}

/** Jobs in arrays of at most this length. */
export function arraysOf(jobs: readonly number[], most: number): number[][] {
  const count = Math.ceil(jobs.length / most);
  return Array.from({ length: count }, (_, index) => jobs.slice(index * most, (index + 1) * most));
}

/**
 * Submits the jobs that are neither done nor queued, longest first, and a job that collects once
 * they have ended. Nothing is submitted twice, whoever else does the same at the same time.
 *
 * @param attempts a job that was submitted so often is given up
 * @throws MachineError if Slurm is not here or refuses, or the disk is full; what was submitted
 *   before stays
 */
export async function submitMissing(
  folder: SweepFolder,
  { jobs }: Sweep,
  profile: Profile,
  attempts = Infinity,
): Promise<Submitted> {
  return folder.alone(async () => {
    const earlier = await folder.submissions();
    const waiting = earlier.length === 0 ? new Map<string, QueuedJob>() : await queue();
    const done = await folder.done();
    const tasks = tasksOf(earlier, jobs.length).map((entry, index) => ({ ...entry, index }));
    const missing = tasks.filter(({ index }) => !done.has(index));
    const isWaiting = ({ task }: (typeof tasks)[number]): boolean => {
      const known = waiting.get(task?.id ?? '');
      return known !== undefined && isQueued(known.state);
    };
    const queued = missing.filter(isWaiting);
    const ended = missing.filter((entry) => !isWaiting(entry));
    const wanted = ended.filter((entry) => entry.attempts < attempts).map(({ index }) => index);
    const urgency = (index: number): number => jobs[index]?.cost ?? 0;
    const arrays = await submit(
      folder,
      profile,
      arraysOf(
        wanted.sort((a, b) => urgency(b) - urgency(a) || a - b),
        profile.arraySize,
      ),
      earlier.length,
    );
    return {
      arrays,
      queued: queued.map(({ index }) => index),
      givenUp: ended.filter((entry) => entry.attempts >= attempts).map(({ index }) => index),
    };
  });
}

async function submit(
  folder: SweepFolder,
  profile: Profile,
  wanted: readonly (readonly number[])[],
  first: number,
): Promise<Submitted['arrays']> {
  if (wanted.length === 0) return [];
  const site = siteOf(folder);
  await writeFilesAtomic([
    [folder.profilePath, `${toJson(profile, 2)}\n`],
    [join(folder.path, jobsScript), textOfJobsScript(site, profile)],
    [join(folder.path, collectScript), textOfCollectScript(site, profile)],
  ]);
  // Slurm makes no folder for a log.
  const logs = join(folder.path, 'logs');
  await makeFolder(logs).catch((error: unknown) => {
    throw writeError(logs, error);
  });
  const arrays: { readonly id: string; readonly jobs: readonly number[] }[] = [];
  for (const [place, jobs] of wanted.entries()) {
    const number = first + place;
    // Before it is submitted: its tasks look there for what they are to do.
    await folder.writeSubmission(number, { id: null, jobs });
    const after = arrays.at(-1)?.id;
    const args = arrayArguments(site, profile, { number, jobs: jobs.length, after });
    try {
      const id = await submitJob(args);
      arrays.push({ id, jobs });
      await folder.writeSubmission(number, { id, jobs });
    } catch (error) {
      if (arrays.length === place) await folder.forgetSubmission(number);
      if (place === 0) throw error;
      const left = wanted.slice(place).reduce((sum, { length }) => sum + length, 0);
      throw new MachineError(
        `${messageOf(error)}; ${formatCount(left)} jobs are not submitted, the others are: submit the rest with ${bipe(`sweep retry ${folder.name}`)} once some are done, as where Slurm holds no more jobs at once (MaxJobCount)`,
        { cause: error },
      );
    }
  }
  await submitJob(
    collectArguments(
      site,
      arrays.map(({ id }) => id),
    ),
  );
  return arrays;
}

/** Lines that say what would be submitted of a plan. */
export function dryRun(folder: SweepFolder, { jobs }: Plan, profile: Profile): string[] {
  const site = siteOf(folder);
  const open = jobs.flatMap(({ isDone }, job) => (isDone ? [] : [job]));
  const arrays = arraysOf(open, profile.arraySize);
  if (arrays.length === 0) return ['all done'];
  const ids = arrays.map((_, number) => `<id of array ${number}>`);
  return [
    ...arrays.map((array, number) => {
      const submission = { number, jobs: array.length, after: ids[number - 1] };
      return ['sbatch', ...arrayArguments(site, profile, submission)].join(' ');
    }),
    ['sbatch', ...collectArguments(site, ids)].join(' '),
    '',
    ...textOfJobsScript(site, profile).split('\n'),
    ...textOfCollectScript(site, profile).split('\n'),
  ];
}
