// Bilevel positional encoding: one encoding for the place inside a segment, another for the
// segment's index. He et al. 2024, "Two Stones Hit One Bird" (arXiv 2401.16421), section 3. A
// combinator: any encoding inside segments, any between them.

import { z } from 'zod';
import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { biasOf } from './bias';
import { encoded } from './checked';
import { type AppliedEncoding, type Encoding, type ParameterSpec, type Positions } from './encoding';
import { type EncodingKind } from './kind';

/** Settings. The paper's own pairs are `bipe_rope` and `bipe_alibi` of the registry. */
export interface BipeConfig<Intra, Inter> {
  readonly kind: 'bipe';
  /** The encoding of the place inside the segment: absolute. */
  readonly intra: Intra;
  /** The encoding of the segment's index: relative, or `bipe` again, for segments of segments. */
  readonly inter: Inter;
}

/**
 * Combines an encoding inside segments and one between them: each acts on its own level of
 * positions.
 *
 * `bipe(learned({ rows: 1024 }), rope())` is BiPE-RoPE. It nests: `bipe(learned(), bipe(learned(),
 * rope()))` encodes a token's place in its sentence, the sentence's place in its paragraph, and the
 * paragraph's index; the tables are `model.embeds.0.weight` and `model.embeds.1.weight`.
 *
 * @throws ConfigError if the encoding inside segments has several levels
 */
export function bipe(intra: Encoding, inter: Encoding): Encoding {
  if (intra.levels !== 1)
    throw new ConfigError(
      `encoding bipe: intra is ${intra.name}, of ${intra.levels} levels; nest in inter instead`,
    );
  return {
    name: intra.name === 'learned' ? `bipe_${inter.name}` : `bipe_${intra.name}_${inter.name}`,
    levels: 1 + inter.levels,
    seesLength: [intra, inter].some((part) => part.seesLength === true),
    cacheLimit: (shape) =>
      Math.min(intra.cacheLimit?.(shape) ?? Infinity, inter.cacheLimit?.(shape) ?? Infinity),
    parameters: (shape) => [
      ...intra.parameters(shape),
      ...inter.parameters(shape).map((spec): ParameterSpec => ({ ...spec, name: outward(spec.name) })),
    ],
    apply: (tokens, keys, shape, parameters) => {
      const inside = intra.apply([tokens[0]], [keys[0]], shape, parameters);
      const between = inter.apply(outerLevels(tokens), outerLevels(keys), shape, seenFromOutside(parameters));
      return both(inside, between);
    },
  };
}

/** The positions without the innermost level. */
function outerLevels([, first, ...others]: Positions): Positions {
  if (first === undefined) throw new Error('bipe: positions of one level; it needs two or more');
  return [first, ...others];
}

const tableOfLevel = /^(model\.embeds\.)(\d+)(\..*)$/;

/** The name of an outer encoding's parameter: its tables are numbered from the next level on. */
function outward(name: string): string {
  return name.replace(
    tableOfLevel,
    (_, before: string, level: string, after: string) => `${before}${Number(level) + 1}${after}`,
  );
}

/** The parameters under the names that an outer encoding expects. */
function seenFromOutside(parameters: ReadonlyMap<string, tf.Tensor>): ReadonlyMap<string, tf.Tensor> {
  const renamed = new Map<string, tf.Tensor>();
  for (const [name, parameter] of parameters) {
    const [, before, level, after] = tableOfLevel.exec(name) ?? [];
    if (level === undefined) renamed.set(name, parameter);
    else if (level !== '0') renamed.set(`${before ?? ''}${Number(level) - 1}${after ?? ''}`, parameter);
  }
  return renamed;
}

/** Two encodings together: applied one after the other to vectors, added up on scores. */
function both(first: AppliedEncoding, second: AppliedEncoding): AppliedEncoding {
  const [embed, queries, keys] = [
    chain(first.embed, second.embed, 'embeddings'),
    chain(first.queries, second.queries, 'queries'),
    chain(first.keys, second.keys, 'keys'),
  ];
  return {
    ...(embed && { embed }),
    ...(queries && { queries }),
    ...(keys && { keys }),
    ...sumOfBiases(first, second),
  };
}

type Biases = Pick<AppliedEncoding, 'bias' | 'linearBias'>;

function sumOfBiases(first: Biases, second: Biases): Biases {
  const isBiased = ({ bias, linearBias }: Biases): boolean => bias !== undefined || linearBias !== undefined;
  const biased = [first, second].filter(isBiased);
  const [only] = biased;
  if (biased.length < 2)
    return {
      ...(only?.bias && { bias: only.bias }),
      ...(only?.linearBias && { linearBias: only.linearBias }),
    };
  return {
    bias: (queries, keys) =>
      biased.flatMap((one) => biasOf(one, queries, keys) ?? []).reduce((sum, one) => tf.add(sum, one)),
  };
}

type Step<T> = ((value: T) => tf.Tensor) | undefined;

function chain<T extends tf.Tensor>(first: Step<T>, second: Step<T>, what: string): Step<T> {
  return first && second ? (value) => second(encoded(first(value), value, what)) : (first ?? second);
}

/**
 * BiPE for the registry.
 *
 * @param schemas of what may stand inside and between segments
 * @param create  makes one of these
 */
export function bipeKind<Intra, Inter>(
  schemas: { readonly intra: z.ZodType<Intra>; readonly inter: z.ZodType<Inter> },
  create: (config: Intra | Inter) => Encoding,
): EncodingKind<BipeConfig<Intra, Inter>> {
  return {
    kind: 'bipe',
    schema: z.strictObject({ kind: z.literal('bipe'), ...schemas }),
    create: ({ intra, inter }) => bipe(create(intra), create(inter)),
  };
}
