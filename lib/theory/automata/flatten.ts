// A bilevel automaton as the NFA it is in disguise, and either kind as an NFA: what the flat
// construction (absolute positions) is given, k |S| states for k sub-states and |S| segment states.

import { type Automaton, type BiNfa, type Nfa, pairName } from './automaton';

/**
 * The NFA on pairs (segment state, sub-state): a symbol moves the second, a separator moves the
 * first and puts the second back to its start. A pair accepts where its segment state does.
 *
 * @returns states `"s,k"`, those of one segment state side by side, in the order of `segmentStates`
 *   and `subStates`; the separators stand after the symbols
 */
export function flatten(automaton: BiNfa): Nfa {
  const { segmentStates, subStates, symbols, separators, subTransitions, segmentTransitions } = automaton;
  const withinSegments = segmentStates.flatMap((state) =>
    subTransitions.map(([from, symbol, to]) => [pairName(state, from), symbol, pairName(state, to)] as const),
  );
  const betweenSegments = segmentTransitions.map(
    ([from, subState, separator, to]) =>
      [pairName(from, subState), separator, pairName(to, automaton.subStart)] as const,
  );
  return {
    type: 'nfa',
    states: segmentStates.flatMap((state) => subStates.map((subState) => pairName(state, subState))),
    symbols: [...symbols, ...separators],
    start: pairName(automaton.segmentStart, automaton.subStart),
    accept: automaton.accept.flatMap((state) => subStates.map((subState) => pairName(state, subState))),
    transitions: [...withinSegments, ...betweenSegments],
  };
}

/** Either kind as an NFA. */
export function asNfa(automaton: Automaton): Nfa {
  return automaton.type === 'nfa' ? automaton : flatten(automaton);
}
