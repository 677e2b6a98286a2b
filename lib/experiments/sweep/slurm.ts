// Slurm's commands, and what they print.

import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { MachineError, messageOf, systemCode } from '../../base/errors';

const execute = promisify(execFile);

/**
 * Runs one of Slurm's commands.
 *
 * @returns what it printed
 * @throws MachineError if it is not on this machine, or refuses
 */
async function slurm(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { maxBuffer: 2 ** 28 });
    return stdout;
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new MachineError(
        `${command}: not found; go to a machine of the cluster that has Slurm's commands, or take --engine local`,
      );
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    const why = said.trim().split('\n').at(-1) ?? '';
    throw new MachineError(`${command}: ${why === '' ? messageOf(error).trim() : why}`, { cause: error });
  }
}

/** Submits a job. Returns its id. */
export async function submitJob(args: readonly string[]): Promise<string> {
  const printed = await slurm('sbatch', args);
  // Of several clusters, the name of one follows.
  const [, id] = /^(\d+)(?:;.*)?$/m.exec(printed) ?? [];
  if (id === undefined) throw new MachineError(`sbatch: printed '${printed.trim()}', and no id of a job`);
  return id;
}

/** Ends this user's jobs of a name that run or wait. */
export async function cancelJobs(name: string): Promise<void> {
  await slurm('scancel', [`--user=${userInfo().username}`, `--name=${name}`]);
}

/** Queues this very job again, which ends it. */
export async function requeueJob(id: string): Promise<void> {
  await slurm('scontrol', ['requeue', id]);
}

/** A job, or a task of an array, as Slurm knows it. */
export interface QueuedJob {
  /** `RUNNING`, `PENDING`, `NODE_FAIL`, ... */
  readonly state: string;
  /** Why it waits, or where it runs. */
  readonly detail: string;
}

/** This user's jobs that Slurm remembers, by `<array>_<task>`, or by id where there is no array. */
export async function queue(): Promise<ReadonlyMap<string, QueuedJob>> {
  const { username } = userInfo();
  const format = '--format=%F|%K|%T|%R';
  return parseQueue(
    await slurm('squeue', ['--noheader', '--array', '--states=all', `--user=${username}`, format]),
  );
}

/** Reads what squeue prints for `queue`. */
export function parseQueue(printed: string): Map<string, QueuedJob> {
  const rows = printed.split('\n').flatMap((line) => {
    const [array = '', task = '', state, ...detail] = line.trim().split('|');
    if (state === undefined) return [];
    const id = /^\d+$/.test(task) ? `${array}_${task}` : array;
    return [[id, { state, detail: detail.join('|').replace(/^\((.*)\)$/, '$1') }] as const];
  });
  return new Map(rows);
}

/** States of jobs that have ended long ago, as far as the cluster keeps accounts. */
export async function accounts(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const arrays = [...new Set(ids.map((id) => id.replace(/_.*/, '')))];
  if (arrays.length === 0) return new Map();
  const args = [
    '--noheader',
    '--allocations',
    '--parsable2',
    `--jobs=${arrays.join(',')}`,
    '--format=JobID,State',
  ];
  // A cluster without accounts has no answer.
  return parseAccounts(await slurm('sacct', args).catch(() => ''));
}

/** Reads what sacct prints for `accounts`. */
export function parseAccounts(printed: string): Map<string, string> {
  return new Map(
    printed.split('\n').flatMap((line) => {
      const [, id, state] = /^(\d+(?:_\d+)?)\|(\w+)/.exec(line) ?? [];
      return id === undefined || state === undefined ? [] : [[id, state] as const];
    }),
  );
}

/** True if a job in this state will run, or runs. */
export function isQueued(state: string): boolean {
  return (
    isRunning(state) ||
    ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT', 'SUSPENDED', 'STOPPED'].includes(
      state,
    )
  );
}

/** True if a job in this state runs. */
export function isRunning(state: string): boolean {
  return ['RUNNING', 'CONFIGURING', 'COMPLETING', 'RESIZING', 'SIGNALING', 'STAGE_OUT'].includes(state);
}
