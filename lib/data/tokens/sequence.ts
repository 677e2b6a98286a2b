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
  // Documents that follow each other in the file are one run: `begin` in this sequence, `start` in
  // the file.
  const runs: { readonly begin: number; readonly start: number; length: number }[] = [];
  let total = 0;
  for (const { start, length } of documents) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + last.length === start) last.length += length;
    else runs.push({ begin: total, start, length });
    total += length;
  }
  const begins = Float64Array.from(runs, ({ begin }) => begin);
  return {
    length: total,
    subarray: (start, end) => {
      if (start < 0 || end < start || end > total)
        throw new RangeError(`tokens ${start} to ${end} of a sequence of ${total}`);
      const count = end - start;
      const ids = new Int32Array(count);
      for (let done = 0, place = lastAtMost(begins, start); done < count; place += 1) {
        const run = present(runs[place], 'run');
        const inside = start + done - run.begin;
        const some = Math.min(count - done, run.length - inside);
        ids.set(corpus.read(run.start + inside, some), done);
        done += some;
      }
      return ids;
    },
  };
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
