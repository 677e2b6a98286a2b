// Bilevel positions on arrays of token ids, whole or as they stream in: for analysis, for the
// command line, and for corpora longer than memory. `tensors.ts` has the same on tensors.

/** Bilevel positions of a run of tokens, each array [tokens]. */
export interface BilevelArrays {
  /** Place inside the segment, from 0. */
  readonly intra: Int32Array;
  /** Index of the segment, from 0. */
  readonly segment: Int32Array;
}

/** Position of the next token: all that must be kept of the tokens before it. */
export interface BilevelState {
  /** Its place inside its segment, before clamping. */
  readonly intra: number;
  /** Index of its segment. */
  readonly segment: number;
}

/** Options of a count. */
export interface BilevelOptions {
  /**
   * Rows of the intra-segment table: positions are clamped to `intraSize - 1`. Default: no
   * clamping.
   */
  readonly intraSize?: number;
  /** The state to continue from; default: the first token. */
  readonly from?: BilevelState;
}

/**
 * Bilevel positions of tokens that arrive in pieces; where the sequence is cut does not matter.
 *
 * A separator closes the segment it belongs to, so the token after it starts at intra 0 of the next
 * segment; two separators in a row make a segment of length 1 (BiPE, released code).
 */
export class BilevelStream {
  readonly #separators: ReadonlySet<number>;
  readonly #lastRow: number;
  #intra: number;
  #segment: number;

  constructor(separators: readonly number[], options: BilevelOptions = {}) {
    this.#separators = new Set(separators);
    this.#lastRow = checkIntraSize(options.intraSize ?? 2 ** 31) - 1;
    this.#intra = options.from?.intra ?? 0;
    this.#segment = options.from?.segment ?? 0;
  }

  /** Position of the next token; pass it as `from` to continue elsewhere. */
  get state(): BilevelState {
    return { intra: this.#intra, segment: this.#segment };
  }

  /**
   * Positions of the next tokens.
   *
   * @param ids  token ids, [tokens]
   * @param into arrays of at least that length to write to, instead of new ones
   */
  push(ids: ArrayLike<number>, into?: BilevelArrays): BilevelArrays {
    const count = ids.length;
    const intra = into?.intra ?? new Int32Array(count);
    const segment = into?.segment ?? new Int32Array(count);
    if (intra.length < count || segment.length < count)
      throw new RangeError(`arrays of ${intra.length} and ${segment.length} for ${count} tokens`);
    const separators = this.#separators;
    const lastRow = this.#lastRow;
    let [place, index] = [this.#intra, this.#segment];
    for (let token = 0; token < count; token += 1) {
      intra[token] = place < lastRow ? place : lastRow;
      segment[token] = index;
      if (separators.has(ids[token] ?? 0)) {
        place = 0;
        index += 1;
      } else place += 1;
    }
    this.#intra = place;
    this.#segment = index;
    return { intra, segment };
  }
}

/** Bilevel positions of a whole sequence, [tokens] each. */
export function bilevelArrays(
  ids: ArrayLike<number>,
  separators: readonly number[],
  options: BilevelOptions = {},
): BilevelArrays {
  return new BilevelStream(separators, options).push(ids);
}

/**
 * Checks the number of rows. A wrong one is a mistake of the program: configurations are checked
 * before.
 */
function checkIntraSize(intraSize: number): number {
  if (Number.isInteger(intraSize) && intraSize >= 1) return intraSize;
  throw new RangeError(`intraSize must be a whole number of rows, at least 1, not ${intraSize}`);
}
