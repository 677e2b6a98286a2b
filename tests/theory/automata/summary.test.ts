import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { asNfa, flatten } from '../../../lib/theory/automata/flatten';
import { randomBiNfa, randomNfa, randomWord } from '../../../lib/theory/automata/random';
import { compose } from '../../../lib/theory/automata/relation';
import { simulator } from '../../../lib/theory/automata/simulate';
import {
  fragmentSummary,
  relationOfFragment,
  relationOfSummary,
  sameRelation,
} from '../../../lib/theory/automata/summary';
import { biNfas, segmentsOf } from './arbitrary';

describe('the summary of a fragment', () => {
  it('gives its relation between all pairs, as the flattened automaton does', () => {
    fc.assert(
      fc.property(
        biNfas.chain((automaton) => fc.tuple(fc.constant(automaton), segmentsOf(automaton))),
        ([automaton, word]) => {
          const found = relationOfSummary(automaton, fragmentSummary(automaton, word));
          expect(found).toEqual(relationOfFragment(asNfa(automaton), word));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has four parts after a separator, and one without', () => {
    const size = { subStates: 3, segmentStates: 2, symbols: 2, separators: 2, density: 0.5 };
    const automaton = randomBiNfa(Random.fromSeed(1), size);
    const [a = '', b = ''] = automaton.symbols;
    const [first = '', second = ''] = automaton.separators;
    expect(fragmentSummary(automaton, [a, b]).after).toBeNull();
    const { before, after } = fragmentSummary(automaton, [a, second, b, first, a]);
    expect([before.rows, before.columns]).toEqual([3, 3]);
    expect(after?.first).toBe(second);
    expect([after?.closed.rows, after?.since.rows, after?.since.columns]).toEqual([2, 1, 3]);
    expect(() => fragmentSummary(automaton, [a, 'nothing'])).toThrow(/^fragment: symbol 2, "nothing"/);
  });
});

it('the relation of a fragment has the sets of the simulator in the row of the start', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 0, max: 8 }), (seed, length) => {
      const random = Random.fromSeed(seed);
      const nfa = randomNfa(random, { states: 4, symbols: 2, density: 0.4 });
      const word = randomWord(random, nfa.symbols, length);
      const start = nfa.states.indexOf(nfa.start);
      const row = relationOfFragment(nfa, word).entries.slice(4 * start, 4 * start + 4);
      expect(row).toEqual(
        simulator(nfa)
          .run(word)
          .slice(4 * length),
      );
    }),
    { numRuns: 60 },
  );
});

it('relations of different sizes are not compared', () => {
  const size = { subStates: 2, segmentStates: 2, symbols: 1, separators: 1, density: 0.5 };
  const relation = relationOfFragment(flatten(randomBiNfa(Random.fromSeed(1), size)), []);
  expect(sameRelation(relation, compose(relation, relation))).toBe(true);
  const small = { rows: 1, columns: 2, entries: Uint8Array.of(0, 1) };
  expect(() => sameRelation(relation, small)).toThrow(/4 x 4 and 1 x 2 entries/);
});
