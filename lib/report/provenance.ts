// Where a number comes from: preset, seeds, data, code, machine. Every exported figure and table carries it.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { projectRoot } from '../base/paths';
import { libraryVersion } from '../base/version';

/** Folders of results in the repository: what is in them decides nothing. */
const writtenFolders = ['figures', 'bench/results'];

/** A text or file that was read, pinned. */
export interface DataSource {
  readonly name: string;
  readonly version: string;
  /** SHA-256 as lower-case hex. */
  readonly checksum: string;
}

/** The machine a result was computed on; nothing that names its owner. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpu: string | null;
  readonly os: string;
  readonly node: string;
}

/** All that is needed to get the same numbers again, and to judge them. */
export interface Provenance {
  /** The paper item, e.g. `fig1`. */
  readonly item: string;
  readonly preset: string;
  readonly seeds: readonly number[];
  /** Optimizer steps; null where nothing is trained. */
  readonly steps: number | null;
  readonly data: readonly DataSource[];
  /** Commit of the repository; null where there is no git or no repository. */
  readonly commit: string | null;
  /** Whether the sources differ from that commit. */
  readonly dirty: boolean;
  readonly libraryVersion: string;
  readonly machine: Machine;
  /** The tensor backend; null where no tensor was needed. */
  readonly engine: string | null;
  /** Whether its steps ran as captured graphs, not operation by operation; null where no tensor was needed. */
  readonly captured: boolean | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** A sentence: at which scale this was measured, and how that differs from the paper's. */
  readonly scale: string;
  readonly durationSeconds: number;
}

/** What only the experiment knows; the rest is looked up. */
export interface ProvenanceInput {
  readonly item: string;
  readonly preset: string;
  readonly scale: string;
  /** When the work began, `Date.now()`. */
  readonly startedAt: number;
  readonly seeds?: readonly number[];
  readonly steps?: number | null;
  readonly data?: readonly DataSource[];
  readonly engine?: string | null;
  readonly captured?: boolean | null;
  /** The GPU that computed; left out, the NVIDIA driver is asked. */
  readonly gpu?: string | null;
}

/** The provenance of work that ends now. Never fails: what cannot be found out is null. */
export function collectProvenance(input: ProvenanceInput): Provenance {
  const now = Date.now();
  return {
    item: input.item,
    preset: input.preset,
    seeds: input.seeds ?? [],
    steps: input.steps ?? null,
    data: input.data ?? [],
    ...sourceState(projectRoot),
    libraryVersion,
    machine: describeMachine(input.gpu),
    engine: input.engine ?? null,
    captured: input.captured ?? null,
    createdAt: new Date(now).toISOString(),
    scale: input.scale,
    durationSeconds: Math.round(now - input.startedAt) / 1000,
  };
}

/**
 * The commit of the repository at `folder`, and whether its files differ from it. What the workbench itself writes,
 * `figures/` and `bench/results/`, does not count. A repository around `folder` that is not its own does not either.
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

/** One line for the foot of a figure: what a reader needs to trust it, short enough to print. */
export function provenanceLine(provenance: Provenance): string {
  const { machine, data, seeds } = provenance;
  const names = data.map((source) => `${source.name} ${source.version}`.trim());
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const parts = [
    `${provenance.item}, preset ${provenance.preset}`,
    ...(seeds.length === 0 ? [] : [`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`]),
    ...(provenance.steps === null ? [] : [`${provenance.steps.toLocaleString('en')} steps`]),
    ...(shown.length === 0 ? [] : [`data ${shown.join(', ')}`]),
    provenance.commit === null
      ? `version ${provenance.libraryVersion}`
      : `commit ${provenance.commit.slice(0, 10)}${provenance.dirty ? ' with changes' : ''}`,
    ...(provenance.engine === null ? [] : [`${provenance.engine}${capturedWords(provenance.captured)}`]),
    `${machine.gpu ?? machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.os}`,
  ];
  return parts.join(' · ');
}

/** Nothing where it is not known: results of before this was recorded are still drawn. */
function capturedWords(captured: boolean | null): string {
  if (captured === true) return ', captured';
  return captured === false ? ', operation by operation' : '';
}

function describeMachine(gpu: string | null | undefined): Machine {
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
function nvidiaGpu(): string | null {
  const folder = '/proc/driver/nvidia/gpus';
  try {
    const [first] = readdirSync(folder);
    if (first === undefined) return null;
    const information = readFileSync(`${folder}/${first}/information`, 'utf8');
    return /^Model:\s*(.+?)\s*$/m.exec(information)?.[1] ?? null;
  } catch {
    return null;
  }
}
