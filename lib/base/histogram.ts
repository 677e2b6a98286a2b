// Counts of whole numbers: exact quantiles of millions of values, in memory that grows with the
// distinct values only.

/** Counts of whole numbers. */
export class Histogram {
  private readonly counts = new Map<number, number>();
  private sum = 0;

  /** A histogram from pairs of value and count, as `pairs` gives them. */
  static of(pairs: Iterable<readonly [value: number, count: number]>): Histogram {
    const histogram = new Histogram();
    for (const [value, count] of pairs) histogram.add(value, count);
    return histogram;
  }

  add(value: number, count = 1): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    this.sum += count;
  }

  addAll(values: Iterable<number>): void {
    for (const value of values) this.add(value);
  }

  /** Number of values counted. */
  get total(): number {
    return this.sum;
  }

  /** The distinct values in order, each with its count. */
  get pairs(): [value: number, count: number][] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }

  /** The share of values below `limit`, 0 to 1; NaN without values. */
  shareBelow(limit: number): number {
    let below = 0;
    for (const [value, count] of this.counts) if (value < limit) below += count;
    return below / this.sum;
  }

  /**
   * The smallest value that at least a share `probability` of the values does not exceed (the
   * inverse of the empirical distribution function); NaN without values.
   */
  quantile(probability: number): number {
    let below = 0;
    let last = Number.NaN;
    for (const [value, count] of this.pairs) {
      below += count;
      last = value;
      if (below >= probability * this.sum) return value;
    }
    return last;
  }

  /** The arithmetic mean; NaN without values. */
  get mean(): number {
    let weighted = 0;
    for (const [value, count] of this.counts) weighted += value * count;
    return weighted / this.sum;
  }
}
