import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { fragmentRelations } from '../../../lib/theory/automata/fragments';
import { codeOf, transitionMonoid } from '../../../lib/theory/automata/monoid';
import { randomNfa } from '../../../lib/theory/automata/random';
import { degenerateNfas } from './arbitrary';

const smallNfas = fc
  .record({
    seed: fc.nat(2 ** 31 - 1),
    states: fc.integer({ min: 1, max: 4 }),
    symbols: fc.integer({ min: 1, max: 3 }),
    density: fc.double({ min: 0.1, max: 0.6, noNaN: true }),
  })
  .map(({ seed, ...size }) => randomNfa(Random.fromSeed(seed), size));

describe('the relations of fragments', () => {
  it('are those of the transition monoid, each once', () => {
    fc.assert(
      fc.property(smallNfas, (nfa) => {
        const monoid = transitionMonoid(nfa);
        const { size, isComplete, relation } = fragmentRelations(nfa, monoid.size);
        const codes = Array.from({ length: size }, (_, index) => codeOf(relation(index)));
        expect(isComplete).toBe(true);
        expect(new Set(codes).size).toBe(monoid.size);
        expect(codes.every(monoid.has)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('are found up to a number of them, and the count says whether there are more', () => {
    fc.assert(
      fc.property(smallNfas, fc.integer({ min: 1, max: 40 }), (nfa, most) => {
        const { size } = transitionMonoid(nfa);
        const found = fragmentRelations(nfa, most);
        expect(found.size).toBe(Math.min(size, most));
        expect(found.isComplete).toBe(size <= most);
      }),
      { numRuns: 60 },
    );
  });

  it.each(degenerateNfas)('are those of the monoid of "$name"', ({ automaton }) => {
    expect(fragmentRelations(automaton, 1000).size).toBe(transitionMonoid(automaton).size);
  });

  it('can be searched for any number of states', () => {
    const nfa = randomNfa(Random.fromSeed(1), { states: 40, symbols: 2, density: 0.03 });
    const { size, isComplete, relation } = fragmentRelations(nfa, 500);
    expect(size).toBeGreaterThan(1);
    expect(isComplete ? size : 500).toBe(size);
    expect(relation(0).entries.filter((entry) => entry === 1)).toHaveLength(40);
    expect(() => relation(size)).toThrow(`relation ${size} of ${size}`);
  });
});
