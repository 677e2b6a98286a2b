// The encodings by name. Adding one is a file beside this one and a line in one of the two lists
// below; model, trainer, command line and notebooks then know it, `bipe` and `randomized` combine
// it, and configurations of it are checked.

import { z } from 'zod';
import { UsageError } from '../base/errors';
import { ownEntry } from '../base/own';
import { parseInside, parseWith } from '../base/schema';
import { unknownName } from '../base/suggest';
import { alibiKind } from './alibi';
import { bipeKind, type BipeConfig } from './bipe';
import { segmentSlopeFactor } from './by-distance';
import { type CopeConfig, copeKind } from './cope';
import { type Encoding } from './encoding';
import { fireKind } from './fire';
import { type GatedAlibiConfig, gatedAlibiKind } from './gated-alibi';
import { hopeKind } from './hope';
import { kerpleKind } from './kerple';
import { type ConfigOf, type EncodingKind } from './kind';
import { learnedKind } from './learned';
import { noneKind } from './none';
import { nopeWindowKind } from './nope-window';
import { partialRopeKind } from './partial-rope';
import { randomizedKind, type RandomizedConfig } from './randomized';
import { ropeKind } from './rope';
import { sinusoidalKind } from './sinusoidal';
import { t5Kind } from './t5';
import { xposKind } from './xpos';

/** Encodings that add the position to the embedding. */
const absoluteKinds = [sinusoidalKind, learnedKind] as const;

/** Encodings by which attention depends on the difference of positions. */
const relativeKinds = [
  ropeKind,
  alibiKind,
  xposKind,
  t5Kind,
  kerpleKind,
  fireKind,
  partialRopeKind,
  hopeKind,
  nopeWindowKind,
] as const;

/** An encoding that a notebook or another project has registered; its name begins with `own_`. */
export interface OwnConfig {
  readonly kind: `own_${string}`;
  readonly [setting: string]: unknown;
}

/** Encodings inside segments. */
export type AbsoluteConfig = ConfigOf<(typeof absoluteKinds)[number] | typeof noneKind> | OwnConfig;

/** Encodings between segments, apart from `bipe` itself. */
export type RelativeConfig = ConfigOf<(typeof relativeKinds)[number] | typeof noneKind> | OwnConfig;

/** Bilevel encoding, of two levels or more. */
export type BilevelConfig = BipeConfig<AbsoluteConfig, RelativeConfig | BilevelConfig>;

/** A positional encoding as JSON: its `kind` and that kind's settings. */
export type EncodingConfig =
  | AbsoluteConfig
  | RelativeConfig
  | CopeConfig
  | GatedAlibiConfig
  | RandomizedConfig<AbsoluteConfig | RelativeConfig>
  | BilevelConfig;

interface AnyKind {
  readonly kind: string;
  readonly schema: z.ZodType;
  readonly create: (config: never) => Encoding;
}

const absolute = byName([noneKind, ...absoluteKinds]);
const relative = byName([noneKind, ...relativeKinds]);
const oneLevel = new Map([...absolute, ...relative]);
const bilevel: ReadonlyMap<string, AnyKind> = byName([
  bipeKind<AbsoluteConfig, RelativeConfig | BilevelConfig>(
    {
      intra: schemaOf(() => absolute),
      inter: z.lazy(() => schemaOf<RelativeConfig | BilevelConfig>(() => new Map([...relative, ...bilevel]))),
    },
    create,
  ),
]);
const kinds = new Map([
  ...oneLevel,
  ...bilevel,
  ...byName([
    // They count what they select, so no other encoding gives them positions.
    copeKind,
    gatedAlibiKind,
    randomizedKind<AbsoluteConfig | RelativeConfig>(
      schemaOf(() => oneLevel),
      create,
    ),
  ]),
]);

/** Named configurations: those of the paper, of the items' presets, and more. */
const named = {
  none: { kind: 'none' },
  sinusoidal: { kind: 'sinusoidal' },
  learned: { kind: 'learned' },
  rope: { kind: 'rope' },
  alibi: { kind: 'alibi' },
  xpos: { kind: 'xpos' },
  t5: { kind: 't5' },
  kerple: { kind: 'kerple' },
  fire: { kind: 'fire' },
  partial_rope: { kind: 'partial_rope' },
  nope_window: { kind: 'nope_window' },
  cope: { kind: 'cope' },
  gated_alibi: { kind: 'gated_alibi' },
  hope: { kind: 'hope' },
  randomized_rope: { kind: 'randomized', encoding: { kind: 'rope' }, maxPosition: 2048 },
  randomized_alibi: { kind: 'randomized', encoding: { kind: 'alibi' }, maxPosition: 2048 },
  randomized_sinusoidal: { kind: 'randomized', encoding: { kind: 'sinusoidal' }, maxPosition: 2048 },
  bipe_rope: { kind: 'bipe', intra: { kind: 'learned', rows: 1024 }, inter: { kind: 'rope' } },
  bipe_alibi: {
    kind: 'bipe',
    intra: { kind: 'learned', rows: 1024 },
    inter: { kind: 'alibi', slopeFactor: segmentSlopeFactor },
  },
} as const satisfies Readonly<Record<string, EncodingConfig>>;

/** Name of a configuration. */
export type EncodingName = keyof typeof named;

/** All names. */
export const encodingNames = Object.keys(named) as readonly EncodingName[];

/**
 * Looks up a configuration by name, e.g. `bipe_rope`. The kind of a registered encoding names that
 * kind without settings.
 *
 * @param variants more configurations by name, which come first
 * @throws UsageError if there is none
 * @throws ConfigError if a registered encoding has settings that must be given
 */
export function encodingNamed(
  name: string,
  variants: Readonly<Record<string, EncodingConfig>> = {},
): EncodingConfig {
  const variant = ownEntry(variants, name);
  if (variant !== undefined) return variant;
  const known = [...new Set([...Object.keys(variants), ...encodingNames, ...ownKinds()])];
  if (!known.includes(name)) throw unknownName('encoding', name, known);
  return isName(name) ? named[name] : parseWith(encodingSchema, name, `encoding ${name}`);
}

/** Kinds added by `registerEncoding`. */
function ownKinds(): string[] {
  return [...kinds.keys()].filter((kind) => kind.startsWith('own_'));
}

/**
 * True if settings name an encoding that this process has registered, and no other process knows.
 */
export function needsThisProcess(settings: object): boolean {
  const text = JSON.stringify(settings);
  return ownKinds().some((kind) => text.includes(JSON.stringify(kind)));
}

function isName(value: unknown): value is EncodingName {
  return encodingNames.some((name) => name === value);
}

/** Replaces a name by its configuration; other values stay. */
function configurationOf(value: unknown): unknown {
  if (isName(value)) return named[value];
  return ownKinds().some((kind) => kind === value) ? { kind: value } : value;
}

/** Checks an encoding's configuration; a name may stand in its place. */
export const encodingSchema: z.ZodType<EncodingConfig> = z.preprocess(
  configurationOf,
  schemaOf<EncodingConfig>(() => kinds),
);

/** Checks named variants of encodings. Figures show the names, and take <, > and & for markup. */
export const variantsSchema = z.record(
  z
    .string()
    .regex(
      /^[^<>&]+$/,
      'the name of a variant is not empty and has no <, > or &, which figures take for markup',
    ),
  encodingSchema,
);

/**
 * Makes the encoding of a configuration.
 *
 * @throws ConfigError if it is not a configuration of a known kind, naming the field
 */
export function createEncoding(config: EncodingConfig): Encoding {
  return create(parseWith(encodingSchema, config, 'encoding'));
}

/**
 * Registers an encoding under a kind that begins with `own_`. It may then be used wherever
 * encodings may, inside and between segments too. Registering a kind again replaces it, as when a
 * notebook cell is run again.
 *
 * @throws UsageError if the kind begins otherwise
 */
export function registerEncoding<Config extends { readonly kind: OwnConfig['kind'] }>(
  kind: EncodingKind<Config>,
): void {
  if (!kind.kind.startsWith('own_'))
    throw new UsageError(
      `encoding "${kind.kind}": the kind of your own encoding must begin with own_, e.g. own_${kind.kind}`,
    );
  for (const group of [absolute, relative, oneLevel, kinds]) group.set(kind.kind, kind);
}

function byName(list: readonly AnyKind[]): Map<string, AnyKind> {
  return new Map(list.map((kind) => [kind.kind, kind]));
}

/** Makes an encoding of a checked configuration. */
function create(config: EncodingConfig): Encoding {
  const kind = kinds.get(config.kind);
  if (kind === undefined) throw unknownName('encoding', config.kind, [...kinds.keys()]);
  return kind.create(config as never);
}

/** Checks a configuration against the schema of its kind, among the kinds known at that time. */
function schemaOf<Config>(known: () => ReadonlyMap<string, AnyKind>): z.ZodType<Config> {
  return z.unknown().transform((value, context): Config => {
    const fail = (message: string, path: readonly string[] = []): never => {
      context.issues.push({ code: 'custom', message, path: [...path], input: value });
      return z.NEVER;
    };
    if (typeof value === 'string')
      return fail(unknownName('encoding', value, [...encodingNames, ...ownKinds()]).message);
    if (typeof value !== 'object' || value === null || !('kind' in value))
      return fail('not an encoding; give an object with its kind, such as {"kind": "rope"}');
    const name = String(value.kind);
    const choices = [...known().keys()];
    const kind = known().get(name);
    if (kind === undefined) {
      const misplaced = kinds.has(name);
      return fail(
        misplaced
          ? `${name} is not allowed here; choose ${choices.join(', ')}`
          : unknownName('encoding', name, choices).message,
        ['kind'],
      );
    }
    return parseInside(kind.schema, value, context) as Config;
  });
}
