import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/base/errors';
import { present } from '../../../lib/base/present';
import { Random } from '../../../lib/engine/random/random';
import type { BiNfa } from '../../../lib/theory/automata/automaton';
import {
  informativeBiNfa,
  leastMemory,
  type SetStatistics,
  setStatistics,
} from '../../../lib/theory/automata/informative';

const sample = { words: 200, length: 60, maxSegmentLength: 4 };

/** One sub-state; at every separator the segment state becomes one of those that are given. */
function toggling(moves: BiNfa['segmentTransitions']): BiNfa {
  return {
    type: 'bi-nfa',
    segmentStates: ['even', 'odd'],
    segmentStart: 'even',
    accept: [],
    subStates: ['k'],
    subStart: 'k',
    symbols: ['a'],
    separators: [';'],
    subTransitions: [['k', 'a', 'k']],
    segmentTransitions: moves,
  };
}

const statisticsOf = (automaton: BiNfa): SetStatistics | undefined =>
  setStatistics(automaton, Random.fromSeed(1), sample);

describe('the statistics of state sets', () => {
  it('are those of one set where nothing ever changes', () => {
    const constant = toggling([['even', 'k', ';', 'even']]);
    expect(statisticsOf(constant)).toEqual({ entropy: 0, sets: 1, commonest: 1, memory: 0 });
  });

  it('are those of a coin where the parity of the segments is told', () => {
    const { entropy, sets, commonest, memory } = present(
      statisticsOf(
        toggling([
          ['even', 'k', ';', 'odd'],
          ['odd', 'k', ';', 'even'],
        ]),
      ),
      'statistics',
    );
    expect(sets).toBe(2);
    expect(entropy).toBeGreaterThan(0.99);
    expect(entropy).toBeLessThanOrEqual(1);
    expect(commonest).toBeLessThan(0.55);
    // The number of segments in the first half is even as often as odd.
    expect(memory).toBeGreaterThan(0.35);
    expect(memory).toBeLessThan(0.65);
  });

  it('show no memory where the last separator settles everything', () => {
    const settled = toggling([
      ['even', 'k', ';', 'odd'],
      ['odd', 'k', ';', 'odd'],
    ]);
    expect(statisticsOf(settled)).toMatchObject({ sets: 2, memory: 0 });
  });

  it('are none where every word soon leads nowhere', () => {
    expect(statisticsOf(toggling([['even', 'k', ';', 'odd']]))).toBeUndefined();
  });
});

describe('the informative automaton', () => {
  const size = { subStates: 3, segmentStates: 3, symbols: 2, separators: 2, density: 0.35 };
  const choose = (candidates: number) =>
    informativeBiNfa(Random.fromSeed(5), size, { ...sample, words: 40, candidates });

  it('remembers, is the same each time, and says more the more there are to choose from', () => {
    const few = choose(30);
    const many = choose(100);
    expect(choose(30)).toEqual(few);
    for (const { statistics } of [few, many]) expect(statistics.memory).toBeGreaterThanOrEqual(leastMemory);
    expect(many.statistics.entropy).toBeGreaterThanOrEqual(few.statistics.entropy);
    expect(many.statistics.entropy).toBeGreaterThan(2);
  });

  it('is not taken from automata that all forget', () => {
    expect(() =>
      informativeBiNfa(Random.fromSeed(1), { ...size, density: 0 }, { ...sample, candidates: 3 }),
    ).toThrow(
      new ConfigError(
        'automaton: none of 3 random ones has a memory of 0.25; draw more, or with another density',
      ),
    );
  });
});
