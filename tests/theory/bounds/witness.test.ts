import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import type { Nfa, Word } from '../../../lib/theory/automata/automaton';
import { transitionMonoid } from '../../../lib/theory/automata/monoid';
import { randomWord } from '../../../lib/theory/automata/random';
import { compose, identityRelation, symbolRelations } from '../../../lib/theory/automata/relation';
import { isAccepted } from '../../../lib/theory/automata/simulate';
import {
  contextRow,
  singleArrowWords,
  witnessContexts,
  wordOfIndices,
} from '../../../lib/theory/bounds/contexts';
import { witnessAutomaton } from '../../../lib/theory/bounds/witness';

/** Entries of a word's relation, by products of matrices. */
function entriesOf(nfa: Nfa, word: Word): number[] {
  const relations = symbolRelations(nfa);
  const empty = identityRelation(nfa.states.length);
  return [
    ...word.reduce(
      (product, symbol) => compose(product, relations[nfa.symbols.indexOf(symbol)] ?? empty),
      empty,
    ).entries,
  ];
}

const sizes = fc.integer({ min: 1, max: 7 });

describe('the witness automaton', () => {
  it.each([1, 2, 3, 4])('has words of every relation between %i states', (states) => {
    expect(transitionMonoid(witnessAutomaton(states)).size).toBe(2 ** (states * states));
  });

  it.each([2, 3, 4])('of %i states needs every symbol but the one that changes nothing', (states) => {
    const whole = witnessAutomaton(states);
    for (const left of whole.symbols) {
      const { size } = transitionMonoid({
        ...whole,
        symbols: whole.symbols.filter((symbol) => symbol !== left),
        transitions: whole.transitions.filter(([, symbol]) => symbol !== left),
      });
      expect(size === 2 ** (states * states), left).toBe(left === 'stay');
    }
  });

  it('has as many symbols as are known to be needed, and one to stay', () => {
    // Least generating sets of all Boolean matrices: Hivert, Mitchell, Smith, Wilson, arXiv
    // 2012.10323; of monoids, so 1 for n = 1.
    expect([1, 2, 3, 4, 5].map((states) => witnessAutomaton(states).symbols.length - 1)).toEqual([
      1, 3, 5, 7, 13,
    ]);
  });

  it('is refused for a number of states that there is not', () => {
    for (const states of [0, 1.5, -1])
      expect(() => witnessAutomaton(states)).toThrow(
        new UsageError(`witness automaton: ${states} states; it must be a whole number of at least 1`),
      );
  });
});

describe('the contexts of the witness', () => {
  it('show a fragment’s relation, entry by entry, to one who sees only what is accepted', () => {
    fc.assert(
      fc.property(sizes, fc.nat(1000), fc.nat(20), (states, seed, length) => {
        const automaton = witnessAutomaton(states);
        const word = randomWord(Random.fromSeed(seed), automaton.symbols, length);
        const row = contextRow(automaton, witnessContexts(automaton))(word);
        expect([...row]).toEqual(entriesOf(automaton, word));
      }),
      { numRuns: 60 },
    );
  });

  it('accept the words that the set simulator accepts', () => {
    const automaton = witnessAutomaton(3);
    const contexts = witnessContexts(automaton);
    const word = ['turn', 'join', 'prime1', 'drop'];
    const row = contextRow(automaton, contexts)(word);
    expect([...row]).toEqual(
      contexts.map(({ before, after }) => (isAccepted(automaton, [...before, ...word, ...after]) ? 1 : 0)),
    );
  });

  it('have for each pair of states a word that leads from the one to the other alone', () => {
    fc.assert(
      fc.property(sizes, (states) => {
        const automaton = witnessAutomaton(states);
        singleArrowWords(automaton).forEach((word, place) => {
          const entries = entriesOf(automaton, word);
          expect(entries.map((entry, index) => (entry === 1 ? index : -1)).filter((at) => at >= 0)).toEqual([
            place,
          ]);
        });
      }),
    );
  });

  it('name words by the indices of their symbols', () => {
    expect(wordOfIndices(witnessAutomaton(2), [1, 3, 0])).toEqual(['turn', 'drop', 'stay']);
  });
});
