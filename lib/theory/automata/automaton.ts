// Automata as people write them: states and symbols have names. What the theory's files hold, what
// pictures show, what the compiler is given. No dependency, so that a page in a browser can use it
// as it is.

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
 * A bilevel NFA (the project's definition; the paper's Section 3 names it): a sub-level automaton
 * reads the symbols of a segment from `subStart`; at a separator the segment level moves by where
 * the sub-level can be, and the sub-level starts anew.
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

/** Either kind. */
export type Automaton = Nfa | BiNfa;

/** A word: symbols and separators by name. */
export type Word = readonly string[];

/** The name of a pair of segment state and sub-state: a state of the flattened automaton. */
export function pairName(segmentState: string, subState: string): string {
  return `${segmentState},${subState}`;
}
