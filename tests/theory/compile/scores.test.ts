// The gap of a head's scores against all pairs of tokens, one by one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { randomBiNfa, randomNfa } from '../../../lib/theory/automata/random';
import { certifyNetwork } from '../../../lib/theory/compile/certificate';
import { compileApe, compileBiPE, compileCompact } from '../../../lib/theory/compile/compile';
import type { TokenHead } from '../../../lib/theory/compile/kinds';
import { headScores } from '../../../lib/theory/compile/scores';
import type { CopyHead, Matrix, Network } from '../../../lib/theory/network/network';

const size = { subStates: 2, segmentStates: 2, symbols: 2, separators: 2, density: 0.5 };
const bi = randomBiNfa(Random.fromSeed(1), size);

/** A token: its id, its place, and its segment, in which the start is the first. */
interface Token {
  readonly id: number;
  readonly place: number;
  readonly segment: number;
}

/** The score of two tokens, with each component turned by its segment. */
function scoreOf(network: Network, head: CopyHead, query: Token, key: Token): number {
  const vector = ({ id, place, segment }: Token, matrix: Matrix): number[] => {
    const sums = Array.from({ length: matrix.columns }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < matrix.rows; row++) {
        const entry = row + id * network.embedding.columns;
        const at = row + place * network.places.columns;
        const value =
          Math.fround(network.embedding.values[entry] ?? NaN) + Math.fround(network.places.values[at] ?? NaN);
        sum += value * Math.fround(matrix.values[row * matrix.columns + column] ?? NaN);
      }
      return sum;
    });
    const pairs = network.rotaryPairs;
    return sums.map((value, column) => {
      if (column >= 2 * pairs) return value;
      const angle = (Math.PI / 2 ** (column % pairs)) * segment;
      const other = sums[column < pairs ? column + pairs : column - pairs] ?? NaN;
      return value * Math.cos(angle) + (column < pairs ? -1 : 1) * other * Math.sin(angle);
    });
  };
  const [left, right] = [vector(query, head.query), vector(key, head.key)];
  return left.reduce((sum, value, column) => sum + value * (right[column] ?? NaN), 0);
}

/** A head's scores over all pairs of tokens, one by one. */
interface Found {
  /** The smallest distance of the source's score from any other's. */
  readonly gap: number;
  /** The most attention on all others together, as a share of the source's. */
  readonly elsewhere: number;
}

function scoresOfAll(network: Network, head: TokenHead): Found {
  const { bounds, places, embedding } = network;
  const { among, back } = head.source;
  const segments = bounds.encoding === 'bipe' ? bounds.maxSegments : 1;
  const firstSeparator = embedding.rows - (bounds.encoding === 'bipe' ? bi.separators.length : 0);
  const tokens = Array.from({ length: embedding.rows - 1 }, (_, index) => index + 1).flatMap((id) =>
    Array.from({ length: places.rows }, (_, place) => place).flatMap((place) =>
      Array.from({ length: segments }, (_, segment) => ({ id, place, segment: segment + 1 })),
    ),
  );
  const start: Token = { id: 0, place: 0, segment: 0 };
  let [gap, elsewhere] = [Number.POSITIVE_INFINITY, 0];
  for (const query of tokens) {
    if (among === 'word' && query.place === 0) continue;
    let matches = Number.POSITIVE_INFINITY;
    // The highest score at each place of each segment, of which one is the separator's.
    const others = new Map<string, number>();
    for (const key of tokens) {
      const isOwn = key.segment === query.segment;
      if (key.segment > query.segment || (isOwn && among !== 'separators' && key.place > query.place))
        continue;
      if (among === 'word' && key.place === 0) continue;
      const isSeparator = key.id >= firstSeparator;
      const isMatch =
        among === 'separators'
          ? isSeparator && query.segment - key.segment === back
          : isOwn && query.place - key.place === back;
      const score = scoreOf(network, head, query, key);
      // A segment's last place is its separator's.
      const place = among === 'separators' && isSeparator ? places.rows - 1 : key.place;
      const slot = `${key.segment} ${place}`;
      if (isMatch) matches = Math.min(matches, score);
      else others.set(slot, Math.max(others.get(slot) ?? Number.NEGATIVE_INFINITY, score));
    }
    const toStart = scoreOf(network, head, query, start);
    for (const [source, all] of [
      [matches, [...others.values(), toStart]],
      [toStart, [...others.values()]],
    ] as const) {
      if (source === Number.POSITIVE_INFINITY || all.length === 0) continue;
      gap = Math.min(gap, source - Math.max(...all));
      elsewhere = Math.max(
        elsewhere,
        all.reduce((sum, score) => sum + Math.exp(score - source), 0),
      );
    }
  }
  return { gap, elsewhere };
}

/** The heads of a network with absolute or bilevel positions. */
function headsOf({ layers }: Network): TokenHead[] {
  return layers.flatMap(({ head }) =>
    head.source.among === 'block' ? [] : [{ ...head, source: head.source }],
  );
}

describe('the gap of a head', () => {
  it('is not above that of any two tokens, and hardly below', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 4 }), (length, segments) => {
        for (const network of [
          compileApe(randomNfa(Random.fromSeed(1), { states: 2, symbols: 2, density: 0.5 }), length),
          compileCompact(bi, length),
          compileBiPE(bi, { maxSegmentLength: Math.min(length, 6), maxSegments: segments }),
        ])
          for (const head of headsOf(network)) {
            const [found, wanted] = [headScores(network, head), scoresOfAll(network, head)];
            expect(found.gap).toBeLessThanOrEqual(wanted.gap + 1e-9);
            expect(found.gap).toBeGreaterThan(wanted.gap - 1e-4);
            expect(found.elsewhere).toBeGreaterThanOrEqual(wanted.elsewhere * (1 - 1e-9));
          }
      }),
      { numRuns: 12 },
    );
  });

  it('is not above it for changed weights either', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: -0.5, max: 0.5, noNaN: true }), (seed, change) => {
        const network = compileCompact(bi, 7);
        const random = Random.fromSeed(seed);
        const head = random.choice(headsOf(network));
        const { values } = random.choice([head.query, head.key, network.places]);
        const used = [...values.keys()].filter((index) => values[index] !== 0);
        const at = random.choice(used);
        values[at] = (values[at] ?? 0) + change;
        const [found, wanted] = [headScores(network, head), scoresOfAll(network, head)];
        expect(found.gap).toBeLessThanOrEqual(wanted.gap + 1e-9);
        expect(found.elsewhere).toBeGreaterThanOrEqual(wanted.elsewhere * (1 - 1e-9));
      }),
      { numRuns: 40 },
    );
  });

  it('is found for 16,384 symbols, too', () => {
    const network = compileCompact(bi, 2 ** 14, { activation: 'relu' });
    const { layers, mostTokens, mistakes } = certifyNetwork(network);
    expect(mistakes).toEqual([]);
    for (const { gap } of layers) expect(gap).toBeCloseTo(Math.log(mostTokens / 1e-4), 3);
  });
});
