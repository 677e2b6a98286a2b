// Words that test a network: what their sets of states are, by the set simulator.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import type { BiNfa, Word } from '../../../lib/theory/automata/automaton';
import { randomBiNfa } from '../../../lib/theory/automata/random';
import { simulator } from '../../../lib/theory/automata/simulate';
import { testWords } from '../../../lib/theory/automata/test-words';
import { symbolsInSegments } from '../../../lib/theory/network/words';

/** Whether some state is reachable after each prefix. */
function alive(automaton: BiNfa, word: Word): boolean[] {
  const { run, states } = simulator(automaton);
  const sets = run(word);
  return Array.from({ length: word.length + 1 }, (_, prefix) =>
    sets.subarray(prefix * states.length, (prefix + 1) * states.length).includes(1),
  );
}

const sizes = fc.record({
  segments: fc.integer({ min: 1, max: 8 }),
  maxSegmentLength: fc.integer({ min: 1, max: 6 }),
});

/** With about one arrow from a state for each symbol, so that some words end and some do not. */
const automata = fc
  .record({
    seed: fc.nat(),
    subStates: fc.integer({ min: 1, max: 5 }),
    segmentStates: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ seed, ...levels }) => {
    const density = Math.min(0.8, 1.2 / Math.max(levels.subStates, levels.segmentStates));
    return randomBiNfa(Random.fromSeed(seed), { ...levels, symbols: 3, separators: 2, density });
  });

describe('words that test a network', () => {
  it('live ones have a reachable state after every prefix, and segments within the bounds', () => {
    fc.assert(
      fc.property(automata, sizes, fc.nat(), (automaton, size, seed) => {
        const word = testWords(automaton, size).live(Random.fromSeed(seed));
        fc.pre(word !== undefined);
        expect(alive(automaton, word)).not.toContain(false);
        const lengths = symbolsInSegments(word, new Set(automaton.separators));
        expect(lengths).toHaveLength(size.segments);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(size.maxSegmentLength);
      }),
    );
  });

  it('ending ones have none from their first symbol on, and would be live without it', () => {
    fc.assert(
      fc.property(automata, sizes, fc.nat(), (automaton, size, seed) => {
        const word = testWords(automaton, size).ending(Random.fromSeed(seed));
        fc.pre(word !== undefined);
        expect(alive(automaton, word)).toEqual([true, ...word.map(() => false)]);
        expect(alive(automaton, word.slice(1))).not.toContain(false);
        // So is what follows the first segment, read from the start.
        expect(alive(automaton, word.slice(size.maxSegmentLength + 1))).not.toContain(false);
        expect(symbolsInSegments(word, new Set(automaton.separators))).toEqual(
          Array.from({ length: size.segments }, () => size.maxSegmentLength),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('are the same with the same seed', () => {
    fc.assert(
      fc.property(automata, fc.nat(), (automaton, seed) => {
        const { live, ending } = testWords(automaton, { segments: 4, maxSegmentLength: 4 });
        const draw = () => [live(Random.fromSeed(seed)), ending(Random.fromSeed(seed))];
        expect(draw()).toEqual(draw());
      }),
      { numRuns: 20 },
    );
  });
});
