// Input of an evaluation: documents in one sequence, and the windows in which a model reads them.
// Windows are given by their starts in the sequence; which tokens of a window count follows from
// the window before it.

import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { spreadPlaces } from '../base/spread';
import { lastAtMost, type TokenSequence } from '../data/tokens/sequence';

/** Joins documents to one sequence. */
export function joined(documents: readonly TokenSequence[]): TokenSequence {
  const begins = beginsOf(documents);
  return {
    length: documents.reduce((sum, { length }) => sum + length, 0),
    subarray: (start, end) => {
      const ids = new Int32Array(end - start);
      for (let done = 0, place = lastAtMost(begins, start); done < ids.length; place += 1) {
        const document = present(documents[place], 'document');
        const inside = start + done - present(begins[place], 'begin');
        const some = document.subarray(inside, Math.min(document.length, inside + ids.length - done));
        ids.set(some, done);
        done += some.length;
      }
      return ids;
    },
  };
}

/** Start of each document in the sequence: [documents], ascending. */
export function beginsOf(documents: readonly Pick<TokenSequence, 'length'>[]): Float64Array {
  const begins = new Float64Array(documents.length);
  for (let place = 1; place < begins.length; place += 1)
    begins[place] = (begins[place - 1] ?? 0) + (documents[place - 1]?.length ?? 0);
  return begins;
}

/**
 * Starts of the documents' windows in the sequence, [windows], ascending: in each document from its
 * first token on, as long as a whole window is left.
 *
 * @param stride tokens from one window of a document to the next
 * @throws ConfigError if no document is as long as a window
 */
export function windowStarts(
  documents: readonly Pick<TokenSequence, 'length'>[],
  length: number,
  stride: number,
): Float64Array {
  const counts = documents.map((one) =>
    one.length < length ? 0 : 1 + Math.floor((one.length - length) / stride),
  );
  const starts = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  if (starts.length === 0) {
    const longest = documents.reduce((most, one) => Math.max(most, one.length), 0);
    throw new ConfigError(
      `length ${length}: the longest document has ${longest} tokens; give longer documents or a shorter length`,
    );
  }
  let [begin, window] = [0, 0];
  documents.forEach((one, place) => {
    const end = window + present(counts[place], 'count');
    for (let start = begin; window < end; start += stride) starts[window++] = start;
    begin += one.length;
  });
  return starts;
}

/** A window and the tokens in it that count. */
export interface Window {
  /** Its start in the sequence. */
  readonly start: number;
  /** Its first token that counts, from 1: no earlier window had it, and it has context. */
  readonly first: number;
}

/**
 * Chooses windows to read: all of them, or as many as `most` tokens allow, at equal distances, so
 * that a part of a corpus is read in all of its documents and not in the first ones alone. The
 * tokens that count in a window do not depend on the choice.
 *
 * @param starts ascending
 */
export function chooseWindows(starts: Float64Array, length: number, most: number): Window[] {
  return spreadPlaces(starts.length, Math.max(1, Math.floor(most / length))).map((place) => {
    const start = present(starts[place], 'start');
    const before = place === 0 ? 0 : present(starts[place - 1], 'start') + length;
    return { start, first: Math.max(1, before - start) };
  });
}
