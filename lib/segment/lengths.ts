// Lengths of the segments of a sequence, whole or as it streams in: the data of Figure 1.

/** Segment lengths of tokens that arrive in pieces. */
export class SegmentLengthStream {
  readonly #separators: ReadonlySet<number>;
  #openLength = 0;

  constructor(separators: readonly number[]) {
    this.#separators = new Set(separators);
  }

  /** Tokens so far in the last segment if no separator has closed it, else 0. */
  get openLength(): number {
    return this.#openLength;
  }

  /** Lengths of the segments that the next tokens close, their separators included. */
  push(ids: ArrayLike<number>): Int32Array {
    const lengths = new Int32Array(ids.length);
    const separators = this.#separators;
    const count = ids.length;
    let [closed, begin] = [0, -this.#openLength];
    for (let token = 0; token < count; token += 1) {
      if (!separators.has(ids[token] ?? 0)) continue;
      lengths[closed] = token + 1 - begin;
      closed += 1;
      begin = token + 1;
    }
    this.#openLength = count - begin;
    return lengths.slice(0, closed);
  }
}

/**
 * Tokens in each segment of a sequence, [segments]; they sum to the number of tokens. A last
 * segment that no separator closes counts like any other, so there are as many as the last token's
 * segment index + 1; an empty sequence has none.
 */
export function segmentLengths(ids: ArrayLike<number>, separators: readonly number[]): Int32Array {
  const stream = new SegmentLengthStream(separators);
  const closed = stream.push(ids);
  if (stream.openLength === 0) return closed;
  const all = new Int32Array(closed.length + 1);
  all.set(closed);
  all[closed.length] = stream.openLength;
  return all;
}
