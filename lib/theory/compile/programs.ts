// The program of each encoding.

import type { Automaton } from '../automata/automaton';
import type { Bounds } from '../network/network';
import { carriedProgram } from './carried';
import { compactProgram } from './compact';
import { bilevelProgram, flatProgram, type RelationProgram } from './program';
import { spreadProgram } from './spread';

/** The program of an automaton; undefined if the encoding is not for this kind of automaton. */
export function programFor(automaton: Automaton, bounds: Bounds): RelationProgram | undefined {
  if (automaton.type === 'nfa')
    switch (bounds.encoding) {
      case 'ape':
        return flatProgram(automaton, bounds.maxLength);
      case 'carried':
        return carriedProgram(automaton, bounds.maxLength);
      case 'spread':
        return spreadProgram(automaton, bounds.maxLength);
      default:
        return undefined;
    }
  switch (bounds.encoding) {
    case 'compact':
      return compactProgram(automaton, bounds.maxLength);
    case 'bipe':
      return bilevelProgram(automaton, bounds);
    default:
      return undefined;
  }
}
