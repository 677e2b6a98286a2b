// The carried construction: one set of states for each token, as wide as there are states, and a
// layer for each symbol. A layer passes each token's set on to the next token, which moves it by
// its own symbol. After l layers the first l symbols have the set of their prefix.

import type { Nfa } from '../automata/automaton';
import { identityRelation, type Relation, symbolRelations } from '../automata/relation';
import type { Register, RelationProgram } from './program';

/** The register that says which token it is: the start, or a symbol. */
export const tokenRegister = 'token';

/** The set of states of a prefix. */
export const statesRegister = 'states';

/** Relations by kind of token: the start moves nothing. */
export function relationsByToken(automaton: Nfa): Relation[] {
  return [identityRelation(automaton.states.length), ...symbolRelations(automaton)];
}

/** A row of zeros but for a 1: [1, size]. */
export function unitRow(size: number, at: number): Relation {
  const entries = new Uint8Array(size);
  entries[at] = 1;
  return { rows: 1, columns: size, entries };
}

/** The register of the token's kind. */
export function tokenOf({ symbols }: Nfa): Register {
  const columns = ['start', ...symbols];
  return {
    name: tokenRegister,
    rows: [''],
    columns,
    initial: columns.map((_, kind) => unitRow(columns.length, kind)),
  };
}

/** A register of a set of states, with the start state in the start token's. */
export function startingSet(name: string, { states, symbols, start }: Nfa): Register {
  const initial = [unitRow(states.length, states.indexOf(start)), ...symbols.map(() => undefined)];
  return { name, rows: [''], columns: states, initial };
}

/** The carried construction: width O(n), and as many layers as symbols. */
export function carriedProgram(automaton: Nfa, maxLength: number): RelationProgram {
  const states = startingSet(statesRegister, automaton);
  const relations = relationsByToken(automaton);
  return {
    automaton,
    bounds: { encoding: 'carried', maxLength },
    registers: [tokenOf(automaton), states],
    scratch: [{ name: 'copied', rows: [''], columns: automaton.states }],
    instructions: Array.from({ length: maxLength }, () => ({
      op: 'carry',
      register: statesRegister,
      source: { among: 'word', back: 1 },
      relations,
    })),
    reads: [{ name: 'states', register: statesRegister, row: 0, anewAtSeparators: false }],
  };
}
