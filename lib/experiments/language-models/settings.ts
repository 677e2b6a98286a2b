// The settings that language models of a comparison share: how they are trained, on which text, and
// at which lengths they are read.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { type CorpusConfig } from '../../data/tokens/prepare';
import { type ValidationSplit } from '../../data/tokens/split';
import { type EncodingConfig, encodingNamed } from '../../positional/registry';
import { segmentEndsSchema } from '../../segment/ends';
import {
  ascendingLengths,
  clipNormField,
  count,
  layerFields,
  productsField,
  type SettingsWith,
  sourcesField,
  tokenizerField,
  trainingFields,
  variantsField,
  weightDecayField,
} from '../settings/fields';

/** Segment ends of a level: separators as text, in the vocabulary of any tokenizer, or a rule. */
const segmentEndsName = z.union([z.string(), segmentEndsSchema]);

/** The end of a segment as settings name it. */
export type SegmentEndsName = z.infer<typeof segmentEndsName>;

/** The fields of the settings, for the schemas of items. */
export const languageModelFields = {
  variants: variantsField,
  sources: sourcesField,
  tokenizer: tokenizerField,
  maxTokens: count.nullable().describe('at most so many tokens of the sources are read; null: all'),
  separators: z
    .union([z.string(), z.array(segmentEndsName).readonly()])
    .describe(
      'what ends a segment: paper, released, or ids such as 869,13; as a list, what ends the segments of each level but the outermost, innermost first',
    ),
  validationShare: z
    .number()
    .positive()
    .lt(1)
    .describe('the share of tokens, in whole documents, that is held out for the evaluation'),
  ...layerFields,
  trainLength: count.min(2).describe('block length in training (tokens)'),
  ...trainingFields,
  weightDecay: weightDecayField,
  clipNorm: clipNormField,
  products: productsField,
  lengths: ascendingLengths(2).describe('block lengths (tokens) at which the same text is read, ascending'),
  documentTokens: count.describe(
    'at most so many tokens of each held-out document are read; a multiple of the longest length',
  ),
};

/** Settings that all runs of a comparison share. */
export interface LanguageModelRunSettings extends SettingsWith<typeof languageModelFields> {
  /** The folder of a checkpoint to go on from: a finetuning. Left out: parameters are drawn. */
  readonly initialCheckpoint?: string;
}

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
export function corpusConfig({
  sources,
  tokenizer,
  maxTokens,
}: Pick<LanguageModelRunSettings, 'sources' | 'tokenizer' | 'maxTokens'>): CorpusConfig {
  return { sources, tokenizer, ...(maxTokens === null ? {} : { maxTokens }) };
}

/** The held-out part of the corpus: only documents that a block of every length fits in. */
export function validationSplit({
  validationShare,
  lengths,
}: Pick<LanguageModelRunSettings, 'validationShare' | 'lengths'>): ValidationSplit {
  return { validationShare, minimumLength: Math.max(...lengths) };
}
