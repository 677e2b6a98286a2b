// The price of a fragment of an automaton's word: log2 of the number of its relations, the bits of
// a summary that tells which states lead to which, whatever came before. Beside it, what the
// registers of the compiled networks hold.

import type { Automaton } from '../automata/automaton';
import { asNfa } from '../automata/flatten';
import { fragmentRelations } from '../automata/fragments';

/** The price of a fragment. */
export interface FragmentPrice {
  /** States of the automaton, flattened if it has two levels. */
  readonly states: number;
  /** Different relations that were found. */
  readonly relations: number;
  /** False if there are more relations than that, and the price is a lower bound. */
  readonly isComplete: boolean;
  /** log2 of `relations`. */
  readonly bits: number;
  /** Bits in the registers of each construction. */
  readonly registers: RegisterBits;
}

/**
 * Bits in the registers with which a token remembers a fragment, wherever it begins; null where the
 * construction is not for this automaton.
 */
export interface RegisterBits {
  /** n^2: a relation between the states, flattened. */
  readonly flat: number;
  /**
   * k^2 + |S|^2 + k, and log2 of what a first separator can be: the summary of `compileCompact`.
   */
  readonly compact: number | null;
  /**
   * The registers of `compileBiPE`, k^2 + |S|^2: they hold fragments of a segment, and fragments
   * of whole segments, but not those in between.
   */
  readonly bilevel: number | null;
}

/** The most relations that `fragmentPrice` looks for unless told otherwise. */
const relationsByDefault = 20_000;

/**
 * The price of a fragment of an automaton, by a search for its relations.
 *
 * @param most relations to look for; with more of them, the price is a lower bound
 */
export function fragmentPrice(automaton: Automaton, most = relationsByDefault): FragmentPrice {
  const flat = asNfa(automaton);
  const { size, isComplete } = fragmentRelations(flat, most);
  const states = flat.states.length;
  return {
    states,
    relations: size,
    isComplete,
    bits: Math.log2(size),
    registers: { flat: states ** 2, ...levelBits(automaton) },
  };
}

function levelBits(automaton: Automaton): Pick<RegisterBits, 'compact' | 'bilevel'> {
  if (automaton.type === 'nfa') return { compact: null, bilevel: null };
  const [k, s] = [automaton.subStates.length, automaton.segmentStates.length];
  // Its first separator: one of them, the start, or none.
  const firsts = automaton.separators.length + 2;
  return { compact: k ** 2 + s ** 2 + k + Math.log2(firsts), bilevel: k ** 2 + s ** 2 };
}
