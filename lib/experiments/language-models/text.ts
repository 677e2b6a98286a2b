// The text of a comparison of language models: the corpus that they are trained on, the documents
// of it that none of them was, and the lengths of its segments.

import { type Reporter } from '../../base/progress';
import { type Modality } from '../../data/sources/source';
import { type Corpus } from '../../data/tokens/corpus';
import { prepareCorpus } from '../../data/tokens/prepare';
import { splitDocuments } from '../../data/tokens/split';
import { getTokenizer } from '../../data/tokenizers/registry';
import { type DataSource } from '../../report/provenance';
import { segmentLengths } from '../../segment/lengths';
import { separatorsFor } from '../../segment/separators';
import { commonSeparators, corpusConfig, type LanguageModelRunSettings, validationSplit } from './settings';

/** A corpus that was made ready for a comparison: what every run of it reads. */
export interface LanguageModelCorpus {
  /** Sources with checksums. */
  readonly data: readonly DataSource[];
  /**
   * Kinds of text of which no document is long enough to be read at the longest length, or none can
   * be spared.
   */
  readonly unread: readonly Modality[];
}

/**
 * Makes the corpus ready: its text is fetched, checked and turned into tokens, unless that is done.
 *
 * @throws ConfigError if there is no validation document
 */
export async function prepareLanguageModelCorpus(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<LanguageModelCorpus> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    const { validation } = splitDocuments(corpus.documents, validationSplit(settings));
    const read = new Set(validation.map(({ modality }) => modality));
    const modalities = [...new Set(corpus.documents.map(({ modality }) => modality))];
    return { data: corpus.data, unread: modalities.filter((modality) => !read.has(modality)) };
  } finally {
    corpus.close();
  }
}

/** A validation document and its kind of text. */
export interface ValidationDocument {
  readonly id: string;
  readonly modality: Modality;
  /** [tokens] */
  readonly ids: Int32Array;
}

/**
 * The documents that no model of the comparison was trained on, each cut so that blocks of every
 * length read the same text.
 *
 * @throws ConfigError if there is none
 */
export async function validationDocuments(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<ValidationDocument[]> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    return splitDocuments(corpus.documents, validationSplit(settings)).validation.map((document) => ({
      id: document.id,
      modality: document.modality,
      ids: beginningOf(corpus, document, settings),
    }));
  } finally {
    corpus.close();
  }
}

function beginningOf(
  corpus: Corpus,
  { start, length }: { readonly start: number; readonly length: number },
  { lengths, documentTokens }: LanguageModelRunSettings,
): Int32Array {
  const longest = Math.max(...lengths);
  const whole = Math.floor(Math.min(length, documentTokens) / longest) * longest;
  return corpus.read(start, whole);
}

/** Tokens of which the length of segments is taken, from the corpus' beginning. */
const tokensForSegments = 1_000_000;

/** The lengths of segments, in tokens, in the text of a comparison, by separators as text. */
export async function segmentLengthsIn(
  settings: LanguageModelRunSettings,
  separators: string,
  reporter: Reporter,
): Promise<Int32Array> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    const ids = corpus.read(0, Math.min(tokensForSegments, corpus.info.tokens));
    return segmentLengths(ids, separatorsFor(await getTokenizer(settings.tokenizer), separators));
  } finally {
    corpus.close();
  }
}

/** The mean length of a segment, in tokens, in the text that models are trained on. */
export async function tokensPerSegment(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<number> {
  const lengths = await segmentLengthsIn(settings, commonSeparators(settings), reporter);
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}
