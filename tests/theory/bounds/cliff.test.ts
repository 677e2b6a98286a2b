import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import { transitionMonoid } from '../../../lib/theory/automata/monoid';
import { randomBiNfa } from '../../../lib/theory/automata/random';
import { withBottleneck } from '../../../lib/theory/bounds/bottleneck';
import {
  countRelations,
  everyRelation,
  networkForFragments,
  randomFragments,
  recall,
} from '../../../lib/theory/bounds/cliff';
import { decode, principalCode, thresholdRecall } from '../../../lib/theory/bounds/codes';
import { turns } from '../../../lib/theory/bounds/contexts';
import { witnessAutomaton } from '../../../lib/theory/bounds/witness';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE } from '../../../lib/theory/compile/compile';
import { blockNamed } from '../../../lib/theory/network/layout';
import { trace } from '../../../lib/theory/network/plain';
import { runWords } from '../../../lib/theory/network/run';
import { tokenReader } from '../../../lib/theory/network/words';
import { useNativeEngine } from '../../support/engine';

useNativeEngine();

const monoid = transitionMonoid(witnessAutomaton(2));
const { automaton } = monoid;
const fragments = everyRelation(monoid, 100, Random.fromSeed(1));
const network = networkForFragments(automaton, fragments.length);
const code = (numbers: number) =>
  principalCode(
    Uint8Array.from({ length: 400 }, (_, index) => (index * 7 + (index % 11)) % 2),
    4,
    numbers,
  );

describe('fragments', () => {
  it('have every relation once, and all one length', () => {
    expect(fragments.words.every((word) => word.length === fragments.length)).toBe(true);
    expect(countRelations(fragments)).toBe(16);
    expect(Math.log2(fragments.length) % 1).toBe(0);
    const few = everyRelation(transitionMonoid(witnessAutomaton(3)), 40, Random.fromSeed(1));
    expect(few.words).toHaveLength(40);
    expect(countRelations(few)).toBeGreaterThan(30);
  });
});

describe('a network with a bottleneck', () => {
  it.each([1, 2, 3, 4, 5])('answers as its code of %i numbers has it, in every context', async (numbers) => {
    const recalled = thresholdRecall(code(numbers), Infinity);
    const squeezed = withBottleneck(network, code(numbers));
    const read = tokenReader(squeezed);
    let compared = 0;
    for (const [index, fragment] of fragments.words.entries()) {
      const relation = fragments.relations.subarray(index * 4, (index + 1) * 4);
      // A value that is nearly at the threshold is neither.
      if (decode(code(numbers), relation, Infinity).some((value) => Math.abs(value - 1 / 2) < 1 / 32))
        continue;
      for (const state of [0, 1]) {
        const word = read([...turns(state), ...fragment]);
        const wanted = [...recalled(relation).subarray(state * 2, state * 2 + 2)];
        for await (const found of runWords(squeezed, [word])) expect([...found.subarray(-2)]).toEqual(wanted);
        expect([...trace(squeezed, word).reached.subarray(-2)]).toEqual(wanted);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(8);
  });

  it('keeps the fragment in as many coordinates as the code has numbers, and nowhere else', () => {
    const squeezed = withBottleneck(network, code(3));
    const { start, columns } = blockNamed(squeezed.layout, 'summary');
    expect(columns).toHaveLength(3);
    const relation = blockNamed(squeezed.layout, 'relation').start;
    const { width } = squeezed.layout;
    const word = tokenReader(squeezed)(fragments.words[9] ?? []);
    const { layers, tokens } = trace(squeezed, word);
    const between = layers.at(-1)?.residuals.find(({ name }) => name === 'summary')?.values ?? [];
    for (let token = 0; token < tokens; token++) {
      const at = (place: number): number => between[token * width + place] ?? Number.NaN;
      expect([0, 1, 2, 3].map((entry) => Math.abs(at(relation + entry)) < 1e-9)).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect([0, 1, 2].some((number) => Math.abs(at(start + number)) > 1e-3)).toBe(true);
    }
  });

  it('is right on all words from n^2 numbers on, and not below', async () => {
    const shares = [];
    for (const numbers of [1, 2, 3, 4, 5]) {
      const {
        right,
        words,
        rightEverywhere,
        fragments: all,
      } = await recall(network, automaton, fragments, code(numbers));
      expect(rightEverywhere / all).toBeLessThanOrEqual(right / words);
      shares.push(right / words);
    }
    expect(shares.slice(3)).toEqual([1, 1]);
    expect(Math.max(...shares.slice(0, 3))).toBeLessThan(1);
    const random = randomFragments(automaton, 50, fragments.length, Random.fromSeed(2));
    expect(await recall(network, automaton, random)).toEqual({
      words: 100,
      right: 100,
      fragments: 50,
      rightEverywhere: 50,
    });
  });

  it('has a certificate as the network has', () => {
    expect(certifyNetwork(withBottleneck(network, code(4))).depth).toBe(certifyNetwork(network).depth);
  });

  it('is refused where there is no flat layer to put it in', () => {
    const message = 'bottleneck: the network has no flat layer; compile an NFA for at least 2 symbols';
    expect(() => withBottleneck(compileApe(automaton, 1), code(1))).toThrow(new UsageError(message));
    const size = { subStates: 2, segmentStates: 2, symbols: 1, separators: 1, density: 0.5 };
    const bilevel = compileBiPE(randomBiNfa(Random.fromSeed(1), size), {
      maxSegmentLength: 2,
      maxSegments: 2,
    });
    expect(() => withBottleneck(bilevel, code(1))).toThrow(new UsageError(message));
  });
});
