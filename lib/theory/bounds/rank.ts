// The exact rank of integer matrices over the rationals, by elimination without fractions in
// integers of any size.

/** The space that rows span; it grows as rows are added. */
export class RowSpace {
  /** Echelon form: each row by the place of its first nonzero entry. */
  private readonly rows = new Map<number, bigint[]>();

  get rank(): number {
    return this.rows.size;
  }

  /** Adds a row of integers, as long as the others; returns true if the rank grew. */
  add(row: ArrayLike<number>): boolean {
    let rest = Array.from(row, BigInt);
    for (let place = 0; place < rest.length; place++) {
      const entry = rest[place] ?? 0n;
      if (entry === 0n) continue;
      const pivot = this.rows.get(place);
      if (pivot === undefined) {
        this.rows.set(place, rest);
        return true;
      }
      const factor = pivot[place] ?? 0n;
      rest = reduced(rest.map((value, index) => value * factor - (pivot[index] ?? 0n) * entry));
    }
    return false;
  }
}

/** Divides a row by the greatest common divisor, so that entries stay small. */
function reduced(row: bigint[]): bigint[] {
  const divisor = row.reduce((common, value) => greatestCommonDivisor(common, value), 0n);
  return divisor > 1n ? row.map((value) => value / divisor) : row;
}

/** The greatest common divisor, at least 0; 0 only for two zeros. */
function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
