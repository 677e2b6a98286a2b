// The windows in which an evaluation's model reads documents, given by their starts in the sequence
// of these; which tokens of a window count follows from the window before it.

import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { spreadPlaces } from '../base/spread';
import { type TokenSequence } from '../data/tokens/sequence';

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
