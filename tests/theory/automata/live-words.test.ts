import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import type { BiNfa } from '../../../lib/theory/automata/automaton';
import { liveWords } from '../../../lib/theory/automata/live-words';
import { simulate } from '../../../lib/theory/automata/simulate';
import { biNfas } from './arbitrary';

const sizes = fc.record({
  seed: fc.nat(),
  length: fc.nat(60),
  maxSegmentLength: fc.nat(6),
});

describe('a live word', () => {
  it('leads somewhere after every prefix, has its length, and segments that are short enough', () => {
    fc.assert(
      fc.property(biNfas, sizes, (automaton, { seed, ...size }) => {
        const word = liveWords(automaton, size)(Random.fromSeed(seed));
        fc.pre(word !== undefined);
        expect(word).toHaveLength(size.length);
        expect(simulate(automaton, word).every((states) => states.length > 0)).toBe(true);
        let open = 0;
        for (const name of word) {
          open = automaton.separators.includes(name) ? 0 : open + 1;
          expect(open).toBeLessThanOrEqual(size.maxSegmentLength);
        }
      }),
    );
  });

  it('is the same for the same seed, and the beginning of a longer one', () => {
    const automaton = alternating();
    const draw = (length: number) =>
      liveWords(automaton, { length, maxSegmentLength: 3 })(Random.fromSeed(4)) ?? [];
    expect(draw(50).slice(0, 20)).toEqual(draw(20));
    expect(draw(20)).toHaveLength(20);
  });

  it('is any that the automaton can read: no readable segment is left out', () => {
    // Segments of a alone and of b alone take turns; each may have one symbol or two.
    const seen = new Set<string>();
    const draw = liveWords(alternating(), { length: 40, maxSegmentLength: 2 });
    const random = Random.fromSeed(9);
    for (let word = 0; word < 50; word += 1)
      for (const [index, segment] of (draw(random) ?? []).join('').split(';').slice(0, -1).entries())
        seen.add(`${index % 2} ${segment}`);
    expect([...seen].sort()).toEqual(['0 a', '0 aa', '1 b', '1 bb']);
  });

  it('is not there where nothing can be read', () => {
    const nowhere = { ...alternating(), segmentTransitions: [] };
    expect(liveWords(nowhere, { length: 5, maxSegmentLength: 2 })(Random.fromSeed(1))).toBeUndefined();
  });
});

/** A segment of a is followed by one of b, and so on. */
function alternating(): BiNfa {
  return {
    type: 'bi-nfa',
    segmentStates: ['a next', 'b next'],
    segmentStart: 'a next',
    accept: [],
    subStates: ['empty', 'as', 'bs'],
    subStart: 'empty',
    symbols: ['a', 'b'],
    separators: [';'],
    subTransitions: [
      ['empty', 'a', 'as'],
      ['as', 'a', 'as'],
      ['empty', 'b', 'bs'],
      ['bs', 'b', 'bs'],
    ],
    segmentTransitions: [
      ['a next', 'as', ';', 'b next'],
      ['b next', 'bs', ';', 'a next'],
    ],
  };
}
