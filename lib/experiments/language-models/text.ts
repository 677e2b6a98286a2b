// The text of a comparison of language models: the documents of its corpus that no model was
// trained on, and the lengths of its segments.

import { type Modality } from '../../data/sources/source';
import { type Corpus } from '../../data/tokens/corpus';
import { type CorpusDocument } from '../../data/tokens/corpus-index';
import { splitDocuments } from '../../data/tokens/split';
import { getTokenizer } from '../../data/tokenizers/registry';
import { segmentLengths } from '../../segment/lengths';
import { separatorsFor } from '../../segment/separators';
import { commonSeparators, type LanguageModelRunSettings, validationSplit } from './settings';

/** A held-out document and its kind of text. */
export interface ValidationDocument {
  readonly id: string;
  readonly modality: Modality;
  /** [tokens] */
  readonly ids: Int32Array;
}

/**
 * Kinds of text that nothing is measured on: no document is long enough to be read at the longest
 * length, or none can be spared.
 *
 * @throws ConfigError if that is all of them
 */
export function unreadModalities(
  { documents }: Pick<Corpus, 'documents'>,
  settings: LanguageModelRunSettings,
): Modality[] {
  const { validation } = splitDocuments(documents, validationSplit(settings));
  const read = new Set(validation.map(({ modality }) => modality));
  return [...new Set(documents.map(({ modality }) => modality))].filter((modality) => !read.has(modality));
}

/**
 * The documents that no model of the comparison was trained on, each cut so that blocks of every
 * length read the same text.
 *
 * @throws ConfigError if there is none
 */
export function validationDocuments(
  corpus: Corpus,
  settings: LanguageModelRunSettings,
): ValidationDocument[] {
  const { validation } = splitDocuments(corpus.documents, validationSplit(settings));
  return validation.map((document) => ({
    id: document.id,
    modality: document.modality,
    ids: beginningOf(corpus, document, settings),
  }));
}

function beginningOf(
  corpus: Corpus,
  { start, length }: Pick<CorpusDocument, 'start' | 'length'>,
  { lengths, documentTokens }: LanguageModelRunSettings,
): Int32Array {
  const longest = Math.max(...lengths);
  const whole = Math.floor(Math.min(length, documentTokens) / longest) * longest;
  return corpus.read(start, whole);
}

/** Tokens of which lengths of segments and frequencies are taken. */
const tokensForCounts = 1_000_000;

/** The beginning of a corpus, of which lengths of segments and frequencies are taken: [tokens]. */
export function countedTokens(corpus: Corpus): Int32Array {
  return corpus.read(0, Math.min(tokensForCounts, corpus.info.tokens));
}

/** The mean length of a segment, in tokens, in the text that models are trained on. */
export async function tokensPerSegment(
  corpus: Corpus,
  settings: Pick<LanguageModelRunSettings, 'tokenizer' | 'separators'>,
): Promise<number> {
  const separators = separatorsFor(await getTokenizer(settings.tokenizer), commonSeparators(settings));
  const lengths = segmentLengths(countedTokens(corpus), separators);
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}
