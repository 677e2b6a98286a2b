// The transition monoid of an NFA: the relations between its states that words have. Breadth-first
// search finds each with a shortest word. Their number says how much a summary of a fragment must
// hold (Theorem 3.1).
//
// A relation is one number here: bit q * states + r is set where r is reached from q. Five states
// make 25 bits, and a search over 33.5 million relations in about 300 MB.

import { UsageError } from '../../base/errors';
import type { ProgressTask } from '../../base/progress';
import type { Nfa } from './automaton';
import { identityRelation, type Relation, symbolRelations } from './relation';

/** The most states for which a relation is one number and all relations fit into memory. */
export const mostMonoidStates = 5;

/** The relations of all words of an NFA. */
export interface TransitionMonoid {
  readonly automaton: Nfa;
  /** Number of relations. */
  readonly size: number;
  /** Number of relations by the length of their shortest word, from 0 on; sums to `size`. */
  readonly byLength: readonly number[];
  /** Checks if some word has this relation. */
  readonly has: (code: number) => boolean;
  /**
   * A shortest word with this relation, as indices of symbols. The relation must be in the monoid.
   */
  readonly wordOf: (code: number) => number[];
}

/** Encodes a square relation as a number. */
export function codeOf({ entries }: Pick<Relation, 'entries'>): number {
  return entries.reduce((code, entry, place) => (entry === 1 ? code | (1 << place) : code), 0);
}

/** Decodes a relation from its number. */
export function relationOf(code: number, states: number): Relation {
  return {
    rows: states,
    columns: states,
    entries: Uint8Array.from({ length: states * states }, (_, place) => (code >>> place) & 1),
  };
}

/**
 * Enumerates the relations of all words of an automaton, the empty word included.
 *
 * @param progress is updated with the number of relations found
 * @throws UsageError for more than five states
 */
export function transitionMonoid(automaton: Nfa, progress?: Pick<ProgressTask, 'update'>): TransitionMonoid {
  const states = automaton.states.length;
  if (states > mostMonoidStates)
    throw new UsageError(
      `transition monoid: ${states} states; relations of at most ${mostMonoidStates} are enumerated, as there are 2^(${states} x ${states}) of ${states}`,
    );
  const symbols = automaton.symbols.length;
  const { low, high, lowBits, highBits } = productTables(symbolRelations(automaton).map(codeOf), states);
  const lowMask = 2 ** lowBits - 1;
  const relations = 2 ** (states * states);
  const identity = codeOf(identityRelation(states));
  // 0: not found; 1: the identity; 2 + s: first found by appending symbol s to the word of
  // `before`.
  const last = new Uint8Array(relations);
  const before = new Uint32Array(relations);
  const found = new Uint32Array(relations);
  found[0] = identity;
  last[identity] = 1;
  const byLength = [1];
  let count = 1;
  for (let start = 0; start < count;) {
    const end = count;
    for (let place = start; place < end; place++) {
      const code = found[place] ?? 0;
      for (let symbol = 0; symbol < symbols; symbol++) {
        const product =
          (low[(symbol << lowBits) | (code & lowMask)] ?? 0) |
          (high[(symbol << highBits) | (code >>> lowBits)] ?? 0);
        if (last[product] !== 0) continue;
        last[product] = symbol + 2;
        before[product] = code;
        found[count++] = product;
      }
    }
    progress?.update(count);
    if (count > end) byLength.push(count - end);
    start = end;
  }
  const has = (code: number): boolean => (last[code] ?? 0) !== 0;
  return {
    automaton,
    size: count,
    byLength,
    has,
    wordOf(code) {
      if (!has(code)) throw new Error(`no word has the relation ${code}`);
      const word: number[] = [];
      for (let at = code; at !== identity; at = before[at] ?? identity) word.push((last[at] ?? 2) - 2);
      return word.reverse();
    },
  };
}

/**
 * Tables of products of a relation with each symbol's on its right, for its lower and its upper
 * rows.
 */
interface ProductTables {
  /** [symbols, 2^lowBits] */
  readonly low: Uint32Array;
  /** [symbols, 2^highBits] */
  readonly high: Uint32Array;
  readonly lowBits: number;
  readonly highBits: number;
}

function productTables(symbols: readonly number[], states: number): ProductTables {
  const mask = 2 ** states - 1;
  const imageOf = (row: number, right: number): number => {
    let image = 0;
    for (let state = 0; state < states; state++)
      if (((row >>> state) & 1) === 1) image |= (right >>> (state * states)) & mask;
    return image;
  };
  const table = (firstRow: number, rows: number): Uint32Array => {
    const size = 2 ** (rows * states);
    const products = new Uint32Array(symbols.length * size);
    symbols.forEach((right, symbol) => {
      const images = Uint32Array.from({ length: 2 ** states }, (_, row) => imageOf(row, right));
      for (let code = 0; code < size; code++) {
        let product = 0;
        for (let row = 0; row < rows; row++)
          product |= (images[(code >>> (row * states)) & mask] ?? 0) << ((firstRow + row) * states);
        products[symbol * size + code] = product;
      }
    });
    return products;
  };
  const lowRows = Math.ceil(states / 2);
  const highRows = states - lowRows;
  return {
    low: table(0, lowRows),
    high: table(lowRows, highRows),
    lowBits: lowRows * states,
    highBits: highRows * states,
  };
}
