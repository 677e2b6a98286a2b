// Computes by how much a head prefers its source token, over all places and segments within a
// network's bounds, from the weights as float32 holds them.
//
// Queries and keys have a part for the place and a part that rotates with the segment. A score is
// the sum of both, so the worst score is bounded by the worst of either; the rotating part depends
// on the difference of segments alone.

import { present } from '../../base/present';
import { float32 } from '../lemmas/certificate';
import { blockNamed } from '../network/layout';
import { type CopyHead, type Matrix, type Network, startId } from '../network/network';
import { frequenciesFor } from './addressing';
import { sharpnessOf } from './weights';

/** The distance between a head's scores. */
export interface HeadScores {
  /**
   * The source token's score minus the highest of any other token, in exact arithmetic, at worst.
   */
  readonly gap: number;
  /** By how much float32 may bring two scores nearer to each other. */
  readonly rounding: number;
}

/**
 * A kind of token. All symbols are one kind: their queries and keys are equal. So are all tokens
 * but the start with absolute positions.
 */
interface Kind {
  readonly isStart: boolean;
  readonly isSeparator: boolean;
  /** [places][headDim] each; one place for the start */
  readonly queries: readonly Float64Array[];
  readonly keys: readonly Float64Array[];
}

/** Computes the worst case of a head's scores. */
export function headScores(network: Network, head: CopyHead): HeadScores {
  const kinds = kindsOf(network, head);
  const gap = readsOnlyAddresses(network, head) ? worstGap(network, head, kinds) : Number.NEGATIVE_INFINITY;
  return { gap, rounding: scoreRounding(network, kinds) };
}

/**
 * Checks that queries and keys read nothing that a layer writes, and their rotating parts no place.
 */
function readsOnlyAddresses({ layout, rotaryPairs }: Network, { query, key }: CopyHead): boolean {
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

function kindsOf(
  { automaton, bounds, embedding, layout, places }: Network,
  { query, key }: CopyHead,
): Kind[] {
  const separators = bounds.encoding !== 'bipe' || automaton.type === 'nfa' ? 0 : automaton.separators.length;
  // The start, one symbol for all symbols, each separator.
  const ids = [
    startId,
    ...(automaton.symbols.length > 0 ? [1] : []),
    ...Array.from({ length: separators }, (_, index) => 1 + automaton.symbols.length + index),
  ];
  // No more of a token than heads read.
  const place = blockNamed(layout, 'place');
  const read = place.start + place.columns.length;
  const rounded = (matrix: Matrix, row: number): Float64Array =>
    matrix.values.subarray(row * matrix.columns, row * matrix.columns + read).map(Math.fround);
  return ids.map((id): Kind => {
    const isStart = id === startId;
    const tokens = Array.from({ length: isStart ? 1 : places.rows }, (_, place) => {
      const at = rounded(places, place);
      return rounded(embedding, id).map((value, column) => value + (at[column] ?? 0));
    });
    return {
      isStart,
      isSeparator: id > automaton.symbols.length,
      queries: tokens.map((token) => project(token, query)),
      keys: tokens.map((token) => project(token, key)),
    };
  });
}

function project(vector: Float64Array, { columns, values }: Matrix): Float64Array {
  const projected = new Float64Array(columns);
  vector.forEach((value, row) => {
    if (value === 0) return;
    for (let column = 0; column < columns; column++)
      projected[column] =
        (projected[column] ?? 0) + value * Math.fround(values[row * columns + column] ?? Number.NaN);
  });
  return projected;
}

/** The gap over every kind and place of a query, with and without a source token. */
function worstGap(network: Network, { source }: CopyHead, kinds: readonly Kind[]): number {
  const { bounds, rotaryPairs } = network;
  const { among, back } = source;
  const segments = bounds.encoding !== 'bipe' ? 1 : bounds.maxSegments;
  const start = kinds.find(({ isStart }) => isStart);
  const others = kinds.filter(({ isStart }) => !isStart);
  const matchBack = among === 'separators' ? back : 0;
  let worst = Number.POSITIVE_INFINITY;
  for (const kind of others) {
    const [query] = kind.queries;
    const startKey = start?.keys[0];
    if (query === undefined || startKey === undefined) continue;
    // Scores of the rotating part by difference of segments, for each kind of key: they do not
    // depend on the place.
    const turns = others.map(({ keys: [key = startKey] }) =>
      Float64Array.from({ length: segments }, (_, difference) =>
        rotatingScore(query, key, difference, rotaryPairs),
      ),
    );
    const toStart = Float64Array.from({ length: segments }, (_, difference) =>
      rotatingScore(query, startKey, difference + 1, rotaryPairs),
    );
    const mostToStart = toStart.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const leastToStart = toStart.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
    const still = others.map((other) =>
      among === 'separators'
        ? scoresWithoutPlaces(kind, other, rotaryPairs)
        : scoresByPlace(network, source, kind, other),
    );
    kind.queries.forEach((asking, place) => {
      const hasMatch = among === 'separators' ? segments > back : place >= back + (among === 'word' ? 1 : 0);
      const stillStart = stillScore(asking, startKey, rotaryPairs);
      let match = Number.POSITIVE_INFINITY;
      let other = Number.NEGATIVE_INFINITY;
      others.forEach(({ isSeparator }, index) => {
        const turn = turns[index] ?? new Float64Array();
        const there = turn[matchBack] ?? Number.NEGATIVE_INFINITY;
        const { own, rest, anywhere } = present(still[index], 'scores')(place);
        const isMatch = among !== 'separators' || (isSeparator && segments > back);
        if (isMatch) match = Math.min(match, own + there);
        other = Math.max(other, anywhere + highestBut(turn, matchBack), rest + there);
        if (!isMatch) other = Math.max(other, own + there);
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
  const distinct = (vectors: readonly Float64Array[]): Float64Array[] => [
    ...new Map(vectors.map((vector) => [vector.join(), vector])).values(),
  ];
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
  { among, back }: CopyHead['source'],
  { queries }: Kind,
  { keys }: Kind,
): (place: number) => StillScores {
  const { rotaryPairs: pairs, places } = network;
  const exact = (place: number, keyPlace: number): number =>
    stillScore(present(queries[place], 'query'), present(keys[keyPlace], 'key'), pairs);
  const { sums, deviation } = idealScores(network, back, queries, keys);
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

/**
 * The sums of cosines by distance, from query back to key, and by how much scores differ from them
 * at most: infinitely, if queries and keys are not made of the places' frequencies.
 */
function idealScores(
  network: Network,
  back: number,
  queries: readonly Float64Array[],
  keys: readonly Float64Array[],
): { readonly sums: ReadonlyMap<number, number>; readonly deviation: number } {
  const { places, rotaryPairs } = network;
  const sharpness = sharpnessOf(network);
  const frequencies = frequenciesFor(places.rows);
  const sums = new Map<number, number>();
  for (let distance = 1 - places.rows; distance < places.rows; distance++)
    sums.set(
      distance,
      frequencies.reduce((sum, frequency) => sum + sharpness * Math.cos(frequency * (distance - back)), 0),
    );
  const first = 2 * rotaryPairs;
  const columns = (queries[0]?.length ?? 0) - first;
  if (columns !== 2 * frequencies.length + 1) return { sums, deviation: Number.POSITIVE_INFINITY };
  let deviation = 0;
  for (let column = 0; column < columns; column++) {
    // Cosines, then sines; last the start's component, which no other key has.
    const frequency = frequencies[column % frequencies.length] ?? 0;
    const wave = column < frequencies.length ? Math.cos : Math.sin;
    const isStart = column === columns - 1;
    const off = (vectors: readonly Float64Array[], of: (place: number) => number): number =>
      vectors.reduce(
        (most, vector, place) => Math.max(most, Math.abs((vector[first + column] ?? Number.NaN) - of(place))),
        0,
      );
    const keyOff = off(keys, (place) => (isStart ? 0 : wave(frequency * place)));
    if (isStart) {
      deviation +=
        keyOff *
        queries.reduce((most, query) => Math.max(most, Math.abs(query[first + column] ?? Number.NaN)), 0);
      continue;
    }
    const queryOff = off(queries, (place) => sharpness * wave(frequency * (place - back)));
    deviation += sharpness * keyOff + queryOff + queryOff * keyOff;
  }
  return { sums, deviation };
}

function highestBut(values: Float64Array, index: number): number {
  return values.reduce(
    (highest, value, place) => (place === index ? highest : Math.max(highest, value)),
    Number.NEGATIVE_INFINITY,
  );
}

/** The product of the parts that do not rotate. */
function stillScore(query: Float64Array, key: Float64Array, pairs: number): number {
  let sum = 0;
  for (let column = 2 * pairs; column < query.length; column++)
    sum += (query[column] ?? 0) * (key[column] ?? 0);
  return sum;
}

/** The product of the parts that rotate, of a query `difference` segments after the key. */
function rotatingScore(query: Float64Array, key: Float64Array, difference: number, pairs: number): number {
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const angle = (Math.PI / 2 ** pair) * difference;
    const [a, b, c, d] = [query[pair], query[pairs + pair], key[pair], key[pairs + pair]] as [
      number,
      number,
      number,
      number,
    ];
    sum += Math.cos(angle) * (a * c + b * d) + Math.sin(angle) * (a * d - b * c);
  }
  return sum;
}

/**
 * Bounds the rounding of two scores: sums of headDim products, each of two rounded sums, and
 * angles, which err by 2 units of their size, up to pi times the segment, on either side. A pair
 * counts by the lengths of its two vectors, since its components mix when it turns.
 */
function scoreRounding({ bounds, rotaryPairs }: Network, kinds: readonly Kind[]): number {
  const { unit } = float32;
  const segments = bounds.encoding !== 'bipe' ? 0 : bounds.maxSegments;
  const queries = kinds.flatMap((kind) => kind.queries);
  const keys = kinds.flatMap((kind) => kind.keys);
  const headDim = queries[0]?.length ?? 0;
  const largest = (vectors: readonly Float64Array[], sizeOf: (vector: Float64Array) => number): number =>
    vectors.reduce((most, vector) => Math.max(most, sizeOf(vector)), 0);
  const product = (sizeOf: (vector: Float64Array) => number): number =>
    largest(queries, sizeOf) * largest(keys, sizeOf);
  let [turning, still] = [0, 0];
  for (let pair = 0; pair < rotaryPairs; pair++)
    turning += product((vector) => Math.hypot(vector[pair] ?? 0, vector[rotaryPairs + pair] ?? 0));
  for (let column = 2 * rotaryPairs; column < headDim; column++)
    still += product((vector) => Math.abs(vector[column] ?? 0));
  // Both components of a pair err, each by as much as its vector.
  return (
    2 * unit * ((headDim + 16) * (2 * turning + still) + 4 * turning * (2 * Math.PI * (segments + 1) + 2))
  );
}
