// Random automata and words for fast-check: a seed that it prints, and sizes that it shrinks.

import fc from 'fast-check';
import { Random } from '../../../lib/engine/random/random';
import type { BiNfa, Nfa, Word } from '../../../lib/theory/automata/automaton';
import { randomBiNfa, randomNfa, randomWord } from '../../../lib/theory/automata/random';
import { degenerateAutomata, randomSegments } from '../../support/automata';

const seeds = fc.nat(2 ** 31 - 1);
const counts = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const densities = fc.double({ min: 0, max: 1, noNaN: true });

export const nfas: fc.Arbitrary<Nfa> = fc
  .record({ seed: seeds, states: counts(6), symbols: counts(4), density: densities })
  .map(({ seed, ...size }) => randomNfa(Random.fromSeed(seed), size));

export const biNfas: fc.Arbitrary<BiNfa> = fc
  .record({
    seed: seeds,
    subStates: counts(5),
    segmentStates: counts(5),
    symbols: counts(3),
    separators: counts(4),
    density: densities,
  })
  .map(({ seed, ...size }) => randomBiNfa(Random.fromSeed(seed), size));

/** A random word of an NFA's symbols. */
export const wordsOf = ({ symbols }: Nfa, maxLength = 20): fc.Arbitrary<Word> =>
  fc
    .tuple(seeds, fc.nat(maxLength))
    .map(([seed, length]) => randomWord(Random.fromSeed(seed), symbols, length));

/** A random word of segments. */
export const segmentsOf = (automaton: BiNfa): fc.Arbitrary<Word> =>
  fc
    .record({ seed: seeds, segments: counts(10), maxSegmentLength: fc.nat(5) })
    .map(({ seed, ...size }) => randomSegments(Random.fromSeed(seed), automaton, size));

/** The degenerate automata of one kind. */
export const degenerateNfas = degenerateAutomata().flatMap(({ name, automaton }) =>
  automaton.type === 'nfa' ? [{ name, automaton }] : [],
);
export const degenerateBiNfas = degenerateAutomata().flatMap(({ name, automaton }) =>
  automaton.type === 'bi-nfa' ? [{ name, automaton }] : [],
);
