// The relations of an automaton's fragments, searched up to a number of them, for any number of
// states. `monoid.ts` finds all relations of up to five states, with their words; this one stops
// early, and its count is a lower bound then.
//
// A relation is a list of sets, one for each state that a fragment may begin in. A symbol moves
// every set, and few different sets occur, so a product is a look-up for each state: the relations
// are the joint states of n runs of the subset automaton.

import type { Nfa } from './automaton';
import { identityRelation, type Relation, symbolRelations } from './relation';

/** The relations that a search has found. */
export interface FragmentRelations {
  readonly automaton: Nfa;
  /** Number of different relations, that of the empty fragment included. */
  readonly size: number;
  /** False if the search has stopped early; there are more relations than `size` then. */
  readonly isComplete: boolean;
  /** The relation found as the `index`-th, in the order of the length of fragments. */
  readonly relation: (index: number) => Relation;
}

/**
 * Searches the relations of an automaton's fragments by breadth, from the empty fragment on.
 *
 * @param most the search stops when it has found so many relations and there is one more
 */
export function fragmentRelations(automaton: Nfa, most: number): FragmentRelations {
  const size = automaton.states.length;
  const sets = new Sets(automaton);
  const { rows, columns, entries } = identityRelation(size);
  const first = Array.from({ length: rows }, (_, row) =>
    sets.idOf(entries.subarray(row * columns, (row + 1) * columns)),
  );
  const found = [Int32Array.from(first)];
  const known = new Set([keyOf(first)]);
  let isComplete = true;
  for (let place = 0; place < found.length && isComplete; place++)
    for (let symbol = 0; symbol < automaton.symbols.length; symbol++) {
      const product = found[place]?.map((set) => sets.moved(set, symbol)) ?? new Int32Array();
      const key = keyOf(product);
      if (known.has(key)) continue;
      if (found.length >= most) {
        isComplete = false;
        break;
      }
      known.add(key);
      found.push(product);
    }
  return {
    automaton,
    size: found.length,
    isComplete,
    relation: (index) => {
      const ids = found[index];
      if (ids === undefined) throw new Error(`relation ${index} of ${found.length}`);
      return { rows, columns, entries: Uint8Array.from([...ids].flatMap((id) => [...sets.of(id)])) };
    },
  };
}

/** A list of small numbers as a string, for look-ups. */
function keyOf(numbers: Iterable<number>): string {
  return String.fromCodePoint(...numbers);
}

/** The sets of states that occur, by number, and where symbols lead from them. */
class Sets {
  private readonly sets: Uint8Array[] = [];
  private readonly ids = new Map<string, number>();
  /** By number and symbol, once it was asked for. */
  private readonly moves = new Map<number, number>();
  private readonly relations: readonly Relation[];

  constructor(automaton: Nfa) {
    this.relations = symbolRelations(automaton);
  }

  of(id: number): Uint8Array {
    const set = this.sets[id];
    if (set === undefined) throw new Error(`set ${id} of ${this.sets.length}`);
    return set;
  }

  idOf(set: Uint8Array): number {
    const key = String(set);
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.ids.set(key, this.sets.length);
    return this.sets.push(set) - 1;
  }

  /** The set that a symbol leads to. */
  moved(id: number, symbol: number): number {
    const place = id * this.relations.length + symbol;
    const known = this.moves.get(place);
    if (known !== undefined) return known;
    const relation = this.relations[symbol];
    if (relation === undefined) throw new Error(`symbol ${symbol} of ${this.relations.length}`);
    const image = new Uint8Array(relation.columns);
    this.of(id).forEach((isIn, state) => {
      if (isIn !== 1) return;
      for (let target = 0; target < image.length; target++)
        image[target] = (image[target] ?? 0) | (relation.entries[state * relation.columns + target] ?? 0);
    });
    const moved = this.idOf(image);
    this.moves.set(place, moved);
    return moved;
  }
}
