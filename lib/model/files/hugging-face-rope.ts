// RoPE in a Hugging Face `config.json`. transformers 5 has all of it in `rope_parameters`; version
// 4 has the base in `rope_theta` and the scaling in `rope_scaling`; the authors' code knows
// `rope_scaling` alone. The formulas are transformers' (modeling_rope_utils.py, versions 4.57 and
// 5.24); its types llama3 and longrope are not supported.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { canonicalJson } from '../../base/json';
import { type RopeConfig } from '../../positional/rope';
import { type RopeScaling } from '../../positional/rope-scaling';
import { sizeSchema } from '../architecture';

/** A field of other models, which must have the one value that holds for the models known here. */
export const only = (value: string | number | boolean | null): z.ZodType =>
  z.literal(value, { error: `only ${value} is supported` }).nullish();

const base = z.number().gt(1).nullish();
const factor = z.number().gt(1);
const turns = z.number().positive().nullish();
/** Fields that every type may have. */
const common = { rope_theta: base, partial_rotary_factor: only(1) };

const parametersSchema = z.preprocess(
  nameType,
  z.discriminatedUnion(
    'rope_type',
    [
      z.strictObject({ rope_type: z.literal('default'), ...common }),
      z.strictObject({ rope_type: z.literal('linear'), factor, ...common }),
      z.strictObject({ rope_type: z.literal('dynamic'), factor, ...common }),
      z.strictObject({
        rope_type: z.literal('yarn'),
        factor,
        beta_fast: turns,
        beta_slow: turns,
        original_max_position_embeddings: sizeSchema.nullish(),
        attention_factor: only(null),
        mscale: only(null),
        mscale_all_dim: only(null),
        truncate: only(true),
        ...common,
      }),
    ],
    { error: 'only default, linear, dynamic and yarn are supported' },
  ),
);

type Parameters = z.infer<typeof parametersSchema>;

/** Renames the type: it was called `type` before `rope_type`, and transformers 4 writes both. */
function nameType(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { type, rope_type: named, ...others } = value as Record<string, unknown>;
  if (type != null && named != null && type !== named)
    context.addIssue({
      code: 'custom',
      path: ['type'],
      message: 'rope_type says another one; keep one of them',
    });
  return { rope_type: named ?? type ?? 'default', ...others };
}

/** The fields of a `config.json` that RoPE depends on. */
export const ropeFields = {
  rope_theta: base,
  rope_scaling: parametersSchema.nullish(),
  rope_parameters: parametersSchema.nullish(),
  partial_rotary_factor: only(1),
  original_max_position_embeddings: only(null),
};

/** The fields after parsing. */
export type RopeFields = z.infer<z.ZodObject<typeof ropeFields>>;

/** Lengths given beside them, in tokens. */
interface Lengths {
  readonly trainLength: number;
  readonly maxPositions: number;
}

/**
 * Reads RoPE from these fields; defaults are left out.
 *
 * @param where the file's name, the first words of the message
 * @throws ConfigError naming the field, if two of them contradict each other
 */
export function readRope(fields: RopeFields, lengths: Lengths, where: string): RopeConfig {
  const { rope_parameters: parameters, rope_scaling: scaling, rope_theta: theta } = fields;
  const bases = [parameters?.rope_theta, scaling?.rope_theta, theta].filter((said) => said != null);
  const [first = defaultBase] = bases;
  if (bases.some((said) => said !== first))
    throw new ConfigError(`${where}: rope_theta: both ${bases.join(' and ')}; keep one of them`);
  if (parameters && scaling && withoutBase(parameters) !== withoutBase(scaling))
    throw new ConfigError(`${where}: rope_scaling: rope_parameters says something else; keep one of them`);
  const read = readScaling(parameters ?? scaling, lengths, where);
  return { kind: 'rope', ...(first !== defaultBase && { base: first }), ...(read && { scaling: read }) };
}

const defaultBase = 10_000;
const defaultTurns = { slow: 1, fast: 32 };

function withoutBase(parameters: Parameters): string {
  return canonicalJson({ ...parameters, rope_theta: null });
}

function readScaling(
  rope: Parameters | null | undefined,
  { trainLength, maxPositions }: Lengths,
  where: string,
): RopeScaling | undefined {
  const from = (originalLength: number): { originalLength?: number } =>
    originalLength === trainLength ? {} : { originalLength };
  switch (rope?.rope_type) {
    case undefined:
    case 'default':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: rope.factor };
    case 'dynamic':
      return { type: 'dynamic', factor: rope.factor, ...from(maxPositions) };
    case 'yarn': {
      const [alpha, beta] = [rope.beta_slow ?? defaultTurns.slow, rope.beta_fast ?? defaultTurns.fast];
      const originalLength = rope.original_max_position_embeddings ?? maxPositions;
      // From there on its formula and this project's differ (`YarnScaling.ramp`).
      if (originalLength <= 2 * Math.PI * alpha)
        throw new ConfigError(
          `${where}: original_max_position_embeddings: ${originalLength}; YaRN is supported above ${2 * Math.PI * alpha}`,
        );
      return {
        type: 'yarn',
        factor: rope.factor,
        ...(alpha !== defaultTurns.slow && { alpha }),
        ...(beta !== defaultTurns.fast && { beta }),
        ...from(originalLength),
        ramp: 'pairs',
      };
    }
  }
}

/**
 * Writes RoPE in fields that transformers 4 and 5 read, without scalings that they do not support.
 */
export function writeRope({ base: theta = defaultBase, scaling }: RopeConfig, trainLength: number): object {
  return { rope_theta: theta, ...(scaling && writeScaling(scaling, trainLength)) };
}

function writeScaling(scaling: RopeScaling, trainLength: number): object {
  switch (scaling.type) {
    case 'linear':
      return { rope_scaling: { rope_type: 'linear', factor: scaling.factor } };
    case 'dynamic':
      return {
        rope_scaling: { rope_type: 'dynamic', factor: scaling.factor ?? 1 },
        max_position_embeddings: scaling.originalLength ?? trainLength,
      };
    case 'yarn':
      return {
        rope_scaling: {
          rope_type: 'yarn',
          factor: scaling.factor,
          beta_fast: scaling.beta ?? defaultTurns.fast,
          beta_slow: scaling.alpha ?? defaultTurns.slow,
          original_max_position_embeddings: scaling.originalLength ?? trainLength,
        },
      };
  }
}
