// The compact construction: its summaries against relations of the flattened automaton, and its
// networks against the set simulator.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random/random';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import { asNfa, flatten } from '../../../lib/theory/automata/flatten';
import { liveWords } from '../../../lib/theory/automata/live-words';
import { allWords, randomBiNfa } from '../../../lib/theory/automata/random';
import { degenerateAutomata, randomSegments } from '../../support/automata';
import {
  compose,
  identityRelation,
  type Relation,
  symbolRelations,
} from '../../../lib/theory/automata/relation';
import { simulator } from '../../../lib/theory/automata/simulate';
import type { BiNfa, Word } from '../../../lib/theory/automata/automaton';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compactProgram } from '../../../lib/theory/compile/compact';
import { compileApe, compileCompact } from '../../../lib/theory/compile/compile';
import { printProgram } from '../../../lib/theory/compile/program';
import { addComparisons, compareWithSimulator, noComparison } from '../../../lib/theory/compile/verify';
import { blockNamed, coordinateOf } from '../../../lib/theory/network/layout';
import { type Network, stateNames } from '../../../lib/theory/network/network';
import { trace } from '../../../lib/theory/network/plain';
import { tokenReader } from '../../../lib/theory/network/words';
import { useNativeEngine } from '../../support/engine';
import { biNfas, segmentsOf } from '../automata/arbitrary';

useNativeEngine();

function reachedBy(network: Network, word: Word): Uint8Array {
  return trace(network, tokenReader(network)(word)).reached;
}

describe('a compact network', () => {
  it('knows the reachable states after every prefix, whatever the automaton and the word', () => {
    fc.assert(
      fc.property(
        biNfas.chain((automaton) => fc.tuple(fc.constant(automaton), segmentsOf(automaton))),
        fc.constantFrom('gelu', 'relu'),
        ([automaton, word], activation) => {
          const network = compileCompact(automaton, Math.max(1, word.length), { activation });
          expect(reachedBy(network, word)).toEqual(simulator(automaton).run(word));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('knows them after live words on the tensor engine: no set is empty, and they differ', async () => {
    const random = Random.fromSeed(21);
    let total = noComparison;
    const sets = new Set<string>();
    for (const [k, s] of [
      [2, 2],
      [3, 5],
      [5, 3],
      [4, 4],
      [8, 8],
    ] as const) {
      const automaton = randomBiNfa(random, {
        subStates: k,
        segmentStates: s,
        symbols: 3,
        separators: 2,
        density: 1.6 / Math.max(k, s),
      });
      const draw = liveWords(automaton, { length: 300, maxSegmentLength: 12 });
      const words = Array.from({ length: 3 }, () => present(draw(random), 'live word'));
      total = addComparisons(total, await compareWithSimulator(compileCompact(automaton, 300), words));
      for (const word of words) {
        const found = simulator(automaton).run(word);
        for (let prefix = 0; prefix <= word.length; prefix++) {
          const set = found.subarray(prefix * k * s, (prefix + 1) * k * s);
          expect(set.includes(1)).toBe(true);
          sets.add(`${k} ${s} ${set.join('')}`);
        }
      }
    }
    expect(total).toMatchObject({ words: 15, prefixes: 15 * 301, mismatches: 0 });
    expect(sets.size).toBeGreaterThan(60);
  });

  for (const { name, automaton } of degenerateAutomata())
    if (automaton.type === 'bi-nfa')
      it(`represents an automaton in which something is missing, and is certified: ${name}`, async () => {
        const words = [...allWords(alphabetOf(automaton), alphabetOf(automaton).length > 3 ? 4 : 6)];
        for (const activation of ['gelu', 'relu'] as const) {
          const network = compileCompact(automaton, 6, { activation });
          expect(await compareWithSimulator(network, words)).toMatchObject({ mismatches: 0 });
          expect(certifyNetwork(network)).toMatchObject({ holds: true, mistakes: [] });
        }
      });

  it('agrees with the flattened automaton on all short words, state by state', () => {
    const random = Random.fromSeed(13);
    const automaton = randomBiNfa(random, {
      subStates: 3,
      segmentStates: 2,
      symbols: 2,
      separators: 1,
      density: 0.4,
    });
    const [compact, flat] = [compileCompact(automaton, 6), compileApe(flatten(automaton), 6)];
    expect(stateNames(compact)).toEqual(stateNames(flat));
    for (const word of allWords(alphabetOf(automaton), 5))
      expect(reachedBy(compact, word)).toEqual(reachedBy(flat, word));
  });

  it('is 2 k^2 + 3 |S|^2 + 3 k wide, beside what marks tokens, places and first separators', () => {
    for (const [k, s] of [
      [1, 1],
      [2, 5],
      [4, 4],
      [6, 3],
    ] as const) {
      const size = { subStates: k, segmentStates: s, symbols: 2, separators: 3, density: 0.3 };
      const { layout, layers } = compileCompact(randomBiNfa(Random.fromSeed(1), size), 1088);
      expect(layout.width).toBe(2 + 2 * 11 + 2 * (1 + 3) + 2 * k ** 2 + 3 * s ** 2 + 3 * k);
      expect(layers).toHaveLength(11);
      expect(layers.map(({ feedForward }) => feedForward.length)).toEqual(layers.map(() => 7));
    }
  });

  it('has ceil(log2 (length + 1)) layers, for the start is a token of the word', () => {
    const size = { subStates: 2, segmentStates: 2, symbols: 1, separators: 1, density: 0.6 };
    const automaton = randomBiNfa(Random.fromSeed(1), size);
    for (const [length, depth] of [
      [1, 1],
      [3, 2],
      [4, 3],
      [15, 4],
      [16, 5],
    ] as const)
      expect(compileCompact(automaton, length).layers).toHaveLength(depth);
  });
});

it('a compact program prints its registers, joins and read-outs', () => {
  const size = { subStates: 3, segmentStates: 2, symbols: 2, separators: 2, density: 0.4 };
  expect(printProgram(compactProgram(randomBiNfa(Random.fromSeed(1), size), 5)).split('\n')).toEqual([
    'for         words of up to 5 symbols',
    'load        sub relation [3 x 3]        2 symbols each its own, separators as the identity',
    'load        first separator [1 x 3]     2 symbols empty, separators each its own',
    'load        segment relation [2 x 2]    2 symbols as the identity, separators as the identity',
    'load        sub-states [1 x 3]          2 symbols empty, separators each its own',
    'join        all registers               with those of 1 place before',
    'join        all registers               with those of 2 places before',
    'join        all registers               with those of 4 places before',
    'read        segment relation            row 1',
    'read        sub-states                  row 0',
  ]);
});

describe('the summary of a fragment', () => {
  /** The relation of a fragment between pairs, by its summary. */
  function relationOf(automaton: BiNfa, { layout }: Network, stream: Float64Array): Relation {
    const { subStates, segmentStates, separators, segmentTransitions } = automaton;
    const [k, s] = [subStates.length, segmentStates.length];
    const at = (name: string, row: number, column: number): boolean =>
      (stream[coordinateOf(blockNamed(layout, name), row, column)] ?? 0) > 0.5;
    const first = separators.findIndex((_, index) => at('first separator', 0, 1 + index));
    const moves = new Set(segmentTransitions.map((move) => JSON.stringify(move)));
    const entries = new Uint8Array((k * s) ** 2);
    for (let from = 0; from < s; from++)
      for (let q = 0; q < k; q++)
        for (let to = 0; to < s; to++)
          for (let r = 0; r < k; r++) {
            const isReached = ((): boolean => {
              if (first < 0) return from === to && at('sub relation', q, r);
              if (!at('sub-states', 0, r)) return false;
              for (let kept = 0; kept < k; kept++)
                for (let middle = 0; middle < s; middle++)
                  if (
                    at('sub relation', q, kept) &&
                    at('segment relation', middle, to) &&
                    moves.has(
                      JSON.stringify([
                        segmentStates[from],
                        subStates[kept],
                        separators[first],
                        segmentStates[middle],
                      ]),
                    )
                  )
                    return true;
              return false;
            })();
            entries[(from * k + q) * k * s + to * k + r] = Number(isReached);
          }
    return { rows: k * s, columns: k * s, entries };
  }

  it('determines its relation between all pairs, which composes', () => {
    fc.assert(
      fc.property(
        biNfas.chain((automaton) => fc.tuple(fc.constant(automaton), segmentsOf(automaton))),
        ([automaton, word]) => {
          const network = compileCompact(automaton, Math.max(1, word.length), { activation: 'relu' });
          const { layers } = trace(network, tokenReader(network)(word));
          const symbols = symbolRelations(asNfa(automaton));
          const names = alphabetOf(automaton);
          const { width } = network.layout;
          layers.forEach(({ residuals }, layer) => {
            const { values } = present(residuals.at(-1), 'residual stream');
            // Fragments that do not reach back to the start.
            const length = 2 ** (layer + 1);
            for (let last = length; last <= word.length; last++) {
              const wanted = word
                .slice(last - length, last)
                .map((name) => present(symbols[names.indexOf(name)], name))
                .reduce(compose, identityRelation(asNfa(automaton).states.length));
              const stream = values.subarray(last * width, (last + 1) * width);
              expect(relationOf(automaton, network, stream)).toEqual(wanted);
            }
          });
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('the certificate of a compact network', () => {
  it('holds for thousands of symbols, and up to 40 states on each level', () => {
    for (const [states, length, activation] of [
      [3, 4000, 'gelu'],
      [8, 1088, 'gelu'],
      [40, 1088, 'relu'],
    ] as const) {
      const size = { subStates: states, segmentStates: states, symbols: 1, separators: 2 };
      const automaton = randomBiNfa(Random.fromSeed(3), { ...size, density: 1 / states });
      const { holds, exactUpTo, mostTokens, layers } = certifyNetwork(
        compileCompact(automaton, length, { activation }),
      );
      expect(holds).toBe(true);
      expect(exactUpTo).toBeGreaterThanOrEqual(mostTokens);
      for (const { measured, bound } of layers) expect(measured).toBeLessThanOrEqual(bound);
    }
  });

  it('does not hold for words beyond its length, or another automaton', () => {
    const size = { subStates: 3, segmentStates: 3, symbols: 2, separators: 2, density: 0.4 };
    const [own, other] = [1, 2].map((seed) => randomBiNfa(Random.fromSeed(seed), size)) as [BiNfa, BiNfa];
    const network = compileCompact(own, 8);
    expect(certifyNetwork(network).holds).toBe(true);
    expect(certifyNetwork({ ...network, automaton: other }).holds).toBe(false);
    expect(certifyNetwork({ ...network, bounds: { encoding: 'compact', maxLength: 9 } }).holds).toBe(false);
    expect(certifyNetwork({ ...network, automaton: flatten(own) }).mistakes).toEqual([
      'bounds: they do not fit this kind of automaton',
    ]);
  });
});

it('a word of separators alone, first and last, and many in a row', async () => {
  const size = { subStates: 3, segmentStates: 3, symbols: 2, separators: 2, density: 0.5 };
  const automaton = randomBiNfa(Random.fromSeed(3), size);
  const words = [';', ';;;;;;;;', ';a', 'a;', ';a;', 'ab;|;ba|', '||ab;;;b', 'aaaa;bbbb|abab;'].map((text) =>
    Array.from(text),
  );
  expect(await compareWithSimulator(compileCompact(automaton, 15), words)).toMatchObject({
    words: words.length,
    mismatches: 0,
  });
  const long = randomSegments(Random.fromSeed(4), automaton, { segments: 64, maxSegmentLength: 16 });
  expect(await compareWithSimulator(compileCompact(automaton, long.length), [long])).toMatchObject({
    mismatches: 0,
  });
});
