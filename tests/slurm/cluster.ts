// A real Slurm of two nodes on this machine, and a copy of the project that works on it.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../../lib/base/paths';
import { type CommandResult, runScript } from '../support/command';

const packages = ['slurmctld', 'slurmd', 'slurm-client', 'munge'];
const programs = ['slurmctld', 'slurmd', 'sbatch', 'squeue', 'munged', 'mungekey'];
const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Why there can be no Slurm here; undefined if there can. Root installs what is missing. */
export function obstacle(): string | undefined {
  const missing = (): string[] => programs.filter((name) => run('which', [name]).exitCode !== 0);
  if (missing().length === 0) return undefined;
  if (process.getuid?.() !== 0)
    return `${missing().join(', ')} not installed: apt-get install ${packages.join(' ')}`;
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  const { stderr } = run('apt-get', install, { DEBIAN_FRONTEND: 'noninteractive' });
  return missing().length === 0
    ? undefined
    : `${missing().join(', ')} could not be installed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: path, ...env },
  });
  if (error !== undefined) return { exitCode: 1, stdout: '', stderr: error.message };
  return { exitCode: status, stdout, stderr };
}

/** A cluster under way. */
export class Cluster {
  /** Of everything: munge wants a short path through folders that anybody may pass. */
  readonly folder = mkdtempSync('/tmp/bipe-slurm-');
  /** The project whose sweeps run on it, with runs and figures of its own. */
  readonly project = join(this.folder, 'project');
  readonly env = {
    PATH: path,
    SLURM_CONF: join(this.folder, 'slurm', 'slurm.conf'),
    BIPE_CHROMIUM: 'none',
  };

  /** @throws Error with what up.sh says */
  up(): void {
    chmodSync(this.folder, 0o711);
    copyProject(this.project);
    const port = 20_000 + 3 * (process.pid % 10_000);
    const { exitCode, stderr } = run(projectPath('tests', 'slurm', 'up.sh'), [
      join(this.folder, 'slurm'),
      String(port),
    ]);
    if (exitCode !== 0) throw new Error(stderr);
  }

  down(): void {
    run(projectPath('tests', 'slurm', 'down.sh'), [join(this.folder, 'slurm')]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs one of Slurm's commands. */
  slurm(command: string, ...args: string[]): string {
    const { exitCode, stdout, stderr } = run(command, args, this.env);
    if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  bipe(args: readonly string[], env: NodeJS.ProcessEnv = {}): CommandResult {
    return runScript('bipe.mjs', args, { root: this.project, env: { ...process.env, ...this.env, ...env } });
  }

  /** The process of a task of a sweep. @throws Error if it does not run */
  processOf(sweep: string, submission: number, task: number): number {
    const command = join(this.project, 'scripts', 'bipe.mjs');
    const wanted = [command, 'sweep', 'work', sweep, String(submission), String(task)].join('\0');
    const pid = readdirSync('/proc').find((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(wanted);
      } catch {
        return false;
      }
    });
    if (pid === undefined) throw new Error(`task ${task} does not run`);
    return Number(pid);
  }
}

/** A copy with the compiled library; packages and the engine are the project's. */
function copyProject(root: string): void {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (const name of readdirSync(projectPath())) {
    if (/^(?:\.|node_modules$|runs$|figures$|notebooks$|docs$|tests$|work$|work-test-|shared$)/.test(name))
      continue;
    cpSync(projectPath(name), join(root, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: (from) => !/datasets\/(?:cache|prepared)/.test(from),
    });
  }
  for (const name of ['node_modules', '.venv', '.cache/native'])
    symlinkSync(projectPath(name), join(root, name));
}
