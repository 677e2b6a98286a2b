// Byte-pair encoding (Sennrich et al. 2016) in the variant of Llama 2: tokens are joined by rank,
// equal ranks from left to right, and characters outside the vocabulary become their UTF-8 bytes.
// Spaces, special tokens and names are handled by `llama2.ts`.

/** Rank of a pair that no merge joins. */
const none = 0x7fffffff;

/** Joins tokens of one stretch of text. Cost n log n in its length. */
export class BytePairEncoder {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #byteIds: Int32Array;
  /**
   * Rank by left id * vocabulary size + right id; the result of a merge is at
   * `#resultOfRank[rank]`.
   */
  readonly #rankOfPair = new Map<number, number>();
  readonly #resultOfRank: Int32Array;
  readonly #size: number;

  /**
   * @param pieces  the vocabulary: pieces[id]
   * @param merges  [left piece, right piece], the best first
   * @param byteIds id of the token for each of the 256 bytes
   */
  constructor(
    pieces: readonly string[],
    merges: readonly (readonly [left: string, right: string])[],
    byteIds: Int32Array,
  ) {
    this.#ids = new Map(pieces.map((piece, id) => [piece, id]));
    this.#byteIds = byteIds;
    this.#size = pieces.length;
    this.#resultOfRank = new Int32Array(merges.length);
    merges.forEach(([left, right], rank) => {
      this.#rankOfPair.set(this.#id(left) * this.#size + this.#id(right), rank);
      this.#resultOfRank[rank] = this.#id(left + right);
    });
  }

  #id(piece: string): number {
    const id = this.#ids.get(piece);
    if (id === undefined) throw new Error(`merge of a piece that is not in the vocabulary: ${piece}`);
    return id;
  }

  /** Token ids of `text`, which holds no lone surrogates. */
  encode(text: string): number[] {
    const ids = this.#characterIds(text);
    return ids.length < 2 ? ids : this.#merge(ids);
  }

  #characterIds(text: string): number[] {
    const ids: number[] = [];
    for (const character of text) {
      const id = this.#ids.get(character);
      if (id !== undefined) ids.push(id);
      else for (const byte of new TextEncoder().encode(character)) ids.push(this.#byteIds[byte] ?? 0);
    }
    return ids;
  }

  /**
   * Merges in place: `ids` as a linked list, candidates in a heap, stale candidates known by their
   * rank.
   */
  #merge(ids: number[]): number[] {
    const count = ids.length;
    const next = new Int32Array(count);
    const previous = new Int32Array(count);
    // Rank of the merge of position i with the one after it; `none` too for a position merged away.
    const ranks = new Int32Array(count).fill(none);
    const candidates = new MinHeap();
    const consider = (position: number): void => {
      const after = next[position] ?? count;
      const rank = after < count ? this.#rank(ids[position] ?? 0, ids[after] ?? 0) : none;
      ranks[position] = rank;
      if (rank !== none) candidates.push(rank * count + position);
    };
    for (let position = 0; position < count; position += 1) {
      next[position] = position + 1;
      previous[position] = position - 1;
    }
    for (let position = 0; position < count; position += 1) consider(position);

    for (let best = candidates.pop(); best !== undefined; best = candidates.pop()) {
      const position = best % count;
      const rank = (best - position) / count;
      if (ranks[position] !== rank) continue;
      const merged = next[position] ?? count;
      const after = next[merged] ?? count;
      ids[position] = this.#resultOfRank[rank] ?? 0;
      ranks[merged] = none;
      next[position] = after;
      if (after < count) previous[after] = position;
      consider(position);
      const before = previous[position] ?? -1;
      if (before >= 0) consider(before);
    }
    const result: number[] = [];
    for (let position = 0; position < count; position = next[position] ?? count)
      result.push(ids[position] ?? 0);
    return result;
  }

  #rank(left: number, right: number): number {
    return this.#rankOfPair.get(left * this.#size + right) ?? none;
  }
}

/** A binary heap of numbers. */
class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = items[parent] ?? 0;
      if (above <= item) break;
      items[place] = above;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    const size = items.length;
    if (last === undefined || size === 0) return top;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && (items[child + 1] ?? 0) < (items[child] ?? 0)) child += 1;
      const below = items[child] ?? 0;
      if (below >= last) break;
      items[place] = below;
      place = child;
    }
    items[place] = last;
    return top;
  }
}

/**
 * Places where text may be cut without changing its ids. A merge joins the last character of one
 * piece with the first of another; if no merge in the table joins two characters, no merge ever
 * reaches across them, and both sides are encoded independently. This holds by construction, for
 * any table.
 */
export class SafeCuts {
  /** Class of each UTF-16 code unit: 0 for those that no merge touches. */
  readonly #classOf = new Uint16Array(0x10000);
  readonly #joins: Uint8Array;
  readonly #classes: number;

  /**
   * @param merges the same as the encoder's; their end characters must be in the Basic Multilingual
   * Plane
   */
  constructor(merges: readonly (readonly [left: string, right: string])[]) {
    let classes = 1;
    const classify = (code: number): void => {
      if (code >= 0xd800 && code < 0xe000) throw new Error('a merge ends in a surrogate pair');
      if (this.#classOf[code] !== 0) return;
      this.#classOf[code] = classes;
      classes += 1;
    };
    for (const [left, right] of merges) {
      classify(left.charCodeAt(left.length - 1));
      classify(right.charCodeAt(0));
    }
    this.#classes = classes;
    this.#joins = new Uint8Array(classes * classes);
    for (const [left, right] of merges) {
      const row = this.#classOf[left.charCodeAt(left.length - 1)] ?? 0;
      this.#joins[row * classes + (this.#classOf[right.charCodeAt(0)] ?? 0)] = 1;
    }
  }

  /**
   * Treats one code unit as another, e.g. a space as the character that represents it in the
   * vocabulary.
   */
  alias(code: number, as: number): void {
    this.#classOf[code] = this.#classOf[as] ?? 0;
  }

  /**
   * The first safe cut after `start`: text.length if there is none before. Never inside a surrogate
   * pair.
   */
  next(text: string, start: number): number {
    let left = this.#classOf[text.charCodeAt(start)] ?? 0;
    for (let index = start + 1; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      const right = this.#classOf[code] ?? 0;
      const joined = this.#joins[left * this.#classes + right] === 1;
      if (!joined && !(code >= 0xdc00 && code < 0xe000)) return index;
      left = right;
    }
    return text.length;
  }
}
