// Computes by how much a head prefers its source token, over all places and segments within a
// network's bounds, from the weights as float32 holds them.
//
// Queries and keys have a part for the place and a part that rotates with the segment. A score is
// the sum of both, so the worst score is bounded by the worst of either; the rotating part depends
// on the difference of segments alone.

import { present } from '../../base/present';
import { blockNamed } from '../network/layout';
import type { Network, TokenSource } from '../network/network';
import { mostSegments } from './addressing';
import { type Asked, elsewhereOf } from './elsewhere';
import {
  deviationOf,
  distinct,
  idealScores,
  type Kind,
  kindsOf,
  scoreRounding,
  stillScore,
  Turns,
  type TokenHead,
  tokensOf,
  type TokenVectors,
} from './kinds';

/** The distance between a head's scores. */
export interface HeadScores {
  /**
   * The source token's score minus the highest of any other token, in exact arithmetic, at worst.
   */
  readonly gap: number;
  /**
   * Attention on all other tokens together, as a share of that on the source token, at most, in
   * exact arithmetic. Nearly all of them score much less than the highest.
   */
  readonly elsewhere: number;
  /** By how much float32 may bring two scores nearer to each other. */
  readonly rounding: number;
}

/**
 * Computes the worst case of a head's scores.
 *
 * @param tokens the network's, which all of its heads share
 */
export function headScores(
  network: Network,
  head: TokenHead,
  tokens: readonly TokenVectors[] = tokensOf(network),
): HeadScores {
  const kinds = kindsOf(network, head, tokens);
  const asked: Asked = { source: head.source, kinds, turns: new Turns(network.rotaryPairs) };
  const gap = readsOnlyAddresses(network, head) ? worstGap(network, asked) : Number.NEGATIVE_INFINITY;
  return {
    gap,
    elsewhere: elsewhereOf(network, asked, gap),
    rounding: scoreRounding(network, kinds),
  };
}

/**
 * Checks that queries and keys read nothing that a layer writes, and their rotating parts no place.
 */
function readsOnlyAddresses({ layout, rotaryPairs }: Network, { query, key }: TokenHead): boolean {
  const place = blockNamed(layout, 'place');
  const firstWritten = place.start + place.columns.length;
  return [query, key].every(({ columns, values }) =>
    values.every((value, index) => {
      if (value === 0) return true;
      const row = Math.floor(index / columns);
      return row < place.start || (row < firstWritten && index % columns >= 2 * rotaryPairs);
    }),
  );
}

/** The gap over every kind and place of a query, with and without a source token. */
function worstGap(network: Network, { source, kinds, turns }: Asked): number {
  const { rotaryPairs } = network;
  const { among, back } = source;
  const segments = mostSegments(network);
  const start = kinds.find(({ isStart }) => isStart);
  const others = kinds.filter(({ isStart }) => !isStart);
  const matchBack = among === 'separators' ? back : 0;
  const sums = among === 'separators' ? new Map<number, number>() : idealScores(network, back);
  let worst = Number.POSITIVE_INFINITY;
  for (const kind of others) {
    const [query] = kind.queries;
    const startKey = start?.keys[0];
    if (query === undefined || startKey === undefined) continue;
    // Scores of the rotating part by difference of segments, for each kind of key: they do not
    // depend on the place.
    const turned = others.map(({ keys: [key = startKey] }) => turns.scores(query, key, segments));
    const toStart = turns.scores(query, startKey, segments, 1);
    const mostToStart = toStart.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const leastToStart = toStart.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
    const still = others.map((other) =>
      among === 'separators'
        ? scoresWithoutPlaces(kind, other, rotaryPairs)
        : scoresByPlace(network, source, { kind, other, sums }),
    );
    kind.queries.forEach((asking, place) => {
      const hasMatch = among === 'separators' ? segments > back : place >= back + (among === 'word' ? 1 : 0);
      const stillStart = stillScore(asking, startKey, rotaryPairs);
      let match = Number.POSITIVE_INFINITY;
      let other = Number.NEGATIVE_INFINITY;
      others.forEach(({ isSeparator }, index) => {
        const turn = turned[index] ?? new Float64Array();
        const there = turn[matchBack] ?? Number.NEGATIVE_INFINITY;
        const { own, rest, anywhere } = present(still[index], 'scores')(place);
        const isMatch = among !== 'separators' || (isSeparator && segments > back);
        if (isMatch) match = Math.min(match, own + there);
        other = Math.max(other, anywhere + highestBut(turn, matchBack), rest + there);
        if (!isMatch) other = Math.max(other, anywhere + there);
      });
      const startMost = stillStart + mostToStart;
      const startLeast = stillStart + leastToStart;
      if (hasMatch) worst = Math.min(worst, match - Math.max(other, startMost));
      worst = Math.min(worst, startLeast - other);
    });
  }
  return worst;
}

/** Scores of the parts that do not rotate, of a query at one place with the keys of a kind. */
interface StillScores {
  /**
   * With the key at the source's place, which is not above any other such; infinite without one.
   */
  readonly own: number;
  /** The highest with another key of the same segment, up to the query's place. */
  readonly rest: number;
  /** The highest with a key of another segment, at any place. */
  readonly anywhere: number;
}

/** Scores where queries and keys read no place; all keys of the segment are the source's then. */
function scoresWithoutPlaces(
  { queries }: Kind,
  { keys }: Kind,
  pairs: number,
): (place: number) => StillScores {
  const scores = distinct(queries).flatMap((query) =>
    distinct(keys).map((key) => stillScore(query, key, pairs)),
  );
  const all = { own: Math.min(...scores), rest: Number.NEGATIVE_INFINITY, anywhere: Math.max(...scores) };
  return () => all;
}

/**
 * Scores where queries and keys read places. In exact arithmetic, a score is a sum of cosines of
 * the distance to the source; the weights of float32 are near it by `deviation`. So only the
 * distances with the highest sums are computed from the weights, and the others are bounded.
 */
function scoresByPlace(
  network: Network,
  { among, back }: TokenSource,
  {
    kind: { queries },
    other: { keys },
    sums,
  }: { readonly kind: Kind; readonly other: Kind; readonly sums: ReadonlyMap<number, number> },
): (place: number) => StillScores {
  const { rotaryPairs: pairs, places } = network;
  const exact = (place: number, keyPlace: number): number =>
    stillScore(present(queries[place], 'query'), present(keys[keyPlace], 'key'), pairs);
  const deviation = deviationOf(network, back, queries, keys);
  /** The highest score with a key from a place to another, of some of all distances. */
  const highestOf = (distances: readonly number[]): ((place: number, from: number, to: number) => number) => {
    const sumOf = (distance: number): number => sums.get(distance) ?? Number.NaN;
    const highest = distances.reduce((most, distance) => Math.max(most, sumOf(distance)), -Infinity);
    const high = distances.filter((distance) => sumOf(distance) >= highest - 2 * deviation);
    const known = new Set(high);
    const others = distances.filter((distance) => !known.has(distance));
    const bound = deviation + others.reduce((most, distance) => Math.max(most, sumOf(distance)), -Infinity);
    return (place, from, to) =>
      high.reduce((score, distance) => {
        const keyPlace = place - distance;
        return keyPlace < from || keyPlace > to ? score : Math.max(score, exact(place, keyPlace));
      }, bound);
  };
  const distances = [...sums.keys()];
  const first = among === 'word' ? 1 : 0;
  const rest = highestOf(distances.filter((distance) => distance >= 0 && distance !== back));
  const anywhere = highestOf(distances);
  return (place) => ({
    own: place - back >= first ? exact(place, place - back) : Number.POSITIVE_INFINITY,
    rest: rest(place, first, place),
    anywhere: among === 'word' ? Number.NEGATIVE_INFINITY : anywhere(place, 0, places.rows - 1),
  });
}

function highestBut(values: Float64Array, index: number): number {
  return values.reduce(
    (highest, value, place) => (place === index ? highest : Math.max(highest, value)),
    Number.NEGATIVE_INFINITY,
  );
}
