// Automata with named states and symbols: the form of files, pictures, and the compiler's input.

/** A nondeterministic finite automaton without empty moves. */
export interface Nfa {
  readonly type: 'nfa';
  readonly states: readonly string[];
  readonly symbols: readonly string[];
  readonly start: string;
  readonly accept: readonly string[];
  /** [from, symbol, to] */
  readonly transitions: readonly (readonly [string, string, string])[];
}

/**
 * A bilevel NFA (the project's definition; the paper's Section 3 names it). A sub-level automaton
 * reads the symbols of a segment from `subStart`. At a separator the segment state moves by the
 * sub-state reached, and the sub-level restarts.
 */
export interface BiNfa {
  readonly type: 'bi-nfa';
  readonly segmentStates: readonly string[];
  readonly segmentStart: string;
  /** Segment states that accept. */
  readonly accept: readonly string[];
  readonly subStates: readonly string[];
  readonly subStart: string;
  readonly symbols: readonly string[];
  readonly separators: readonly string[];
  /** [sub-state, symbol, sub-state] */
  readonly subTransitions: readonly (readonly [string, string, string])[];
  /** [segment state, sub-state, separator, segment state] */
  readonly segmentTransitions: readonly (readonly [string, string, string, string])[];
}

/** An automaton of either kind. */
export type Automaton = Nfa | BiNfa;

/** A word: names of symbols and separators. */
export type Word = readonly string[];

/** The name of a pair of segment state and sub-state: a state of the flattened automaton. */
export function pairName(segmentState: string, subState: string): string {
  return `${segmentState},${subState}`;
}

/** An automaton with a name for figures and tables. */
export interface NamedAutomaton {
  readonly name: string;
  readonly automaton: Automaton;
}
