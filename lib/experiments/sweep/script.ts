// Scripts that Slurm runs, and how they are submitted. A script is small: it makes the environment
// ready and becomes the `bipe` command, so that signals reach that.

import { quoted } from '../../base/command';
import { collecting, type Profile } from './profile';

/** Where a sweep runs. */
export interface Site {
  /** The folder in which the command runs. */
  readonly from: string;
  /** The file of the `bipe` command. */
  readonly bipe: string;
  /** The sweep's folder. */
  readonly folder: string;
  /** The sweep's name. */
  readonly name: string;
}

/** Name and text of the script of the jobs. */
export const jobsScript = 'jobs.sh';
/** Name of the script of the job that collects. */
export const collectScript = 'collect.sh';

/** Runs a job: `jobs.sh <submission>`, whose task is in the environment. */
export function textOfJobsScript(site: Site, profile: Profile): string {
  return textOf(
    site,
    profile,
    [
      // Before the time limit; to the command itself.
      `--signal=B:USR1@${profile.signal}`,
    ],
    `work ${quoted(site.name)} "$1" "$SLURM_ARRAY_TASK_ID"`,
  );
}

/** Collects what the jobs made. */
export function textOfCollectScript(site: Site, profile: Profile): string {
  return textOf(site, collecting(profile), [], `collect ${quoted(site.name)} --resubmit`);
}

function textOf(
  { from, bipe, name }: Site,
  profile: Profile,
  more: readonly string[],
  command: string,
): string {
  const { partition, account, qos, gpus, cpus, memory, time, options, setup } = profile;
  const asked = [
    `--job-name=${name}`,
    ...(partition === null ? [] : [`--partition=${partition}`]),
    ...(account === null ? [] : [`--account=${account}`]),
    ...(qos === null ? [] : [`--qos=${qos}`]),
    ...(gpus === 0 ? [] : [`--gres=gpu:${gpus}`]),
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    `--mem=${memory}`,
    `--time=${time}`,
    '--requeue',
    '--open-mode=append',
    ...more,
    ...options,
  ];
  return [
    '#!/bin/bash',
    ...asked.map((option) => `#SBATCH ${option}`),
    'set -e',
    `cd ${quoted(from)}`,
    ...setup,
    'export TF_NUM_INTRAOP_THREADS="${SLURM_CPUS_PER_TASK:-1}"',
    `exec node ${quoted(bipe)} sweep ${command}`,
    '',
  ].join('\n');
}

/** What is submitted together. */
export interface ArrayToSubmit {
  /** Number of the submission, by which its jobs know what they are to do. */
  readonly number: number;
  readonly jobs: number;
  /** The array after which this one begins, so that no more than `throttle` jobs run. */
  readonly after: string | undefined;
}

/** Arguments of sbatch for an array of jobs. */
export function arrayArguments(
  { folder }: Site,
  profile: Profile,
  { number, jobs, after }: ArrayToSubmit,
): string[] {
  const { throttle } = profile;
  return [
    '--parsable',
    `--array=0-${jobs - 1}${throttle === null ? '' : `%${throttle}`}`,
    ...(after === undefined ? [] : [`--dependency=afterany:${after}`]),
    `--output=${folder}/logs/${number}-%a.log`,
    `${folder}/${jobsScript}`,
    String(number),
  ];
}

/** Arguments of sbatch for the job that collects once these arrays have ended, well or not. */
export function collectArguments({ folder }: Site, arrays: readonly string[]): string[] {
  return [
    '--parsable',
    `--dependency=afterany:${arrays.join(':')}`,
    `--output=${folder}/logs/collect.log`,
    `${folder}/${collectScript}`,
  ];
}
