// The two constructions that hold sets of states: carried from symbol to symbol, and columns of
// relations spread over tokens. Both against the set simulator, and with a certificate.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random/random';
import type { Nfa, Word } from '../../../lib/theory/automata/automaton';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import { asNfa } from '../../../lib/theory/automata/flatten';
import { allWords, randomNfa, randomWord } from '../../../lib/theory/automata/random';
import { degenerateAutomata } from '../../support/automata';
import { compose, identityRelation, symbolRelations } from '../../../lib/theory/automata/relation';
import { simulator } from '../../../lib/theory/automata/simulate';
import { witnessAutomaton } from '../../../lib/theory/bounds/witness';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileCarried, compileSpread } from '../../../lib/theory/compile/compile';
import { carriedProgram } from '../../../lib/theory/compile/carried';
import { printProgram } from '../../../lib/theory/compile/program';
import { spreadProgram } from '../../../lib/theory/compile/spread';
import { compareWithSimulator } from '../../../lib/theory/compile/verify';
import { blockNamed } from '../../../lib/theory/network/layout';
import type { Network } from '../../../lib/theory/network/network';
import { trace } from '../../../lib/theory/network/plain';
import { tokenReader } from '../../../lib/theory/network/words';
import { useNativeEngine } from '../../support/engine';

useNativeEngine();

const ways = [
  ['carried', compileCarried],
  ['spread', compileSpread],
] as const;

function reachedBy(network: Network, word: Word): Uint8Array {
  return trace(network, tokenReader(network)(word)).reached;
}

const nfas = fc
  .record({
    seed: fc.nat(2 ** 31 - 1),
    states: fc.integer({ min: 1, max: 5 }),
    symbols: fc.integer({ min: 1, max: 3 }),
    density: fc.double({ min: 0.1, max: 0.6, noNaN: true }),
  })
  .map(({ seed, ...size }) => randomNfa(Random.fromSeed(seed), size));

describe.each(ways)('a %s network', (_name, compile) => {
  it('knows the reachable states after every prefix, whatever the automaton and the word', () => {
    fc.assert(
      fc.property(
        nfas.chain((nfa) =>
          fc.tuple(fc.constant(nfa), fc.array(fc.constantFrom(...nfa.symbols), { maxLength: 24 })),
        ),
        fc.constantFrom('gelu', 'relu'),
        ([nfa, word], activation) => {
          const network = compile(nfa, Math.max(1, word.length), { activation });
          expect(reachedBy(network, word)).toEqual(simulator(nfa).run(word));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('knows them on the tensor engine, for words of a witness, whose sets change', async () => {
    const random = Random.fromSeed(5);
    for (const [states, length] of [
      [2, 31],
      [4, 64],
      [5, 57],
    ] as const) {
      const automaton = witnessAutomaton(states);
      // Dropped states never come back if no symbol joins them.
      const symbols = automaton.symbols.filter((symbol) => symbol !== 'drop');
      const words = Array.from({ length: 3 }, () => randomWord(random, symbols, length));
      expect(await compareWithSimulator(compile(automaton, length), words)).toMatchObject({
        words: 3,
        mismatches: 0,
      });
    }
  });

  it('needs each of its layers: without one, words of a witness find it wrong', async () => {
    const random = Random.fromSeed(8);
    const automaton = witnessAutomaton(3);
    const symbols = automaton.symbols.filter((symbol) => symbol !== 'stay');
    const words = Array.from({ length: 40 }, () => randomWord(random, symbols, 16));
    const network = compile(automaton, 16);
    for (const left of network.layers.keys()) {
      const layers = network.layers.filter((_, index) => index !== left);
      const { mismatches } = await compareWithSimulator({ ...network, layers }, words);
      expect(mismatches, `without layer ${left + 1}`).toBeGreaterThan(0);
    }
  });

  it.each(degenerateAutomata())('represents "$name", and is certified', async ({ automaton }) => {
    const nfa = asNfa(automaton);
    const words = [...allWords(alphabetOf(nfa), alphabetOf(nfa).length > 3 ? 3 : 5)];
    for (const activation of ['gelu', 'relu'] as const) {
      const network = compile(nfa, 6, { activation });
      expect(await compareWithSimulator(network, words)).toMatchObject({ mismatches: 0 });
      expect(certifyNetwork(network)).toMatchObject({ holds: true, mistakes: [] });
    }
  });

  it('is certified up to dozens of states and a thousand symbols', () => {
    for (const [states, length] of [
      [3, 200],
      [40, 120],
    ] as const) {
      const nfa = randomNfa(Random.fromSeed(2), { states, symbols: 2, density: 1.5 / states });
      const { holds, exactUpTo, mostTokens, layers } = certifyNetwork(compile(nfa, length));
      expect(holds).toBe(true);
      expect(exactUpTo).toBeGreaterThanOrEqual(mostTokens);
      for (const { gap, bound } of layers) {
        expect(gap).toBeGreaterThan(0.97 * Math.log(mostTokens / 1e-4));
        expect(bound).toBeGreaterThan(0);
      }
    }
  });

  it('is not certified for longer words, another automaton, or with a changed weight', () => {
    const [nfa, other] = [1, 2].map((seed) =>
      randomNfa(Random.fromSeed(seed), { states: 3, symbols: 2, density: 0.4 }),
    ) as [Nfa, Nfa];
    const network = compile(nfa, 9);
    expect(certifyNetwork(network).holds).toBe(true);
    expect(certifyNetwork({ ...network, automaton: other }).holds).toBe(false);
    const longer = { ...network.bounds, maxLength: 10 } as Network['bounds'];
    expect(certifyNetwork({ ...network, bounds: longer }).holds).toBe(false);
    present(present(network.layers[1], 'layer').feedForward[0], 'block').mlp.bias[0] = 3;
    expect(certifyNetwork(network)).toMatchObject({
      holds: false,
      mistakes: expect.arrayContaining([expect.stringContaining(': move: unit 1')]) as string[],
    });
  });
});

it('a carried network is as wide as two sets, beside what tells tokens and places apart', () => {
  const nfa = randomNfa(Random.fromSeed(1), { states: 7, symbols: 3, density: 0.3 });
  const { layout, layers } = compileCarried(nfa, 20);
  expect(layout.width).toBe(2 + 2 * 5 + (1 + 3) + 2 * 7);
  expect(layers).toHaveLength(20);
});

it('a spread network has 3n + ceil(log2 (blocks - 2)) + 1 layers, and is 5n and twice the tokens wide', () => {
  for (const [states, length, unions, pairs] of [
    [1, 1, 0, 2],
    [4, 12, 0, 2],
    [4, 13, 1, 2],
    [4, 64, 4, 4],
    [5, 100, 5, 5],
  ] as const) {
    const nfa = randomNfa(Random.fromSeed(1), { states, symbols: 3, density: 0.3 });
    const { layout, layers } = compileSpread(nfa, length);
    expect(layers).toHaveLength(3 * states + unions + 1);
    expect(layout.width).toBe(2 + 2 * pairs + 5 * states + 2 + 2 * (1 + 3));
  }
});

it('a token of a spread network has a column of the relation of all blocks before, then a set', () => {
  fc.assert(
    fc.property(
      nfas.chain((nfa) =>
        fc.tuple(fc.constant(nfa), fc.array(fc.constantFrom(...nfa.symbols), { maxLength: 24 })),
      ),
      ([nfa, word]) => {
        const network = compileSpread(nfa, Math.max(1, word.length), { activation: 'relu' });
        const n = nfa.states.length;
        const { layers } = trace(network, tokenReader(network)(word));
        const united = network.layers.length - 3 * n - 1;
        const { values } = present(layers[n + united - 1]?.residuals[1], 'after the last union');
        const relations = symbolRelations(nfa);
        const column = blockNamed(network.layout, 'column').start + 1;
        const blocks = Math.ceil(word.length / n);
        // The last block's columns are not asked for.
        word.slice(0, (blocks - 1) * n).forEach((_, place) => {
          const [block, index] = [Math.floor(place / n), place % n];
          const before = word
            .slice(0, block * n)
            .map((name) => present(relations[nfa.symbols.indexOf(name)], name))
            .reduce(compose, identityRelation(n));
          const found = Array.from({ length: n }, (__, state) =>
            Math.round(values[(place + 1) * network.layout.width + column + state] ?? NaN),
          );
          expect(found).toEqual(Array.from({ length: n }, (__, state) => before.entries[state * n + index]));
        });
      },
    ),
    { numRuns: 30 },
  );
});

it('programs of sets print their registers and steps', () => {
  const nfa = randomNfa(Random.fromSeed(1), { states: 2, symbols: 2, density: 0.5 });
  expect(printProgram(carriedProgram(nfa, 2)).split('\n').slice(-3)).toEqual([
    'carry       states                      that of 1 place before, by the own symbol',
    'carry       states                      that of 1 place before, by the own symbol',
    'read        states                      row 0',
  ]);
  expect(printProgram(spreadProgram(nfa, 8)).split('\n').slice(5)).toEqual([
    'read        column                      by the symbol of the block before, at index 1',
    'read        column                      by the symbol of the block before, at index 0',
    'unite       column                      those of the block before, at the indices in its set',
    'pick        entry                       the own index, if column has state 1',
    'collect     states                      entry of all of the block before',
    'read        states                      by the symbol of the block before, at index 0',
    'read        states                      by the symbol of the block before, at index 1',
    'read        states                      by the symbol of its block, at index 0',
    'read        states                      by the symbol of its block, at index 1',
    'read        states                      row 0',
  ]);
});
