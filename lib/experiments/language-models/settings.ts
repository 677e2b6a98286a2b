// The settings that language models of a comparison share: how they are trained, on which text, and
// at which lengths they are read.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { type CorpusConfig } from '../../data/tokens/prepare';
import { type ValidationSplit } from '../../data/tokens/split';
import { type ProductType } from '../../engine/graph/program';
import { type EncodingConfig, encodingNamed, variantsSchema } from '../../positional/registry';
import { type SegmentEnds, segmentEndsSchema } from '../../segment/ends';
import { ascendingLengths } from '../settings/list-fields';

/** What all runs of a comparison share. */
export interface LanguageModelRunSettings {
  /**
   * Encodings by names that the registry does not have, as for ablations, or has with other
   * settings.
   */
  readonly variants: Readonly<Record<string, EncodingConfig>>;
  /** Names of data sources (`bipe data list`). */
  readonly sources: readonly string[];
  readonly tokenizer: string;
  /** At most so many tokens of the sources are read; null: all. */
  readonly maxTokens: number | null;
  /**
   * What ends segments: `paper`, `released`, or ids. For ablations, what ends those of each level
   * but the outermost, innermost first.
   */
  readonly separators: string | readonly SegmentEndsName[];
  /** The share of the tokens that is kept, in whole documents, for the evaluation. */
  readonly validationShare: number;
  readonly layers: number;
  readonly heads: number;
  /** Tokens of a training block. */
  readonly trainLength: number;
  /** Updates of the parameters. */
  readonly steps: number;
  readonly batchSize: number;
  /** The highest, after the warm-up; it then falls linearly to 0. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** The largest norm of the gradient; null: no clipping. */
  readonly clipNorm: number | null;
  /** What training rounds matrix products to; evaluations are in float32. Default `float32`. */
  readonly products?: ProductType;
  /** The folder of a checkpoint to go on from: a finetuning. Left out: parameters are drawn. */
  readonly initialCheckpoint?: string;
  /** Tokens of a block, ascending: at each, the same text is read. */
  readonly lengths: readonly number[];
  /**
   * At most so many tokens of each validation document are read; a multiple of the longest length.
   */
  readonly documentTokens: number;
}

/**
 * What ends the segments of a level: separators as text, in the vocabulary of any tokenizer, or a
 * rule.
 */
export type SegmentEndsName = string | SegmentEnds;

const count = z.int().min(1);

/** The fields of the settings, for the schemas of items. */
export const languageModelFields = {
  variants: variantsSchema,
  sources: z.array(z.string()).min(1),
  tokenizer: z.string(),
  maxTokens: count.nullable(),
  separators: z.union([z.string(), z.array(z.union([z.string(), segmentEndsSchema]))]),
  validationShare: z.number().positive().lt(1),
  layers: count,
  heads: count,
  trainLength: count.min(2),
  steps: count,
  batchSize: count,
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  weightDecay: z.number().min(0),
  clipNorm: z.number().positive().nullable(),
  products: z.enum(['float32', 'bfloat16']).exactOptional(),
  lengths: ascendingLengths(2),
  documentTokens: count,
};

/** The encoding that a name stands for: of the variants first, then of the registry. */
export function encodingOf(
  name: string,
  { variants }: Pick<LanguageModelRunSettings, 'variants'>,
): EncodingConfig {
  return encodingNamed(name, variants);
}

/**
 * Refuses settings that no run would accept, before the first one runs.
 *
 * @throws ConfigError, UsageError naming the field
 */
export function checkLanguageModelSettings(
  { lengths, documentTokens, ...settings }: LanguageModelRunSettings,
  encodings: readonly string[],
): void {
  for (const name of encodings) encodingOf(name, settings);
  const longest = Math.max(...lengths);
  if (documentTokens % longest !== 0)
    throw new ConfigError(
      `documentTokens: ${documentTokens} is no multiple of the longest length, ${longest}; give e.g. ${Math.max(1, Math.round(documentTokens / longest)) * longest}`,
    );
  const uneven = lengths.find((length) => longest % length !== 0);
  if (uneven !== undefined)
    throw new ConfigError(
      `lengths: ${uneven} does not divide ${longest}, the longest, so both would not read the same text; give lengths such as ${settings.trainLength}, ${2 * settings.trainLength}, ${4 * settings.trainLength}`,
    );
}

/**
 * Refuses lengths without one at which something is drawn.
 *
 * @param what the setting that has it
 * @throws ConfigError that says which lengths to give
 */
export function requireLength(
  { lengths }: Pick<LanguageModelRunSettings, 'lengths'>,
  what: string,
  length: number,
): void {
  if (lengths.includes(length)) return;
  const longest = Math.max(length, ...lengths);
  const withIt = [...lengths, length].sort((a, b) => a - b);
  const right = withIt.every((one) => longest % one === 0) ? withIt : [length, 2 * length, 4 * length];
  throw new ConfigError(
    `lengths: ${lengths.join(', ')} are without ${length}, the ${what}, at which models are compared; give e.g. [${right.join(', ')}]`,
  );
}

/**
 * The separators as text, where they are the same for all levels.
 *
 * @throws ConfigError if each level has its own
 */
export function commonSeparators({ separators }: Pick<LanguageModelRunSettings, 'separators'>): string {
  if (typeof separators === 'string') return separators;
  throw new ConfigError('separators: one set for all levels is needed here; give paper, released, or ids');
}

/** The corpus that runs with these settings read. */
export function corpusConfig({ sources, tokenizer, maxTokens }: LanguageModelRunSettings): CorpusConfig {
  return { sources, tokenizer, ...(maxTokens === null ? {} : { maxTokens }) };
}

/** What is kept of it for the evaluation: only documents that a block of every length fits in. */
export function validationSplit({ validationShare, lengths }: LanguageModelRunSettings): ValidationSplit {
  return { validationShare, minimumLength: Math.max(...lengths) };
}
