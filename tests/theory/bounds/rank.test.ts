import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowSpace } from '../../../lib/theory/bounds/rank';

const prime = 2n ** 31n - 1n;

/**
 * Rank modulo a prime that is larger than any minor of small matrices, so that it is the rank over
 * the rationals.
 */
function rankModuloPrime(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => row.map((entry) => ((BigInt(entry) % prime) + prime) % prime));
  let rank = 0;
  for (let column = 0; column < (rows[0]?.length ?? 0); column++) {
    const found = rows.findIndex((row, index) => index >= rank && row[column] !== 0n);
    const pivot = rows[found];
    if (pivot === undefined) continue;
    rows.splice(found, 1);
    rows.splice(rank, 0, pivot);
    for (const row of rows.slice(rank + 1)) {
      const [own, other] = [pivot[column] ?? 0n, row[column] ?? 0n];
      row.forEach((entry, index) => {
        row[index] = (((entry * own - (pivot[index] ?? 0n) * other) % prime) + prime) % prime;
      });
    }
    rank += 1;
  }
  return rank;
}

function rankOf(matrix: readonly (readonly number[])[]): number {
  const space = new RowSpace();
  matrix.forEach((row) => space.add(row));
  return space.rank;
}

/**
 * Products of [rows, inner] and [inner, columns]: of rank `inner` at most, and often of less than
 * they could be.
 */
const matrices = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, inner, columns]) => {
    const entries = fc.integer({ min: -1, max: 1 });
    const matrix = (height: number, width: number) =>
      fc.array(fc.array(entries, { minLength: width, maxLength: width }), {
        minLength: height,
        maxLength: height,
      });
    return fc.tuple(matrix(rows, inner), matrix(inner, columns), fc.constant(columns));
  })
  .map(([left, right, columns]) =>
    left.map((row) =>
      Array.from({ length: columns }, (_, column) =>
        row.reduce((sum, entry, place) => sum + entry * (right[place]?.[column] ?? 0), 0),
      ),
    ),
  );

describe('the rank over the rationals', () => {
  it('is that modulo a large prime, and that of the transposed matrix', () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const rank = rankOf(matrix);
        expect(rank).toBe(rankModuloPrime(matrix));
        expect(rankOf((matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0)))).toBe(
          rank,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('grows with a row that is new, and tells one that is not', () => {
    const space = new RowSpace();
    expect(
      [
        [1, 2, 3],
        [2, 4, 6],
        [0, 0, 0],
        [1, 2, 4],
        [0, 0, 7],
        [5, 0, 0],
      ].map((row) => space.add(row)),
    ).toEqual([true, false, false, true, false, true]);
    expect(space.rank).toBe(3);
  });

  it('does not lose digits where floating point would', () => {
    const large = 2 ** 53 - 1;
    expect(
      rankOf([
        [large, large - 1],
        [large - 1, large - 2],
      ]),
    ).toBe(2);
    expect(
      rankOf([
        [large, 2 * (2 ** 52 - 1)],
        [large, 2 * (2 ** 52 - 1)],
      ]),
    ).toBe(1);
  });
});
