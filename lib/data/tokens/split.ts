// Documents to train on and documents to evaluate on, by chance and yet the same everywhere: the
// order of their ids' hashes decides. A document is in one part as a whole, so that nothing of what
// is evaluated was seen in training.

import { ConfigError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { type CorpusDocument } from './corpus-index';

/** Sizes of a split into training and validation documents. */
export interface ValidationSplit {
  /**
   * The share of the tokens of each modality that its validation documents have at most, above 0
   * and below 1.
   */
  readonly validationShare: number;
  /**
   * Tokens of the shortest document that validation can use: what an evaluation is to read at once.
   */
  readonly minimumLength: number;
}

/** Both in the order of the corpus. */
export interface DocumentSplit<Document> {
  readonly training: readonly Document[];
  readonly validation: readonly Document[];
}

type SplitDocument = Pick<CorpusDocument, 'id' | 'modality' | 'length'>;

/**
 * Splits the documents of each modality. Of those that are long enough, in the order of their ids'
 * hashes, validation takes each that does not carry it over its share; where none fits, the
 * shortest of them, unless it is the modality's only document.
 *
 * @throws ConfigError if none is long enough, or none can be taken
 */
export function splitDocuments<Document extends SplitDocument>(
  documents: readonly Document[],
  split: ValidationSplit,
): DocumentSplit<Document> {
  const modalities = new Set(documents.map(({ modality }) => modality));
  const chosen = new Set<Document>();
  for (const modality of modalities) {
    const alike = documents.filter((document) => document.modality === modality && document.length > 0);
    for (const document of validationOf(alike, split)) chosen.add(document);
  }
  if (chosen.size === 0) throw nothingToValidate(documents, split);
  return {
    training: documents.filter((document) => !chosen.has(document)),
    validation: documents.filter((document) => chosen.has(document)),
  };
}

function validationOf<Document extends SplitDocument>(
  documents: readonly Document[],
  { validationShare, minimumLength }: ValidationSplit,
): readonly Document[] {
  const long = documents
    .filter(({ length }) => length >= minimumLength)
    .map((document) => ({ document, key: sha256(document.id) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ document }) => document);
  const budget = validationShare * documents.reduce((sum, { length }) => sum + length, 0);
  let taken = 0;
  const fitting = long.filter(({ length }) => {
    const fits = taken + length <= budget;
    if (fits) taken += length;
    return fits;
  });
  if (fitting.length > 0 || documents.length < 2) return fitting;
  const shortest = Math.min(...long.map(({ length }) => length));
  return long.filter(({ length }) => length === shortest).slice(0, 1);
}

function nothingToValidate(
  documents: readonly SplitDocument[],
  { minimumLength }: ValidationSplit,
): ConfigError {
  const longest = documents.reduce((most, { length }) => Math.max(most, length), 0);
  return longest < minimumLength
    ? new ConfigError(
        `validation: no document has ${minimumLength} tokens, the longest has ${longest}; ask for fewer, or take a source with longer documents`,
      )
    : new ConfigError(
        'validation: a document that is the only one of its kind cannot be both trained on and evaluated; add a source of several documents',
      );
}
