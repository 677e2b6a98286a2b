// Blocks of a length, cut from documents: as the released code does it, across the borders of
// documents, or within each. A block is known by its start in the sequence of the documents' ids,
// one document after the other (`documentSequence`).

import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { type CorpusDocument } from './corpus-index';

/** A rule by which blocks are cut. */
export type BlockRule = 'concatenated' | 'documents';

/**
 * Documents that the released code joins before it cuts (train.py:
 * `map(group_texts, batched=True)`, whose batches have 1,000): what is left at the end of each such
 * group is dropped. (It spreads a training set over 64 processes first; that is not done here.)
 */
const groupSize = 1000;

/**
 * Beginnings of blocks in the sequence of `documents`: [blocks], ascending.
 *
 * @param rule `concatenated`: the ids of all documents one after the other, cut into blocks, the
 *   rest dropped; `documents`: no block has tokens of two documents, and the rest of each is
 *   dropped
 * @throws ConfigError if there is not one block
 */
export function blockStarts(
  documents: readonly Pick<CorpusDocument, 'length'>[],
  length: number,
  rule: BlockRule,
): Float64Array {
  return startsIn(
    rule === 'documents' ? documents.map((one) => one.length) : groupLengths(documents),
    length,
  );
}

/**
 * Beginnings of the blocks of the released code's evaluation: as `concatenated`, but of each group
 * of documents it drops the last whole block too (eval.py: `total_length // block_size * block_size
 * - block_size`).
 *
 * @throws ConfigError if there is not one block
 */
export function releasedEvaluationStarts(
  documents: readonly Pick<CorpusDocument, 'length'>[],
  length: number,
): Float64Array {
  return startsIn(groupLengths(documents), length, 1);
}

function groupLengths(documents: readonly Pick<CorpusDocument, 'length'>[]): number[] {
  return Array.from({ length: Math.ceil(documents.length / groupSize) }, (_, group) =>
    documents.slice(group * groupSize, (group + 1) * groupSize).reduce((sum, one) => sum + one.length, 0),
  );
}

/** Blocks of each piece of a sequence, but for its last ones. */
function startsIn(pieces: readonly number[], length: number, dropped = 0): Float64Array {
  if (!Number.isInteger(length) || length < 1)
    throw new ConfigError(`blocks of ${length} tokens: the length must be an integer of 1 or more`);
  const counts = pieces.map((tokens) => Math.max(0, Math.floor(tokens / length) - dropped));
  const starts = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let [begin, block] = [0, 0];
  pieces.forEach((tokens, piece) => {
    const end = block + present(counts[piece], 'count');
    for (let start = begin; block < end; start += length) starts[block++] = start;
    begin += tokens;
  });
  if (starts.length === 0) {
    const longest = pieces.reduce((most, tokens) => Math.max(most, tokens), 0);
    const none =
      longest < length
        ? `there is none in ${longest} tokens`
        : `there is one in ${longest} tokens, and the released code drops the last one`;
    throw new ConfigError(
      `blocks of ${length} tokens: ${none}; take shorter blocks or a text of ${(dropped + 1) * length} tokens or more`,
    );
  }
  return starts;
}
