// Documents of a corpus as one sequence of ids, which stays on the disk: what blocks are cut from,
// and what an evaluation reads.

import { present } from '../../base/present';
import { type Corpus } from './corpus';
import { type CorpusDocument } from './corpus-index';

/** Token ids: an Int32Array, or what reads them where they are asked for. */
export interface TokenSequence {
  readonly length: number;
  /** Ids from `start` up to `end`. */
  readonly subarray: (start: number, end: number) => Int32Array;
}

/**
 * The sequence of some documents of a corpus, in the order given; those between them are left out.
 */
export function documentSequence(
  corpus: Pick<Corpus, 'read'>,
  documents: readonly Pick<CorpusDocument, 'start' | 'length'>[],
): TokenSequence {
  // Documents that follow each other in the file are read as one.
  const runs: { readonly start: number; length: number }[] = [];
  for (const { start, length } of documents) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.length === start) last.length += length;
    else runs.push({ start, length });
  }
  return joined(
    runs.map(({ start, length }) => ({
      length,
      subarray: (from, to) => corpus.read(start + from, to - from),
    })),
  );
}

/** Joins sequences to one. */
export function joined(parts: readonly TokenSequence[]): TokenSequence {
  const begins = beginsOf(parts);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return {
    length,
    subarray: (start, end) => {
      if (start < 0 || end < start || end > length)
        throw new RangeError(`tokens ${start} to ${end} of a sequence of ${length}`);
      const ids = new Int32Array(end - start);
      for (let done = 0, place = lastAtMost(begins, start); done < ids.length; place += 1) {
        const part = present(parts[place], 'part');
        const inside = start + done - present(begins[place], 'begin');
        const some = part.subarray(inside, Math.min(part.length, inside + ids.length - done));
        ids.set(some, done);
        done += some.length;
      }
      return ids;
    },
  };
}

/** Start of each part in the joined sequence: [parts], ascending. */
export function beginsOf(parts: readonly Pick<TokenSequence, 'length'>[]): Float64Array {
  const begins = new Float64Array(parts.length);
  for (let place = 1; place < begins.length; place += 1)
    begins[place] = (begins[place - 1] ?? 0) + (parts[place - 1]?.length ?? 0);
  return begins;
}

/** The place of the last of ascending numbers that is not above `value`. */
export function lastAtMost(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= value) low = middle;
    else high = middle;
  }
  return low;
}
