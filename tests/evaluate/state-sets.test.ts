import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import {
  evaluateStateSets,
  guessStateSets,
  stateSetSeparators,
  stateSetVocabulary,
  stateSetWriter,
} from '../../lib/evaluate/state-sets';
import { createDecoder } from '../../lib/model/config';
import { logits } from '../../lib/model/decoder';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { flatten } from '../../lib/theory/automata/flatten';
import { randomBiNfa } from '../../lib/theory/automata/random';
import { simulate } from '../../lib/theory/automata/simulate';

beforeAll(async () => {
  await startEngine();
});

const automaton = randomBiNfa(Random.fromSeed(3), {
  subStates: 3,
  segmentStates: 2,
  symbols: 2,
  separators: 2,
  density: 0.5,
});
const names = [...automaton.symbols, ...automaton.separators];

describe('words of the state-set task', () => {
  it('begin with the start, spell random words, and have the reachable states beside each token', () => {
    const written = stateSetWriter(automaton, { length: 30, maxSegmentLength: 4 })(Random.fromSeed(1), 5);
    const { words, time, states, ids, sets } = written;
    expect([words, time, states, ids.length, sets.length]).toEqual([5, 31, 5, 155, 775]);
    const nfa = flatten(automaton);
    for (let word = 0; word < words; word += 1) {
      const [start, ...rest] = ids.subarray(word * time, (word + 1) * time);
      expect(start).toBe(0);
      // The flattened automaton's pairs, found another way.
      const reachable = simulate(
        nfa,
        rest.map((id) => names[id - 1] ?? ''),
      );
      for (const [prefix, pairs] of reachable.entries()) {
        const row = [...sets.subarray((word * time + prefix) * states, (word * time + prefix + 1) * states)];
        const halves = new Set(pairs.flatMap((pair) => pair.split(',')));
        const expected = [...automaton.segmentStates, ...automaton.subStates].map((state) =>
          halves.has(state) ? 1 : 0,
        );
        expect(row).toEqual(expected);
      }
    }
  });

  it('have a token for each name and the start, of which the start and the separators end segments', () => {
    expect(stateSetVocabulary(automaton)).toBe(5);
    expect(stateSetSeparators(automaton).map((id) => names[id - 1] ?? 'start')).toEqual([
      'start',
      ...automaton.separators,
    ]);
  });
});

describe('the evaluation of state sets', () => {
  it('counts prefixes whose whole set is right, by hand too, in chunks of any size', async () => {
    const decoder = createDecoder({
      style: 'llama',
      vocabSize: 5,
      outputs: 5,
      hiddenSize: 8,
      intermediateSize: 16,
      numLayers: 1,
      numHeads: 2,
      trainLength: 9,
      normEps: 1e-5,
      initializerRange: 1,
      tieEmbeddings: false,
      logScale: false,
      separators: [stateSetSeparators(automaton)],
      encoding: { kind: 'bipe', intra: { kind: 'learned', rows: 4 }, inter: { kind: 'rope' } },
    });
    const parameters = initialParameters(decoder.parameters, 1, Random.fromSeed(2));
    // 2,000 words of 9 tokens are more than one chunk.
    const asked = stateSetWriter(automaton, { length: 8, maxSegmentLength: 3 })(Random.fromSeed(4), 2000);
    await assertNoLeak(async () => {
      const { exact, segmentLevel, subLevel, byPrefix, words, length } = await evaluateStateSets(
        decoder,
        parameters,
        asked,
        2,
      );
      expect([words, length, byPrefix.length]).toEqual([2000, 8, 9]);
      const scores = tf.tidy(() =>
        logits(decoder, parameters, tf.tensor2d(asked.ids, [2000, 9], 'int32')).arraySync(),
      );
      const right = { exact: 0, segments: 0, subs: 0, after3: 0 };
      scores.forEach((rows, word) => {
        rows.forEach((row, prefix) => {
          const bits = row.map(
            (score, state) => score > 0 === (asked.sets[(word * 9 + prefix) * 5 + state] === 1),
          );
          if (bits.every(Boolean)) right.exact += 1;
          if (bits.every(Boolean) && prefix === 3) right.after3 += 1;
          if (bits.slice(0, 2).every(Boolean)) right.segments += 1;
          if (bits.slice(2).every(Boolean)) right.subs += 1;
        });
      });
      expect(right.exact).toBeGreaterThan(0);
      expect(exact.mean).toBeCloseTo(right.exact / 18_000, 10);
      expect(segmentLevel.mean).toBeCloseTo(right.segments / 18_000, 10);
      expect(subLevel.mean).toBeCloseTo(right.subs / 18_000, 10);
      expect(byPrefix[3]).toBeCloseTo(right.after3 / 2000, 10);
      expect(exact.low).toBeLessThan(exact.mean);
    });
    disposeParameters(parameters);
  });
});

describe('guessing state sets', () => {
  it('is right as often as the most frequent set, with and without the sub-states known', () => {
    // Two segment states and one sub-state: {s0, k} twice, {s1, k} once, the empty set once.
    const sets = Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0);
    const words = { words: 2, time: 2, states: 3, ids: new Int32Array(4), sets };
    expect(guessStateSets(words, 2)).toEqual({ commonest: 0.5, ownSegment: 0.75 });
  });
});
