// Compiled networks against the set simulator: all short words of many automata, long words of many
// bilevel ones, and automata in which something is missing.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import { type Automaton, type BiNfa } from '../../../lib/theory/automata/automaton';
import { asNfa, flatten } from '../../../lib/theory/automata/flatten';
import { allWords, randomBiNfa, randomNfa, randomWord } from '../../../lib/theory/automata/random';
import { degenerateAutomata, randomSegments } from '../../support/automata';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { type Network, stateNames } from '../../../lib/theory/network/network';
import { trace } from '../../../lib/theory/network/plain';
import { runWords } from '../../../lib/theory/network/run';
import { tokenReader } from '../../../lib/theory/network/words';
import { compareWithSimulator, addComparisons, noComparison } from '../../../lib/theory/compile/verify';
import { useNativeEngine } from '../../support/engine';

useNativeEngine();

/**
 * Arrows so that words neither die out at once nor reach everything: one or two from a state for
 * each symbol.
 */
function someDensity(random: Random, states: number): number {
  return Math.min(1, random.uniform(0.6, 1.8) / states);
}

describe('a network with absolute positions', () => {
  it('knows the reachable states after every prefix of all words up to length 8, for 200 automata', async () => {
    const random = Random.fromSeed(11);
    let total = noComparison;
    for (let round = 0; round < 200; round++) {
      const states = 1 + (round % 4);
      const automaton = randomNfa(random, { states, symbols: 2, density: someDensity(random, states) });
      const activation = round % 4 === 3 ? 'relu' : 'gelu';
      const network = compileApe(automaton, 8, { activation });
      total = addComparisons(total, await compareWithSimulator(network, allWords(automaton.symbols, 8)));
    }
    expect(total).toMatchObject({ words: 200 * 511, mismatches: 0 });
  });

  it('has ceil(log2 length) layers and a width that grows by twice the square of the states', () => {
    const random = Random.fromSeed(1);
    for (const [length, depth] of [
      [1, 0],
      [2, 1],
      [8, 3],
      [9, 4],
      [64, 6],
    ] as const) {
      const width = (states: number): number =>
        compileApe(randomNfa(random, { states, symbols: 2, density: 0.3 }), length).layout.width;
      expect(
        compileApe(randomNfa(random, { states: 3, symbols: 2, density: 0.3 }), length).layers,
      ).toHaveLength(depth);
      expect(width(5) - width(2)).toBe(2 * (25 - 4));
    }
  });

  it('is right on long words', async () => {
    const random = Random.fromSeed(5);
    const automaton = randomNfa(random, { states: 4, symbols: 3, density: 0.35 });
    const words = [1000, 1024, 513].map((length) => randomWord(random, automaton.symbols, length));
    expect(await compareWithSimulator(compileApe(automaton, 1024), words)).toMatchObject({ mismatches: 0 });
  });
});

describe('a network with bilevel positions', () => {
  const sizes = [1, 2, 3, 4, 6, 8];
  const grid = sizes.flatMap((subStates) => sizes.map((segmentStates) => ({ subStates, segmentStates })));

  it('knows the reachable states after every prefix of long words, for 200 automata of every size', async () => {
    const random = Random.fromSeed(12);
    let total = noComparison;
    for (let round = 0; round < 200; round++) {
      const { subStates, segmentStates } = grid[round % grid.length] ?? { subStates: 1, segmentStates: 1 };
      const automaton = randomBiNfa(random, {
        subStates,
        segmentStates,
        symbols: random.integer(1, 4),
        separators: random.integer(1, 3),
        density: someDensity(random, Math.max(subStates, segmentStates)),
      });
      const words = [64, random.integer(1, 65)].map((segments) =>
        randomSegments(random, automaton, { segments, maxSegmentLength: 16 }),
      );
      const network = compileBiPE(automaton, { maxSegmentLength: 16, maxSegments: 64 });
      total = addComparisons(total, await compareWithSimulator(network, words));
    }
    expect(total).toMatchObject({ words: 400, mismatches: 0 });
    expect(total.prefixes).toBeGreaterThan(100_000);
  });

  it('agrees with the flattened automaton, compiled with absolute positions, on all short words', async () => {
    const random = Random.fromSeed(13);
    for (let round = 0; round < 12; round++) {
      const automaton = randomBiNfa(random, {
        subStates: random.integer(1, 4),
        segmentStates: random.integer(1, 4),
        symbols: 2,
        separators: 1,
        density: 0.4,
      });
      const words = [...allWords(alphabetOf(automaton), 6)];
      const [flat, bilevel] = [
        compileApe(flatten(automaton), 6),
        compileBiPE(automaton, { maxSegmentLength: 6, maxSegments: 6 }, { activation: 'relu' }),
      ];
      expect(stateNames(flat)).toEqual(stateNames(bilevel));
      expect(await setsOf(bilevel, words)).toEqual(await setsOf(flat, words));
    }
  });

  it('is k^2 + |S|^2 wide, and the larger square once more, beside what every token has', () => {
    const random = Random.fromSeed(1);
    const width = (subStates: number, segmentStates: number): number =>
      compileBiPE(
        randomBiNfa(random, { subStates, segmentStates, symbols: 2, separators: 1, density: 0.3 }),
        { maxSegmentLength: 16, maxSegments: 64 },
      ).layout.width;
    for (const { subStates, segmentStates } of grid)
      expect(width(subStates, segmentStates)).toBe(
        13 + subStates ** 2 + segmentStates ** 2 + Math.max(subStates, segmentStates) ** 2,
      );
  });

  it('has ceil(log2 (segment length + 1)) + ceil(log2 segments) layers', () => {
    const automaton = randomBiNfa(Random.fromSeed(1), {
      subStates: 2,
      segmentStates: 2,
      symbols: 2,
      separators: 1,
      density: 0.5,
    });
    for (const [maxSegmentLength, maxSegments, depth] of [
      [1, 1, 1],
      [3, 2, 3],
      [16, 64, 11],
      [15, 65, 11],
    ] as const)
      expect(compileBiPE(automaton, { maxSegmentLength, maxSegments }).layers).toHaveLength(depth);
  });
});

describe('automata in which something is missing', () => {
  for (const { name, automaton } of degenerateAutomata())
    it(`are represented: ${name}`, async () => {
      const words = [...allWords(alphabetOf(automaton), alphabetOf(automaton).length > 3 ? 4 : 6)];
      for (const network of networksOf(automaton, 6)) {
        expect(await compareWithSimulator(network, words)).toMatchObject({ mismatches: 0 });
        expect(certifyNetwork(network).holds).toBe(true);
      }
    });

  it('empty segments, a separator first and last, several in a row', async () => {
    const random = Random.fromSeed(3);
    const automaton = randomBiNfa(random, {
      subStates: 3,
      segmentStates: 3,
      symbols: 2,
      separators: 2,
      density: 0.5,
    });
    const words = [';', ';;;;;;;;', ';a', 'a;', ';a;', 'ab;|;ba|', '||ab;;;b', 'aaaa;bbbb|abab;'].map(
      (text) => Array.from(text),
    );
    const network = compileBiPE(automaton, { maxSegmentLength: 4, maxSegments: 8 });
    expect(await compareWithSimulator(network, words)).toMatchObject({ words: words.length, mismatches: 0 });
  });
});

describe('float64 and float32', () => {
  it('read out the same states, and attend within 1e-3 to one token', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) => {
        const random = Random.fromSeed(seed);
        const automaton = randomBiNfa(random, {
          subStates: random.integer(1, 5),
          segmentStates: random.integer(1, 5),
          symbols: 2,
          separators: 2,
          density: 0.4,
        });
        const word = randomSegments(random, automaton, { segments: 5, maxSegmentLength: 4 });
        for (const network of networksOf(automaton, 25)) {
          const traced = trace(network, tokenReader(network)(word));
          const [sets] = await setsOf(network, [word]);
          expect(traced.reached).toEqual(sets);
          for (const { attention } of traced.layers)
            for (let token = 0; token < traced.tokens; token++)
              expect(
                Math.max(...attention.subarray(token * traced.tokens, (token + 1) * traced.tokens)),
              ).toBeGreaterThan(0.999);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('leave no tensor behind', async () => {
    const automaton = randomNfa(Random.fromSeed(2), { states: 3, symbols: 2, density: 0.4 });
    const network = compileApe(automaton, 8);
    const before = tf.memory().numTensors;
    await setsOf(network, [['a', 'b'], [], ['a']]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('bounds', () => {
  const automaton = randomNfa(Random.fromSeed(2), { states: 2, symbols: 2, density: 0.4 });
  for (const length of [0, -1, 1.5, Number.NaN, 2 ** 14 + 1])
    it(`refuse a length of ${length}`, () => {
      expect(() => compileApe(automaton, length)).toThrow(UsageError);
      expect(() => compileApe(automaton, length)).toThrow(
        `maxLength: ${length}; it must be a whole number from 1 to 16,384`,
      );
    });
});

function networksOf(automaton: Automaton, length: number): Network[] {
  const bilevel = (bi: BiNfa): Network => compileBiPE(bi, { maxSegmentLength: length, maxSegments: length });
  return [compileApe(asNfa(automaton), length), ...(automaton.type === 'bi-nfa' ? [bilevel(automaton)] : [])];
}

async function setsOf(network: Network, words: Iterable<readonly string[]>): Promise<Uint8Array[]> {
  const read = tokenReader(network);
  const sets: Uint8Array[] = [];
  for await (const set of runWords(
    network,
    [...words].map((word) => read(word)),
  ))
    sets.push(set);
  return sets;
}
