// Where a number comes from: preset, seeds, data, code, machine. Every exported figure and table
// carries it.

import { z } from 'zod';
import { canonicalJson } from '../base/json';
import { projectRoot } from '../base/paths';
import { libraryVersion } from '../base/version';
import { describeMachine, type Machine, rememberedSources } from './machine';

/** A text or file that was read, pinned. */
export interface DataSource {
  readonly name: string;
  readonly version: string;
  /** SHA-256 as lower-case hex. */
  readonly checksum: string;
}

/** By which code, and on what, something was computed. */
export interface Origin {
  /** Commit of the repository; null where there is no git or no repository. */
  readonly commit: string | null;
  /** True if the sources differ from that commit. */
  readonly dirty: boolean;
  readonly libraryVersion: string;
  readonly machine: Machine;
  /** The tensor backend, with its threads; null where no tensor was needed. */
  readonly engine: string | null;
  /**
   * True if its steps ran as captured graphs, not operation by operation; null where no tensor was
   * needed.
   */
  readonly captured: boolean | null;
}

/** A piece of work that a result is made of, e.g. the training of one model. */
export interface Work {
  readonly name: string;
  /** Where it is kept: its folder's name in the run store. */
  readonly run: string;
  /** The time it took when it was done, interruptions left out. */
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
   * Work that was done by itself and may be of other code or another machine, e.g. trainings; left
   * out where there is none.
   */
  readonly parts?: readonly ProvenancePart[];
}

/**
 * The names of a result for whoever asks for it: the same numbers may be another preset's, or
 * another model's of a comparison.
 */
export type ProvenanceLabels = Pick<Provenance, 'preset' | 'scale'>;

/**
 * The provenance that is kept with a result, without its names. The work of its parts is `training`
 * or `evaluation`, without whose.
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

/** The part that only the experiment knows; the rest is looked up. */
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

/** The code and machine that compute now. Never fails: what cannot be found out is null. */
export function currentOrigin({
  engine,
  captured,
  gpu,
}: Pick<StoredProvenanceInput, 'engine' | 'captured' | 'gpu'> = {}): Origin {
  return {
    ...rememberedSources(projectRoot),
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

/** The kept provenance of a result, under its present names. */
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
 * A stored result as parts of one that is made of it, under this name: its own parts, or itself.
 */
export function partsOf(provenance: StoredProvenance, run: string, name: string): readonly ProvenancePart[] {
  const { parts, durationSeconds: seconds } = provenance;
  if (parts === undefined) return [provenancePart(originOf(provenance), [{ name, run, seconds }])];
  const named = (piece: Work): Work => ({ ...piece, name: `${name}: ${piece.name}` });
  return parts.map(({ origin, work }) => provenancePart(origin, work.map(named)));
}

/** The code and machine that computed a result as a whole. */
export function originOf(provenance: Origin): Origin {
  const { commit, dirty, libraryVersion: version, machine, engine, captured } = provenance;
  return { commit, dirty, libraryVersion: version, machine, engine, captured };
}

/** Origins of the parts, and that of the result as a whole. */
export function allOrigins(provenance: Provenance): Origin[] {
  return [...(provenance.parts ?? []).flatMap(({ origin }) => origin ?? []), originOf(provenance)];
}

/** The seconds of some pieces of work together. */
export function secondsOf(pieces: readonly { readonly seconds: number }[]): number {
  return pieces.reduce((sum, { seconds }) => sum + seconds, 0);
}

function milliseconds(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
}
