// Fragments of words in contexts: a fragment x in the context (u, v) is the word u x v, which is
// accepted or not. For the witness automaton, the context (q, r) accepts x exactly if x leads from
// q to r. So relations show in which words are accepted, without a look inside the automaton.

import { present } from '../../base/present';
import type { Nfa, Word } from '../automata/automaton';
import { simulator } from '../automata/simulate';

/** The words read before and after a fragment. */
export interface Context {
  readonly before: Word;
  readonly after: Word;
}

/** `count` turns of the witness automaton. */
export function turns(count: number): Word {
  return Array.from({ length: count }, () => 'turn');
}

/**
 * The n^2 contexts of the witness: (q, r) turns the start to q, and r to the accepting state;
 * ordered by q, then r.
 */
export function witnessContexts({ states }: Nfa): Context[] {
  const size = states.length;
  return states.flatMap((_from, from) =>
    states.map((_to, to) => ({ before: turns(from), after: turns((size - to) % size) })),
  );
}

/**
 * Makes rows of the table of fragments by contexts, by the set simulator.
 *
 * @returns a function from a fragment to its row: [contexts], 1 where the context accepts it
 */
export function contextRow(automaton: Nfa, contexts: readonly Context[]): (fragment: Word) => Uint8Array {
  const { states, run } = simulator(automaton);
  const accepting = automaton.accept.map((state) => states.indexOf(state));
  return (fragment) =>
    Uint8Array.from(contexts, ({ before, after }) => {
      const word = [...before, ...fragment, ...after];
      const sets = run(word);
      return accepting.some((state) => sets[word.length * states.length + state] === 1) ? 1 : 0;
    });
}

/**
 * For each pair of states, a word of the witness that leads from the first to the second, and from
 * no other state to any: [n^2] words, in the order of `witnessContexts`. Repeated drops and turns
 * leave one state.
 */
export function singleArrowWords({ states }: Nfa): Word[] {
  const size = states.length;
  if (size === 1) return [[]];
  const oneLeft = Array.from({ length: size - 1 }, () => ['drop', 'turn']).flat();
  // The second state is the one that is left, and it ends as the first.
  return states.flatMap((_from, from) =>
    states.map((_to, to) => [...turns((size + 1 - from) % size), ...oneLeft, ...turns(to)]),
  );
}

/** The word of these indices of symbols. */
export function wordOfIndices({ symbols }: Nfa, indices: readonly number[]): Word {
  return indices.map((index) => present(symbols[index], 'symbol'));
}
