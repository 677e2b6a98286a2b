// Weights with which a head finds the one token it copies from, at a fixed distance, by a sum of
// cosines. With frequencies pi, pi / 2, ..., pi / 2^(m-1), the sum of cos(frequency x d) is m at
// d = 0 and at most m - 2 at any other |d| < 2^m: write d = odd x 2^r, and the frequency pi / 2^r
// gives -1. If no token is at that distance, the head finds the start token, whose score is one
// below a match for every query.
//
// Inside a segment two sums are added: one over places, from the table of the absolute encoding,
// and one over segment indices, by RoPE. Either is lower by at least 2 where it does not match.

import { blockNamed, type Layout } from '../network/layout';
import { type CopyHead, type Matrix, type Network, put, type TokenSource, zeros } from '../network/network';
import { doublings } from './program';

/** Of a network, the words that it is made for. */
type ForWords = Pick<Network, 'bounds'>;

/** Most attention of a head on tokens other than its source, in exact arithmetic. */
const leakAimedAt = 1e-4;

/** The factor of scores: it leaves other tokens that much attention, if they score 1 less. */
export function sharpnessOf(network: ForWords): number {
  return Math.log(mostTokens(network) / leakAimedAt);
}

/** Most tokens of a word within the bounds, the start included. */
export function mostTokens({ bounds }: ForWords): number {
  return bounds.encoding !== 'bipe'
    ? 1 + bounds.maxLength
    : 1 + bounds.maxSegments * (bounds.maxSegmentLength + 1);
}

/** Most segments of a word within the bounds; one with absolute positions. */
export function mostSegments({ bounds }: ForWords): number {
  return bounds.encoding === 'bipe' ? bounds.maxSegments : 1;
}

/** Number of rows of the table of places. */
export function placesOf({ bounds }: ForWords): number {
  return bounds.encoding !== 'bipe' ? bounds.maxLength + 1 : bounds.maxSegmentLength + 1;
}

/** Frequencies that distinguish distances below `length`, at least two: [pairs]. */
function frequenciesFor(length: number): Float64Array {
  return Float64Array.from({ length: Math.max(2, doublings(length)) }, (_, pair) => Math.PI / 2 ** pair);
}

/**
 * Frequencies of places, or of blocks of them where a program has these.
 *
 * @param blockLength undefined or 0 without blocks
 */
export function placeFrequenciesOf(network: ForWords, blockLength = 0): Float64Array {
  const places = placesOf(network);
  return frequenciesFor(blockLength === 0 ? places : Math.ceil((places - 1) / blockLength));
}

/** Frequencies of RoPE, which distinguish segments; none with absolute positions. */
export function segmentFrequenciesOf(network: ForWords): Float64Array {
  return network.bounds.encoding === 'bipe' ? frequenciesFor(mostSegments(network)) : new Float64Array();
}

/**
 * The sum of cosines by which a head tells distances from the one it looks at: as many as there are
 * frequencies at 0, at most that less 2 at all others.
 */
export function sumOfCosines(frequencies: Float64Array, distance: number): number {
  return frequencies.reduce((sum, frequency) => sum + Math.cos(frequency * distance), 0);
}

/**
 * The attention on tokens at all distances of a range but 0, as a share of that at 0, in exact
 * arithmetic.
 */
export function sharesByDistance(
  frequencies: Float64Array,
  sharpness: number,
  { first, last }: { readonly first: number; readonly last: number },
): number {
  let sum = 0;
  for (let distance = first; distance <= last; distance++)
    if (distance !== 0)
      sum += Math.exp(sharpness * (sumOfCosines(frequencies, distance) - frequencies.length));
  return sum;
}

/** The table of places: cosines, then sines, [places, 2 pairs]. */
export function placeTable(places: number, frequencies: Float64Array): Matrix {
  const table = zeros(places, 2 * frequencies.length);
  for (let place = 0; place < places; place++)
    frequencies.forEach((frequency, pair) => {
      put(table, place, pair, Math.cos(frequency * place));
      put(table, place, frequencies.length + pair, Math.sin(frequency * place));
    });
  return table;
}

/** The settings that all heads share. */
export interface HeadOptions {
  readonly layout: Layout;
  /** Frequencies of the absolute encoding's table. */
  readonly placeFrequencies: Float64Array;
  /** Frequencies of RoPE; empty with APE. */
  readonly segmentFrequencies: Float64Array;
  /** The factor of scores: a gap of 1 becomes one of `sharpness`. */
  readonly sharpness: number;
}

/** The head of a step: copies coordinates of the step's source token. */
export function copyHead(
  { register, source, value }: Pick<CopyHead, 'register' | 'value'> & { readonly source: TokenSource },
  options: HeadOptions,
): CopyHead {
  const { among, back } = source;
  const { layout, placeFrequencies, segmentFrequencies, sharpness } = options;
  const pairs = among === 'word' ? 0 : segmentFrequencies.length;
  const placePairs = among === 'separators' ? 0 : placeFrequencies.length;
  const columns = 2 * segmentFrequencies.length + 2 * placePairs + 1;
  const [query, key] = [zeros(layout.width, columns), zeros(layout.width, columns)];
  const [one, start] = [blockNamed(layout, 'one').start, blockNamed(layout, 'start').start];

  // The rotating part: a vector at angle 0, or, to look `back` segments back, at the angle of that
  // many segments.
  for (let pair = 0; pair < pairs; pair++) {
    const turn = among === 'separators' ? (segmentFrequencies[pair] ?? 0) * back : 0;
    put(query, one, pair, sharpness * Math.cos(turn));
    put(query, one, segmentFrequencies.length + pair, -sharpness * Math.sin(turn));
    if (among === 'separators') {
      const { start: first, columns: names } = blockNamed(layout, 'separators');
      names.forEach((_, index) => {
        put(key, first + index, pair, 1);
      });
    } else {
      put(key, one, pair, 1);
      put(key, start, pair, -1);
    }
  }

  // The part that does not rotate: places, with the query's moved back.
  const place = blockNamed(layout, 'place').start;
  const first = 2 * segmentFrequencies.length;
  for (let pair = 0; pair < placePairs; pair++) {
    const turn = (placeFrequencies[pair] ?? 0) * back;
    const [cosine, sine] = [place + pair, place + placeFrequencies.length + pair];
    const [toCosine, toSine] = [first + pair, first + placePairs + pair];
    put(query, cosine, toCosine, sharpness * Math.cos(turn));
    put(query, sine, toCosine, sharpness * Math.sin(turn));
    put(query, sine, toSine, sharpness * Math.cos(turn));
    put(query, cosine, toSine, -sharpness * Math.sin(turn));
    put(key, cosine, toCosine, 1);
    put(key, sine, toSine, 1);
  }

  // The start token's score, one below a match.
  put(query, one, columns - 1, sharpness * (pairs + placePairs - 1));
  put(key, start, columns - 1, 1);

  return { register, source, query, key, value };
}
