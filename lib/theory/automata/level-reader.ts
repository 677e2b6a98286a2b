// Moves the reachable sets of a Bi-NFA on both levels, symbol by symbol: for drawing words after
// which some state is reachable, or none.

import { present } from '../../base/present';
import type { BiNfa } from './automaton';
import { indexOfNames, type Relation, separatorRelations, subRelations } from './relation';

/** A Bi-NFA that is ready to read words on both levels. */
export class LevelReader {
  /** The start alone, [segment states]. */
  readonly segmentStart: Uint8Array;
  /** The start alone, [sub-states]. */
  readonly subStart: Uint8Array;
  private readonly subs: ReadonlyMap<string, Relation>;
  /** By separator, then by sub-state. */
  private readonly segments: ReadonlyMap<string, readonly Relation[]>;

  constructor(automaton: BiNfa) {
    const { segmentStates, subStates, symbols, separators } = automaton;
    const [ofSymbols, ofSeparators] = [subRelations(automaton), separatorRelations(automaton)];
    this.segmentStart = only(automaton.segmentStart, segmentStates);
    this.subStart = only(automaton.subStart, subStates);
    this.subs = new Map(symbols.map((name, index) => [name, present(ofSymbols[index], name)]));
    this.segments = new Map(separators.map((name, index) => [name, present(ofSeparators[index], name)]));
  }

  /** The sub-states after one more symbol, [sub-states]. */
  symbol(reached: Uint8Array, name: string): Uint8Array {
    return image(reached, present(this.subs.get(name), name));
  }

  /**
   * The segment states after a separator, by the sub-states reached before it, [segment states].
   */
  separator(from: Uint8Array, reached: Uint8Array, name: string): Uint8Array {
    const next = new Uint8Array(from.length);
    for (const [subState, relation] of present(this.segments.get(name), name).entries())
      if (reached[subState] === 1)
        for (const [state, bit] of image(from, relation).entries()) if (bit === 1) next[state] = 1;
    return next;
  }
}

function only(name: string, names: readonly string[]): Uint8Array {
  const states = new Uint8Array(names.length);
  states[present(indexOfNames(names).get(name), name)] = 1;
  return states;
}

/** The image of a set of states under a relation. */
function image(states: Uint8Array, { columns, entries }: Relation): Uint8Array {
  const next = new Uint8Array(columns);
  for (const [row, bit] of states.entries())
    if (bit === 1)
      for (let column = 0; column < columns; column++)
        if (entries[row * columns + column] === 1) next[column] = 1;
  return next;
}
