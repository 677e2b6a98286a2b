// Where a number comes from: preset, seeds, data, code, machine. Every exported figure and table
// carries it.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { z } from 'zod';
import { canonicalJson } from '../base/json';
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

/** By which code, and on what, something was computed. */
export interface Origin {
  /** Commit of the repository; null where there is no git or no repository. */
  readonly commit: string | null;
  /** Whether the sources differ from that commit. */
  readonly dirty: boolean;
  readonly libraryVersion: string;
  readonly machine: Machine;
  /** The tensor backend, with its threads; null where no tensor was needed. */
  readonly engine: string | null;
  /**
   * Whether its steps ran as captured graphs, not operation by operation; null where no tensor was
   * needed.
   */
  readonly captured: boolean | null;
}

/** A piece of work that a result is made of, e.g. the training of one model. */
export interface Work {
  readonly name: string;
  /** Where it is kept: its folder's name in the run store. */
  readonly run: string;
  /** What it took when it was done, interruptions left out. */
  readonly seconds: number;
}

/** Pieces of work of one origin. */
export interface ProvenancePart {
  /** Null: not recorded, as of trainings from before it was. */
  readonly origin: Origin | null;
  /** Of all of it. */
  readonly seconds: number;
  readonly work: readonly Work[];
}

/**
 * All that is needed to get the same numbers again, and to judge them. What it has of `Origin` is
 * that of the result as a whole.
 */
export interface Provenance extends Origin {
  /** The paper item, e.g. `fig1`. */
  readonly item: string;
  readonly preset: string;
  readonly seeds: readonly number[];
  /** Optimizer steps; null where nothing is trained. */
  readonly steps: number | null;
  readonly data: readonly DataSource[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** A sentence: at which scale this was measured, and how that differs from the paper's. */
  readonly scale: string;
  /** Of all the work; of parts that were found finished, what they took when they were done. */
  readonly durationSeconds: number;
  /**
   * What was done by itself and may be of other code or another machine, e.g. trainings; left out
   * where there is nothing such.
   */
  readonly parts?: readonly ProvenancePart[];
}

/**
 * What a result is called by whoever asks for it: the same numbers may be another preset's, or
 * another model's of a comparison.
 */
export type ProvenanceLabels = Pick<Provenance, 'preset' | 'scale'>;

/**
 * What is kept of a result, without what it is called. The work of its parts is `training` or
 * `evaluation`, without whose.
 */
export type StoredProvenance = Omit<Provenance, keyof ProvenanceLabels>;

/** Checks a source that was kept; some have more fields, as the kind of text. */
export const sourceSchema: z.ZodType<DataSource> = z.looseObject({
  name: z.string(),
  version: z.string(),
  checksum: z.string(),
});

const originFields = {
  commit: z.string().nullable(),
  dirty: z.boolean(),
  libraryVersion: z.string(),
  machine: z.looseObject({
    cpu: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    gpu: z.string().nullable(),
    os: z.string(),
    node: z.string(),
  }),
  engine: z.string().nullable(),
  captured: z.boolean().nullable(),
};

/** Checks an origin that was kept. */
export const originSchema: z.ZodType<Origin> = z.looseObject(originFields);

/** Checks a provenance that was kept. */
export const storedProvenanceSchema: z.ZodType<StoredProvenance> = z.looseObject({
  ...originFields,
  item: z.string(),
  seeds: z.array(z.number()),
  steps: z.number().nullable(),
  data: z.array(sourceSchema),
  createdAt: z.string(),
  durationSeconds: z.number(),
  parts: z
    .array(
      z.object({
        origin: originSchema.nullable(),
        seconds: z.number(),
        work: z.array(z.object({ name: z.string(), run: z.string(), seconds: z.number() })),
      }),
    )
    .exactOptional(),
});

/** What only the experiment knows; the rest is looked up. */
export interface ProvenanceInput extends StoredProvenanceInput, ProvenanceLabels {}

/** The same, without what the result is called. */
export interface StoredProvenanceInput {
  readonly item: string;
  /** When the work began, `Date.now()`. */
  readonly startedAt: number;
  readonly seeds?: readonly number[];
  readonly steps?: number | null;
  readonly data?: readonly DataSource[];
  /**
   * By what it was computed, if that was looked up when the work began: files may have changed
   * since.
   */
  readonly origin?: Origin;
  readonly engine?: string | null;
  readonly captured?: boolean | null;
  /** The GPU that computed; left out, the NVIDIA driver is asked. */
  readonly gpu?: string | null;
  readonly parts?: readonly ProvenancePart[];
  /**
   * Of the time since the work began, what went into the parts, whose own seconds count instead.
   * Default 0.
   */
  readonly secondsInParts?: number;
}

/** What computes now. Never fails: what cannot be found out is null. */
export function currentOrigin({
  engine,
  captured,
  gpu,
}: Pick<StoredProvenanceInput, 'engine' | 'captured' | 'gpu'> = {}): Origin {
  return {
    ...sourceState(projectRoot),
    libraryVersion,
    machine: describeMachine(gpu),
    engine: engine ?? null,
    captured: captured ?? null,
  };
}

/** The provenance of work that ends now. Never fails: what cannot be found out is null. */
export function collectProvenance(input: ProvenanceInput): Provenance {
  return labelled(collectStoredProvenance(input), input);
}

/** What was kept of a result, called as it is now. */
export function labelled(stored: StoredProvenance, { preset, scale }: ProvenanceLabels): Provenance {
  const { item, ...rest } = stored;
  return { item, preset, scale, ...rest };
}

/** As `collectProvenance`, of a result that is to be kept. */
export function collectStoredProvenance(input: StoredProvenanceInput): StoredProvenance {
  const now = Date.now();
  const { parts = [], secondsInParts = 0 } = input;
  const own = Math.max(0, (now - input.startedAt) / 1000 - secondsInParts);
  return {
    item: input.item,
    seeds: input.seeds ?? [],
    steps: input.steps ?? null,
    data: input.data ?? [],
    ...(input.origin ?? currentOrigin(input)),
    createdAt: new Date(now).toISOString(),
    durationSeconds: milliseconds(own + secondsOf(parts)),
    ...(parts.length > 0 && { parts }),
  };
}

/**
 * Parts with those of the same origin put together; a piece of work that is there twice counts
 * once, by whatever names.
 */
export function joinParts(parts: readonly ProvenancePart[]): ProvenancePart[] {
  const joined = new Map<string, { origin: Origin | null; work: Map<string, Work> }>();
  for (const { origin, work } of parts) {
    const key = canonicalJson(origin);
    const same = joined.get(key) ?? { origin, work: new Map<string, Work>() };
    for (const piece of work) {
      const { run, seconds } = piece;
      const place = canonicalJson({ run, seconds });
      if (!same.work.has(place)) same.work.set(place, piece);
    }
    joined.set(key, same);
  }
  return [...joined.values()].map(({ origin, work }) => provenancePart(origin, [...work.values()]));
}

/** Pieces of work of one origin as a part. */
export function provenancePart(origin: Origin | null, work: readonly Work[]): ProvenancePart {
  return { origin, seconds: milliseconds(secondsOf(work)), work };
}

/**
 * What a stored result is to one that is made of it, and calls it by this name: its own parts, or
 * itself.
 */
export function partsOf(provenance: StoredProvenance, run: string, name: string): readonly ProvenancePart[] {
  const { parts, durationSeconds: seconds } = provenance;
  if (parts === undefined) return [provenancePart(originOf(provenance), [{ name, run, seconds }])];
  const named = (piece: Work): Work => ({ ...piece, name: `${name}: ${piece.name}` });
  return parts.map(({ origin, work }) => provenancePart(origin, work.map(named)));
}

/** What computed a result as a whole. */
export function originOf(provenance: Origin): Origin {
  const { commit, dirty, libraryVersion: version, machine, engine, captured } = provenance;
  return { commit, dirty, libraryVersion: version, machine, engine, captured };
}

function secondsOf(pieces: readonly { readonly seconds: number }[]): number {
  return pieces.reduce((sum, { seconds }) => sum + seconds, 0);
}

function milliseconds(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
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

/**
 * One line for the foot of a figure: what a reader needs to trust it, short enough to print. Of
 * parts of several origins it names each commit, engine and machine once; which part has which is
 * in the JSON.
 */
export function provenanceLine(provenance: Provenance): string {
  const { data, seeds } = provenance;
  const computing = computingOrigins(provenance);
  const parts = [
    `${provenance.item}, preset ${provenance.preset}`,
    ...(seeds.length === 0 ? [] : [`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`]),
    ...(provenance.steps === null ? [] : [`${provenance.steps.toLocaleString('en')} steps`]),
    ...(data.length === 0
      ? []
      : [`data ${shortList(data.map((source) => `${source.name} ${source.version}`.trim()))}`]),
    ...codeWords(provenance),
    ...engineWords(computing),
    ...distinct(computing.map(({ machine }) => machineWords(machine))),
  ];
  return parts.join(' · ');
}

/** Origins of the parts, and that of the result as a whole. */
export function allOrigins(provenance: Provenance): Origin[] {
  return [...(provenance.parts ?? []).flatMap(({ origin }) => origin ?? []), originOf(provenance)];
}

/**
 * Those that computed: the origin of a whole that only put its parts together, in less than a
 * hundredth of the time, is not among them.
 */
function computingOrigins(provenance: Provenance): Origin[] {
  const { parts = [], durationSeconds } = provenance;
  const origins = allOrigins(provenance);
  const own = durationSeconds - secondsOf(parts);
  return origins.length > 1 && own < durationSeconds / 100 ? origins.slice(0, -1) : origins;
}

/**
 * Commits, or versions where there are none, each once; and of how many parts they are not known.
 */
function codeWords(provenance: Provenance): string[] {
  const origins = allOrigins(provenance);
  const commits = distinct(
    origins.flatMap(({ commit, dirty }) =>
      commit === null ? [] : [`${commit.slice(0, 10)}${dirty ? ' with changes' : ''}`],
    ),
  );
  const versions = distinct(
    origins.flatMap(({ commit, libraryVersion: version }) => (commit === null ? [version] : [])),
  );
  const { parts = [] } = provenance;
  const count = (some: readonly ProvenancePart[]): number =>
    some.reduce((sum, { work }) => sum + work.length, 0);
  const unknown = count(parts.filter(({ origin }) => origin === null));
  return [
    ...listed('commit', commits),
    ...listed('version', versions),
    ...(unknown === 0 ? [] : [`commit not recorded of ${unknown} of ${count(parts)} parts`]),
  ];
}

function listed(word: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${word}${names.length === 1 ? '' : 's'} ${shortList(names)}`];
}

function shortList(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.join(', ');
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/**
 * Engines, each once; those that differ in their number of threads alone as one, `1 and 2 threads`.
 */
function engineWords(origins: readonly Origin[]): string[] {
  const threads = /\b(\d+) threads?\b/;
  const counts = new Map<string, string[]>();
  for (const { engine, captured } of origins) {
    if (engine === null) continue;
    const text = `${engine}${capturedWords(captured)}`;
    const known = threads.exec(text)?.[1];
    const rest = text.replace(threads, '# threads');
    counts.set(rest, distinct([...(counts.get(rest) ?? []), ...(known === undefined ? [] : [known])]));
  }
  return [...counts].map(([rest, numbers]) =>
    rest.replace('# threads', `${numbers.join(' and ')} ${numbers.join() === '1' ? 'thread' : 'threads'}`),
  );
}

function machineWords(machine: Machine): string {
  return `${machine.gpu ?? machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.os}`;
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
