import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import type { Nfa } from '../../../lib/theory/automata/automaton';
import { codeOf, relationOf, transitionMonoid } from '../../../lib/theory/automata/monoid';
import { allWords, randomNfa } from '../../../lib/theory/automata/random';
import { compose, identityRelation, symbolRelations } from '../../../lib/theory/automata/relation';
import { degenerateNfas } from './arbitrary';

const smallNfas = fc
  .record({
    seed: fc.nat(2 ** 31 - 1),
    states: fc.integer({ min: 1, max: 4 }),
    symbols: fc.integer({ min: 1, max: 3 }),
    density: fc.double({ min: 0.1, max: 0.6, noNaN: true }),
  })
  .map(({ seed, ...size }) => randomNfa(Random.fromSeed(seed), size));

/** A word's relation as a number, by products of matrices. */
function codeOfWord(nfa: Nfa, word: readonly number[]): number {
  const relations = symbolRelations(nfa);
  const empty = identityRelation(nfa.states.length);
  return codeOf(word.reduce((product, symbol) => compose(product, relations[symbol] ?? empty), empty));
}

/** How many relations first appear at each length, up to `longest`, by trying every word. */
function byTrying(nfa: Nfa, longest: number): number[] {
  const seen = new Set<number>();
  const counts = new Array<number>(longest + 1).fill(0);
  for (const word of allWords(nfa.symbols, longest)) {
    const code = codeOfWord(
      nfa,
      word.map((symbol) => nfa.symbols.indexOf(symbol)),
    );
    if (!seen.has(code)) counts[word.length] = (counts[word.length] ?? 0) + 1;
    seen.add(code);
  }
  return counts;
}

describe('the transition monoid', () => {
  it('finds as many relations at each length as trying all words does', () => {
    fc.assert(
      fc.property(smallNfas, (nfa) => {
        const found = transitionMonoid(nfa).byLength.slice(0, 6);
        const tried = byTrying(nfa, 5);
        expect([...found, ...new Array<number>(6 - found.length).fill(0)]).toEqual(tried);
      }),
      { numRuns: 60 },
    );
  });

  it('has a shortest word for each of its relations, and is closed', () => {
    fc.assert(
      fc.property(smallNfas, (nfa) => {
        const { size, byLength, has, wordOf } = transitionMonoid(nfa);
        const states = nfa.states.length;
        const lengths = byLength.map(() => 0);
        for (let code = 0; code < 2 ** (states * states); code++) {
          if (!has(code)) continue;
          const word = wordOf(code);
          expect(codeOfWord(nfa, word)).toBe(code);
          lengths[word.length] = (lengths[word.length] ?? 0) + 1;
          for (const symbol of symbolRelations(nfa))
            expect(has(codeOf(compose(relationOf(code, states), symbol)))).toBe(true);
        }
        expect(lengths).toEqual(byLength);
        expect(lengths.reduce((sum, count) => sum + count, 0)).toBe(size);
      }),
      { numRuns: 25 },
    );
  });

  it.each(degenerateNfas)('has the relations of short words of "$name"', ({ automaton }) => {
    const { byLength, size } = transitionMonoid(automaton);
    expect(byTrying(automaton, byLength.length + 1)).toEqual([...byLength, 0, 0]);
    expect(size).toBe(byLength.reduce((sum, count) => sum + count, 0));
  });

  it('takes a relation for a number and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(2 ** 25 - 1), (states, number) => {
        const code = number % 2 ** (states * states);
        const relation = relationOf(code, states);
        expect(codeOf(relation)).toBe(code);
        expect(relation.entries).toHaveLength(states * states);
      }),
    );
  });

  it('refuses an automaton whose relations are too many', () => {
    const nfa = randomNfa(Random.fromSeed(1), { states: 6, symbols: 1, density: 0.5 });
    expect(() => transitionMonoid(nfa)).toThrow(
      new UsageError(
        'transition monoid: 6 states; relations of at most 5 are enumerated, as there are 2^(6 x 6) of 6',
      ),
    );
    const { wordOf } = transitionMonoid({ ...nfa, states: ['q0'], start: 'q0', transitions: [] });
    expect(wordOf(0)).toEqual([0]);
    expect(wordOf(1)).toEqual([]);
  });
});
