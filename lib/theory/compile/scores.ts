// Computes by how much a head prefers its source token, over all places and segments within a
// network's bounds, from the weights as float32 holds them.
//
// Queries and keys have a part for the place and a part that rotates with the segment. A score is
// the sum of both, so the worst score is bounded by the worst of either; the rotating part depends
// on the difference of segments alone.

import { float32 } from '../lemmas/certificate';
import { blockNamed } from '../network/layout';
import { type CopyHead, type Matrix, type Network, startId } from '../network/network';

/** The distance between a head's scores. */
export interface HeadScores {
  /**
   * The source token's score minus the highest of any other token, in exact arithmetic, at worst.
   */
  readonly gap: number;
  /** By how much float32 may bring two scores nearer to each other. */
  readonly rounding: number;
}

/** A kind of token. All symbols are one kind: their queries and keys are equal. */
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

function kindsOf({ automaton, embedding, places }: Network, { query, key }: CopyHead): Kind[] {
  const separators = automaton.type === 'nfa' ? 0 : automaton.separators.length;
  // The start, one symbol for all symbols, each separator.
  const ids = [
    startId,
    ...(automaton.symbols.length > 0 ? [1] : []),
    ...Array.from({ length: separators }, (_, index) => 1 + automaton.symbols.length + index),
  ];
  const rounded = (matrix: Matrix, row: number): Float64Array =>
    matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns).map(Math.fround);
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
function worstGap(network: Network, { source: { among, back } }: CopyHead, kinds: readonly Kind[]): number {
  const { bounds, rotaryPairs } = network;
  const segments = bounds.encoding === 'ape' ? 1 : bounds.maxSegments;
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
    kind.queries.forEach((asking, place) => {
      const hasMatch = among === 'separators' ? segments > back : place >= back + (among === 'word' ? 1 : 0);
      const stillStart = stillScore(asking, startKey, rotaryPairs);
      let match = Number.POSITIVE_INFINITY;
      let other = Number.NEGATIVE_INFINITY;
      others.forEach(({ keys, isSeparator }, index) => {
        const turn = turns[index] ?? new Float64Array();
        const elsewhere = highestBut(turn, matchBack);
        const there = turn[matchBack] ?? Number.NEGATIVE_INFINITY;
        keys.forEach((key, keyPlace) => {
          if (among === 'word' && (keyPlace === 0 || keyPlace > place)) return;
          const still = stillScore(asking, key, rotaryPairs);
          other = Math.max(other, still + elsewhere);
          // Later tokens of the query's own segment are masked.
          if (among === 'segment' && keyPlace > place) return;
          const isMatch = among === 'separators' ? isSeparator && segments > back : keyPlace === place - back;
          if (isMatch) match = Math.min(match, still + there);
          else other = Math.max(other, still + there);
        });
      });
      const startMost = stillStart + mostToStart;
      const startLeast = stillStart + leastToStart;
      if (hasMatch) worst = Math.min(worst, match - Math.max(other, startMost));
      worst = Math.min(worst, startLeast - other);
    });
  }
  return worst;
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
  const segments = bounds.encoding === 'ape' ? 0 : bounds.maxSegments;
  const queries = kinds.flatMap((kind) => kind.queries);
  const keys = kinds.flatMap((kind) => kind.keys);
  const headDim = queries[0]?.length ?? 0;
  const longest = (vectors: readonly Float64Array[], columns: readonly number[]): number =>
    vectors.reduce(
      (most, vector) => Math.max(most, Math.hypot(...columns.map((column) => vector[column] ?? 0))),
      0,
    );
  const product = (...columns: number[]): number => longest(queries, columns) * longest(keys, columns);
  let [turning, still] = [0, 0];
  for (let pair = 0; pair < rotaryPairs; pair++) turning += product(pair, rotaryPairs + pair);
  for (let column = 2 * rotaryPairs; column < headDim; column++) still += product(column);
  // Both components of a pair err, each by as much as its vector.
  return (
    2 * unit * ((headDim + 16) * (2 * turning + still) + 4 * turning * (2 * Math.PI * (segments + 1) + 2))
  );
}
