// Flattens a bilevel automaton to an NFA with k |S| states, for k sub-states and |S| segment
// states: the input of the flat construction (absolute positions).

import { type Automaton, type BiNfa, type Nfa, pairName } from './automaton';

/**
 * The NFA on pairs (segment state, sub-state). A symbol moves the sub-state; a separator moves the
 * segment state and resets the sub-state. A pair accepts if its segment state does.
 *
 * @returns states `"s,k"` in the order of `segmentStates`, then `subStates`; symbols, then
 *   separators
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

/** An automaton of either kind as an NFA. */
export function asNfa(automaton: Automaton): Nfa {
  return automaton.type === 'nfa' ? automaton : flatten(automaton);
}
