// Segment ends that are like those of the paper's separators in one respect, and have nothing else
// of them: their number, their distances, or how often they occur.

import { type SegmentEnds, type SegmentRule } from '../../../segment/ends';

/** What is to be like the segments that the separators `paper` cut. */
export interface LikeEnds {
  /**
   * `mean`: each segment is as long as those are on average; `lengths`: each is as long as one of
   * those, drawn at random; `frequency`: the rarest tokens end segments, as many as are as frequent
   * together.
   */
  readonly like: 'mean' | 'lengths' | 'frequency';
}

/** Rules that cut as long segments as given ones, whatever the text says. */
export interface RulesLike {
  readonly mean: SegmentRule;
  readonly lengths: SegmentRule;
}

/** The ends of each likeness. */
export type EndsLike = Readonly<Record<LikeEnds['like'], SegmentEnds>>;

/** Values that stand for a distribution. */
const quantiles = 64;

/**
 * Rules whose segments are as long as given ones.
 *
 * @param lengths of segments, at least one
 */
export function rulesLike(lengths: ArrayLike<number>, seed: number): RulesLike {
  const sorted = Int32Array.from(lengths).sort();
  const mean = sorted.reduce((sum, length) => sum + length, 0) / sorted.length;
  const at = (place: number): number => sorted[Math.floor(((place + 0.5) / quantiles) * sorted.length)] ?? 1;
  return {
    mean: { kind: 'every', tokens: Math.max(1, Math.round(mean)) },
    lengths: { kind: 'random', lengths: Array.from({ length: quantiles }, (_, place) => at(place)), seed },
  };
}

/**
 * The rarest tokens: without context, those of the highest surprise. As many as together are
 * closest to a share of a text; tokens that the text does not have are among them.
 *
 * @param ids of the text, at least one
 * @param share of its tokens, between 0 and 1
 * @returns token ids, ascending
 */
export function rarestTokens(
  ids: Iterable<number> & { readonly length: number },
  vocabularySize: number,
  share: number,
): number[] {
  const counts = new Float64Array(vocabularySize);
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  const byCount = [...counts.keys()].sort(
    (one, other) => (counts[one] ?? 0) - (counts[other] ?? 0) || one - other,
  );
  const rarest: number[] = [];
  let left = share * ids.length;
  for (const id of byCount) {
    const count = counts[id] ?? 0;
    if (count > 2 * left) break;
    rarest.push(id);
    left -= count;
  }
  return rarest.sort((one, other) => one - other);
}
