// Verdicts on networks: right ones, those of another automaton, and those of which words show
// nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import type { Nfa, Word } from '../../../lib/theory/automata/automaton';
import { allWords, randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { simulate } from '../../../lib/theory/automata/simulate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { judgeNetwork } from '../../../lib/theory/compile/verdict';
import { blockNamed } from '../../../lib/theory/network/layout';
import type { Network } from '../../../lib/theory/network/network';
import { beyondBounds } from '../../../lib/theory/network/words';
import { useNativeEngine } from '../../support/engine';
import { nfas } from '../automata/arbitrary';

useNativeEngine();

/** The network of an automaton that lacks a transition, said to be that of the whole one. */
function lacking(automaton: Nfa, transition: number, maxLength: number): Network {
  const transitions = automaton.transitions.filter((_, index) => index !== transition);
  return { ...compileApe({ ...automaton, transitions }, maxLength), automaton };
}

/** The shortest words after which the two automata reach different states, by trying all. */
function shortestTold(one: Nfa, other: Nfa, maxLength: number): Word[] {
  const last = (automaton: Nfa, word: Word): string => simulate(automaton, word).at(-1)?.join(' ') ?? '';
  const told = [...allWords(one.symbols, maxLength)].filter((word) => last(one, word) !== last(other, word));
  return told.filter(({ length }) => length === told[0]?.length);
}

/** Moves an entry of a symbol's relation further than bounds allow, but rounding still mends it. */
function moveRelation({ embedding, layout }: Network, register: string): void {
  const entry = embedding.columns + blockNamed(layout, register).start;
  embedding.values[entry] = (embedding.values[entry] ?? 0) + 0.1;
}

describe('the verdict on a network', () => {
  it('is that a compiled one is proved right', async () => {
    const random = Random.fromSeed(4);
    const size = { subStates: 3, segmentStates: 2, symbols: 2, separators: 2, density: 0.5 };
    const network = compileBiPE(randomBiNfa(random, size), { maxSegmentLength: 6, maxSegments: 9 });
    expect(await judgeNetwork(network)).toEqual({ verdict: 'proved right' });
  });

  it('on one that lacks a transition is the shortest word that tells, or none where no word tells', async () => {
    await fc.assert(
      fc.asyncProperty(nfas, fc.nat(100), async (automaton, choice) => {
        fc.pre(automaton.transitions.length > 0);
        const network = lacking(automaton, choice % automaton.transitions.length, 4);
        const { automaton: whole } = network;
        const without = automaton.transitions.filter((_, at) => at !== choice % automaton.transitions.length);
        const told = shortestTold(automaton, { ...automaton, transitions: without }, 4);
        const found = await judgeNetwork(network);
        expect(whole).toBe(automaton);
        if (told.length === 0) expect(found.verdict).toBe('not decided');
        else {
          expect(found).toMatchObject({ verdict: 'wrong', isShortest: true });
          expect(told).toContainEqual(found.verdict === 'wrong' ? found.word : undefined);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('finds an arrow of the set automaton that lies deeper than all words that are tried', async () => {
    // A chain of states: a wrong step on its way is seen after as many symbols alone.
    const depth = 12;
    const states = Array.from({ length: depth + 1 }, (_, index) => `q${index}`);
    const automaton: Nfa = {
      type: 'nfa',
      states,
      symbols: ['a', 'b', 'c', 'd'],
      start: 'q0',
      accept: [],
      transitions: states.slice(1).map((to, index) => [`q${index}`, 'abcd'[index % 4] ?? 'a', to] as const),
    };
    const found = await judgeNetwork(lacking(automaton, depth - 1, depth), { most: 100 });
    expect(found).toEqual({
      verdict: 'wrong',
      word: Array.from({ length: depth }, (_, index) => 'abcd'[index % 4]),
      isShortest: false,
    });
  });

  it('is not decided, with the place and the words tried, where no word within the bounds shows a change', async () => {
    const network = compileApe(randomNfa(Random.fromSeed(4), { states: 2, symbols: 1, density: 0.5 }), 3);
    moveRelation(network, 'relation');
    expect(await judgeNetwork(network)).toEqual({
      verdict: 'not decided',
      because: 'layer 1: product: what it reads may be off by 0.10',
      // Those of 0 to 3 symbols.
      words: 4,
    });
  });

  it('rests on words within the bounds alone', async () => {
    const random = Random.fromSeed(5);
    const size = { subStates: 2, segmentStates: 2, symbols: 1, separators: 1, density: 0.5 };
    const automaton = randomBiNfa(random, size);
    const network = compileBiPE(automaton, { maxSegmentLength: 2, maxSegments: 2 });
    moveRelation(network, 'sub relation');
    const within = [...allWords(alphabetOf(automaton), 6)].filter(
      (word) => beyondBounds(network, word) === undefined,
    );
    const found = await judgeNetwork(network);
    expect(found.verdict).toBe('not decided');
    expect(found.verdict === 'not decided' ? found.words : 0).toBe(within.length);
  });
});
