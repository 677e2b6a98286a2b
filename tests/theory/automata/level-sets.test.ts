import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BiNfa, Word } from '../../../lib/theory/automata/automaton';
import { flatten } from '../../../lib/theory/automata/flatten';
import { levelSimulator } from '../../../lib/theory/automata/level-sets';
import { compose, identityRelation, symbolRelations } from '../../../lib/theory/automata/relation';
import { biNfas, degenerateBiNfas, segmentsOf } from './arbitrary';

/**
 * The reachable pairs after a word: the start's row of the product of the flattened automaton's
 * relations.
 */
function reachablePairs(automaton: BiNfa, word: Word): string[] {
  const nfa = flatten(automaton);
  const size = nfa.states.length;
  const relations = symbolRelations(nfa);
  const product = word.reduce(
    (before, name) => compose(before, relations[nfa.symbols.indexOf(name)] ?? identityRelation(0)),
    identityRelation(size),
  );
  const start = nfa.states.indexOf(nfa.start);
  return nfa.states.filter((_, state) => product.entries[start * size + state] === 1);
}

describe('the sets of both levels', () => {
  const check = (automaton: BiNfa, word: Word): void => {
    const { states, run } = levelSimulator(automaton);
    const { segmentStates, subStates } = automaton;
    expect(states).toEqual([...segmentStates, ...subStates]);
    const bits = run(word);
    expect(bits).toHaveLength((word.length + 1) * states.length);
    for (let prefix = 0; prefix <= word.length; prefix += 1) {
      const row = bits.subarray(prefix * states.length, (prefix + 1) * states.length);
      const segments = segmentStates.filter((_, index) => row[index] === 1);
      const subs = subStates.filter((_, index) => row[segmentStates.length + index] === 1);
      const pairs = segments.flatMap((segment) => subs.map((sub) => `${segment},${sub}`));
      // All pairs of what is reachable on each level: nothing is lost by telling the levels apart.
      expect(pairs.sort()).toEqual(reachablePairs(automaton, word.slice(0, prefix)).sort());
      expect(segments.length === 0).toBe(subs.length === 0);
    }
  };

  it('are halves of the reachable pairs, which are all pairs of both, after every prefix', () => {
    const words = biNfas.chain((automaton) => fc.tuple(fc.constant(automaton), segmentsOf(automaton)));
    fc.assert(
      fc.property(words, ([automaton, word]) => {
        check(automaton, word);
      }),
    );
  });

  it.each(degenerateBiNfas)('of a degenerate automaton: $name', ({ automaton }) => {
    fc.assert(
      fc.property(segmentsOf(automaton), (word) => {
        check(automaton, word);
      }),
      { numRuns: 20 },
    );
  });
});
