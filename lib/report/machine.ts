// The machine that computes, and the state of the sources that it computes with.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';

/** Folders of results in the repository: what is in them decides nothing. */
const writtenFolders = ['figures', 'bench/results'];

/** The machine a result was computed on; nothing that names its owner. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpu: string | null;
  readonly os: string;
  readonly node: string;
}

/**
 * The commit of the repository at `folder`, and whether its files differ from it. What the
 * workbench itself writes, `figures/` and `bench/results/`, does not count. A repository around
 * `folder` that is not its own does not either.
 */
export function sourceState(folder: string): { commit: string | null; dirty: boolean } {
  const git = (...parameters: string[]): string | undefined => {
    const run = spawnSync('git', ['--no-optional-locks', ...parameters], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return run.status === 0 ? run.stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--show-prefix') === '' ? git('rev-parse', 'HEAD') : undefined;
  if (commit === undefined) return { commit: null, dirty: false };
  const sources = ['.', ...writtenFolders.map((name) => `:(exclude)${name}`)];
  return { commit, dirty: git('status', '--porcelain', '--', ...sources) !== '' };
}

const sourcesVariable = 'BIPE_SOURCES';

/**
 * Keeps the state of the sources as they are now, for this process and those that it starts: it has
 * loaded their code, and a commit that is made while it computes is of other code.
 */
export function rememberSources(folder: string): void {
  process.env[sourcesVariable] = JSON.stringify(sourceState(folder));
}

/** The state of the sources that were remembered; without any, as they are now. */
export function rememberedSources(folder: string): ReturnType<typeof sourceState> {
  const remembered = process.env[sourcesVariable];
  return remembered === undefined
    ? sourceState(folder)
    : (JSON.parse(remembered) as ReturnType<typeof sourceState>);
}

/** This machine; what cannot be found out is null. */
export function describeMachine(gpu: string | null | undefined): Machine {
  const processors = cpus();
  const model = processors[0]?.model
    .replace(/\s+/g, ' ')
    .replace(/\((R|TM)\)/gi, '')
    .trim();
  return {
    cpu: model === undefined || model === '' || model === 'unknown' ? `${arch()} processor` : model,
    cores: Math.max(1, processors.length),
    memoryBytes: totalmem(),
    gpu: gpu === undefined ? nvidiaGpu() : gpu,
    os: `${platform()} ${arch()}`,
    node: process.version,
  };
}

/** The first GPU's name as Linux's NVIDIA driver tells it, without starting a program. */
export function nvidiaGpu(folder = '/proc/driver/nvidia/gpus'): string | null {
  try {
    const [first] = readdirSync(folder);
    if (first === undefined) return null;
    const information = readFileSync(`${folder}/${first}/information`, 'utf8');
    return /^Model:\s*(.+?)\s*$/m.exec(information)?.[1] ?? null;
  } catch {
    return null;
  }
}
