// The kinds of tokens that a head tells apart, their queries and keys as float32 holds the weights,
// and scores of two of them.

import { float32 } from '../lemmas/certificate';
import { blockNamed, type Layout } from '../network/layout';
import { type CopyHead, type Matrix, type Network, startId, type TokenSource } from '../network/network';
import { placeFrequenciesOf, sharpnessOf, sumOfCosines } from './addressing';

/** A head that copies from one token. */
export interface TokenHead extends CopyHead {
  readonly source: TokenSource;
}

/**
 * A kind of token before a head projects it. All symbols are one kind: their queries and keys are
 * equal. So are all tokens but the start with absolute positions.
 */
export interface TokenVectors {
  readonly isStart: boolean;
  readonly isSeparator: boolean;
  /** [places][coordinates that heads read]; one place for the start */
  readonly vectors: readonly Float64Array[];
}

/** A kind of token as a head sees it. */
export interface Kind extends Omit<TokenVectors, 'vectors'> {
  /** [places][headDim] each; one place for the start */
  readonly queries: readonly Float64Array[];
  readonly keys: readonly Float64Array[];
}

/** The tokens that heads tell apart: the start, one symbol for all symbols, each separator. */
export function tokensOf({ automaton, bounds, embedding, layout, places }: Network): TokenVectors[] {
  const separators = bounds.encoding !== 'bipe' || automaton.type === 'nfa' ? 0 : automaton.separators.length;
  const ids = [
    startId,
    // To heads of absolute positions separators are as symbols.
    ...(automaton.symbols.length > 0 || separators === 0 ? [1] : []),
    ...Array.from({ length: separators }, (_, index) => 1 + automaton.symbols.length + index),
  ];
  const read = readByHeads(layout);
  const rounded = (matrix: Matrix, row: number): Float64Array =>
    matrix.values.subarray(row * matrix.columns, row * matrix.columns + read).map(Math.fround);
  const table = Array.from({ length: places.rows }, (_, place) => rounded(places, place));
  return ids.map((id) => {
    const isStart = id === startId;
    const token = rounded(embedding, id);
    return {
      isStart,
      isSeparator: id > automaton.symbols.length,
      vectors: (isStart ? table.slice(0, 1) : table).map((at) =>
        at.map((value, column) => (token[column] ?? Number.NaN) + value),
      ),
    };
  });
}

/** How many coordinates tell tokens and places apart: the first ones. */
function readByHeads(layout: Layout): number {
  const { start, columns } = blockNamed(layout, 'place');
  return start + columns.length;
}

/** The kinds of tokens of a head. */
export function kindsOf(
  { layout }: Network,
  { query, key }: TokenHead,
  tokens: readonly TokenVectors[],
): Kind[] {
  const read = readByHeads(layout);
  type Projection = (vector: Float64Array) => Float64Array;
  const [queries, keys] = [query, key].map(({ columns, values }): Projection => {
    const weights = values.subarray(0, read * columns).map(Math.fround);
    return (vector) => project(vector, weights, columns);
  }) as [Projection, Projection];
  return tokens.map(({ vectors, ...kind }) => ({
    ...kind,
    queries: vectors.map(queries),
    keys: vectors.map(keys),
  }));
}

function project(vector: Float64Array, weights: Float64Array, columns: number): Float64Array {
  const projected = new Float64Array(columns);
  for (let row = 0; row < vector.length; row++) {
    const value = vector[row] ?? Number.NaN;
    if (value === 0) continue;
    for (let column = 0; column < columns; column++)
      projected[column] = (projected[column] ?? 0) + value * (weights[row * columns + column] ?? Number.NaN);
  }
  return projected;
}

/** Each of equal vectors once. */
export function distinct(vectors: readonly Float64Array[]): Float64Array[] {
  return [...new Map(vectors.map((vector) => [vector.join(), vector])).values()];
}

/** The product of the parts that do not rotate. */
export function stillScore(query: Float64Array, key: Float64Array, pairs: number): number {
  let sum = 0;
  for (let column = 2 * pairs; column < query.length; column++)
    sum += (query[column] ?? 0) * (key[column] ?? 0);
  return sum;
}

/** Products of the parts that rotate. A pair is back where it was after 2^(pair + 1) segments. */
export class Turns {
  /** By pair: the cosine and the sine of a turn by so many segments. */
  private readonly turns: readonly (readonly [cosines: Float64Array, sines: Float64Array])[];

  constructor(private readonly pairs: number) {
    this.turns = Array.from({ length: pairs }, (_, pair) => {
      const angles = Float64Array.from({ length: 2 ** (pair + 1) }, (__, by) => (Math.PI / 2 ** pair) * by);
      return [angles.map(Math.cos), angles.map(Math.sin)];
    });
  }

  /** [count] scores of a query `first` segments after the key, then one segment more each. */
  scores(query: Float64Array, key: Float64Array, count: number, first = 0): Float64Array {
    const scores = new Float64Array(count);
    for (const [pair, [cosines, sines]] of this.turns.entries()) {
      const [a, b] = [query[pair] ?? Number.NaN, query[this.pairs + pair] ?? Number.NaN];
      const [c, d] = [key[pair] ?? Number.NaN, key[this.pairs + pair] ?? Number.NaN];
      const [even, odd] = [a * c + b * d, a * d - b * c];
      if (even === 0 && odd === 0) continue;
      const period = cosines.length - 1;
      for (let index = 0; index < count; index++) {
        const by = (first + index) & period;
        scores[index] = (scores[index] ?? 0) + (cosines[by] ?? 0) * even + (sines[by] ?? 0) * odd;
      }
    }
    return scores;
  }
}

/** The largest absolute values that the terms of a score add up to. */
export interface ScoreSizes {
  /** Of the pairs that rotate, by the lengths of their vectors: components mix when they turn. */
  readonly turning: number;
  readonly still: number;
}

/** Adds up the products of sizes, of a query and a key, over the pairs and columns of a head. */
export function scoreSizes(
  pairs: number,
  headDim: number,
  product: (sizeOf: (vector: Float64Array) => number) => number,
): ScoreSizes {
  let [turning, still] = [0, 0];
  for (let pair = 0; pair < pairs; pair++)
    turning += product((vector) => Math.hypot(vector[pair] ?? 0, vector[pairs + pair] ?? 0));
  for (let column = 2 * pairs; column < headDim; column++)
    still += product((vector) => Math.abs(vector[column] ?? 0));
  return { turning, still };
}

/** Bounds the rounding of two scores of any two tokens. */
export function scoreRounding(network: Network, kinds: readonly Kind[]): number {
  const queries = kinds.flatMap((kind) => kind.queries);
  const keys = kinds.flatMap((kind) => kind.keys);
  const headDim = queries[0]?.length ?? 0;
  const largest = (vectors: readonly Float64Array[], sizeOf: (vector: Float64Array) => number): number =>
    vectors.reduce((most, vector) => Math.max(most, sizeOf(vector)), 0);
  const sizes = scoreSizes(
    network.rotaryPairs,
    headDim,
    (sizeOf) => largest(queries, sizeOf) * largest(keys, sizeOf),
  );
  return roundingOf(network, headDim, sizes);
}

/**
 * Bounds the rounding of two scores of those sizes: sums of headDim products, each of two rounded
 * sums, and angles, which err by 2 units of their size, up to pi times the segment, on either side.
 * Both components of a pair err, each by as much as its vector.
 */
export function roundingOf({ bounds }: Network, headDim: number, { turning, still }: ScoreSizes): number {
  const segments = bounds.encoding !== 'bipe' ? 0 : bounds.maxSegments;
  const angles = 4 * turning * (2 * Math.PI * (segments + 1) + 2);
  return 2 * float32.unit * ((headDim + 16) * (2 * turning + still) + angles);
}

/** The sharpness times the sums of cosines, by distance from query back to key. */
export function idealScores(network: Network, back: number): ReadonlyMap<number, number> {
  const { places } = network;
  const sharpness = sharpnessOf(network);
  const frequencies = placeFrequenciesOf(network);
  const sums = new Map<number, number>();
  for (let distance = 1 - places.rows; distance < places.rows; distance++)
    sums.set(distance, sharpness * sumOfCosines(frequencies, distance - back));
  return sums;
}

/**
 * By how much the scores of two kinds differ from the ideal ones, at most: infinitely, if queries
 * and keys are not made of the places' frequencies.
 */
export function deviationOf(
  network: Network,
  back: number,
  queries: readonly Float64Array[],
  keys: readonly Float64Array[],
): number {
  const { rotaryPairs } = network;
  const sharpness = sharpnessOf(network);
  const frequencies = placeFrequenciesOf(network);
  const first = 2 * rotaryPairs;
  const columns = (queries[0]?.length ?? 0) - first;
  if (columns !== 2 * frequencies.length + 1) return Number.POSITIVE_INFINITY;
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
  return deviation;
}
