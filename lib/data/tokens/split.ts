// Documents to train on and documents to evaluate on, by chance and yet the same everywhere: the order of their ids' hashes decides. A
// document is in one part as a whole, so that nothing of what is evaluated was seen in training.

import { ConfigError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { type CorpusDocument } from './corpus-index';

/** How to split. */
export interface SplitOptions {
  /** The share of all tokens that validation documents have at most, above 0 and below 1. */
  readonly validationShare: number;
  /** Tokens of the shortest document that validation can use: what an evaluation is to read at once. */
  readonly minimumLength: number;
}

/** Both in the order of the corpus. */
export interface DocumentSplit {
  readonly training: readonly CorpusDocument[];
  readonly validation: readonly CorpusDocument[];
}

/**
 * Splits documents. Of those that are long enough, in the order of their ids' hashes, validation takes each that does not carry it over
 * its share; where none fits, the shortest of them.
 *
 * @throws ConfigError if none is long enough, or none would be left to train on
 */
export function splitDocuments(
  documents: readonly CorpusDocument[],
  { validationShare, minimumLength }: SplitOptions,
): DocumentSplit {
  const long = documents
    .filter(({ length }) => length >= minimumLength)
    .map((document) => ({ document, key: sha256(document.id) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ document }) => document);
  const [first] = long;
  if (first === undefined) {
    const longest = documents.reduce((most, { length }) => Math.max(most, length), 0);
    throw new ConfigError(
      `validation: no document has ${minimumLength} tokens, the longest has ${longest}; ask for fewer, or take a source with longer documents`,
    );
  }
  const budget = validationShare * documents.reduce((sum, { length }) => sum + length, 0);
  const chosen = new Set<CorpusDocument>();
  let taken = 0;
  for (const document of long) {
    if (taken + document.length > budget) continue;
    taken += document.length;
    chosen.add(document);
  }
  if (chosen.size === 0)
    chosen.add(long.reduce((least, one) => (one.length < least.length ? one : least), first));
  const training = documents.filter((document) => !chosen.has(document));
  if (training.every(({ length }) => length === 0))
    throw new ConfigError(
      `validation: ${first.id} is the only document, so none is left to train on; add a source of several documents`,
    );
  return { training, validation: documents.filter((document) => chosen.has(document)) };
}
