// What the segment tests share: the definition of bilevel positions in five lines, and random
// sequences.

import fc from 'fast-check';

/** Bilevel positions as the paper defines them, before clamping. */
export function referencePositions(ids: readonly number[], separators: readonly number[]) {
  const starts = ids.map((_, t) => t === 0 || separators.includes(ids[t - 1] ?? NaN));
  const segment = ids.map((_, t) => starts.slice(0, t + 1).filter(Boolean).length - 1);
  const intra = ids.map((_, t) => t - starts.lastIndexOf(true, t));
  return { intra, segment };
}

/** Token ids among which separators 1 and 2 are frequent. */
export const tokenIds = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 31_999 })),
  { maxLength: 60 },
);

/** None, one or both of the frequent ids, or one that hardly occurs. */
export const separatorIds = fc.constantFrom([], [1], [1, 2], [0, 1, 2, 3, 4], [31_999]);
