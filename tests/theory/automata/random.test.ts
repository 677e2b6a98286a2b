import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import { problemsOf } from '../../../lib/theory/automata/problems';
import { allWords, randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { degenerateAutomata, randomSegments } from '../../support/automata';
import { biNfas, nfas } from './arbitrary';

describe('a random automaton', () => {
  it('is sound and accepts somewhere', () => {
    fc.assert(
      fc.property(fc.oneof(nfas, biNfas), (automaton) => {
        expect(problemsOf(automaton)).toEqual([]);
        expect(automaton.accept.length).toBeGreaterThan(0);
      }),
    );
  });

  it('has the sizes asked for, whatever they are', () => {
    const bi = randomBiNfa(Random.fromSeed(1), {
      subStates: 3,
      segmentStates: 5,
      symbols: 60,
      separators: 7,
      density: 0.1,
    });
    expect([bi.subStates, bi.segmentStates, bi.symbols, bi.separators].map((names) => names.length)).toEqual([
      3, 5, 60, 7,
    ]);
    expect(problemsOf(bi)).toEqual([]);
  });

  it('has each arrow with the probability asked for', () => {
    const size = { states: 10, symbols: 10 };
    const arrows = (density: number): number =>
      randomNfa(Random.fromSeed(7), { ...size, density }).transitions.length;
    expect([arrows(0), arrows(1)]).toEqual([0, 1000]);
    // Six standard deviations.
    expect(Math.abs(arrows(0.3) - 300)).toBeLessThan(6 * Math.sqrt(1000 * 0.3 * 0.7));
    const { segmentTransitions } = randomBiNfa(Random.fromSeed(7), {
      subStates: 8,
      segmentStates: 8,
      symbols: 1,
      separators: 2,
      density: 0.5,
    });
    expect(Math.abs(segmentTransitions.length - 512)).toBeLessThan(6 * Math.sqrt(1024 * 0.25));
  });

  it('is the same for the same seed', () => {
    const make = (seed: number): unknown =>
      randomNfa(Random.fromSeed(seed), { states: 4, symbols: 2, density: 0.5 });
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
  });
});

describe('a random word of segments', () => {
  it('has that many segments, none longer than asked, the last one open or not', () => {
    const endings = new Set<boolean>();
    const lengths = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const random = Random.fromSeed(seed);
      const size = { subStates: 2, segmentStates: 2, symbols: 2, separators: 2, density: 0.5 };
      const automaton = randomBiNfa(random, size);
      const word = randomSegments(random, automaton, { segments: 5, maxSegmentLength: 3 });
      const isSeparator = (name: string): boolean => automaton.separators.includes(name);
      const parts = word
        .map((name) => (isSeparator(name) ? '\n' : name))
        .join('')
        .split('\n');
      endings.add(parts.length === 6);
      expect(parts.length === 6 ? parts[5] : '').toBe('');
      expect([5, 6]).toContain(parts.length);
      for (const part of parts.slice(0, 5)) lengths.add(part.length);
    }
    expect(endings).toEqual(new Set([false, true]));
    expect(lengths).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe('all words', () => {
  it('are those of at most that length, each once, shorter ones first', () => {
    expect([...allWords(['a', 'b'], 2)].map((word) => word.join(''))).toEqual([
      '',
      'a',
      'b',
      'aa',
      'ab',
      'ba',
      'bb',
    ]);
    expect(new Set([...allWords(['a', 'b', 'c'], 5)].map(String)).size).toBe((3 ** 6 - 1) / 2);
    expect([...allWords([], 3)]).toEqual([[]]);
  });
});

describe('the degenerate automata', () => {
  it('are sound, of both kinds, and named differently', () => {
    const list = degenerateAutomata();
    for (const { automaton } of list) expect(problemsOf(automaton)).toEqual([]);
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
    expect(new Set(list.map(({ automaton }) => automaton.type)).size).toBe(2);
  });

  it('have symbols or separators', () => {
    for (const { automaton } of degenerateAutomata()) expect(alphabetOf(automaton).length).toBeGreaterThan(0);
  });
});
