// Divides expressions into training and testing by a hash of the expression, so that the two sets
// are disjoint for any seeds, sizes and numbers of operators.

/** The two disjoint sets of expressions. */
export type ArithmeticSplit = 'train' | 'test';

/** Hashes below this belong to testing: a tenth of all. */
const testBound = Math.floor(2 ** 32 / 10);

/**
 * The set of an expression: about a tenth of all expressions are for testing.
 *
 * @param ids   token ids of the expression, without `=`: those from `start` to before `end`
 */
export function splitOf(ids: ArrayLike<number>, start = 0, end = ids.length): ArithmeticSplit {
  return hashTokens(ids, start, end) < testBound ? 'test' : 'train';
}

/**
 * A 32-bit hash of some tokens: FNV-1a, then the final mixing of MurmurHash3, without which the
 * upper bits of short inputs are far from uniform. Never change it: it decides the training data.
 */
export function hashTokens(ids: ArrayLike<number>, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ (ids[index] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
