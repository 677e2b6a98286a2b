// Bounds the attention of a head on all tokens but its source. Nearly all of them score much less
// than the highest, since they are far from where the head looks.

import {
  type HeadOptions,
  mostSegments,
  mostTokens,
  placeFrequenciesOf,
  segmentFrequenciesOf,
  sharesByDistance,
  sharpnessOf,
  sumOfCosines,
} from './addressing';
import type { Network, TokenSource } from '../network/network';
import { deviationOf, distinct, type Kind, stillScore, type Turns } from './kinds';

/** Where a head looks, and the kinds of tokens that it tells apart. */
export interface Asked {
  readonly source: TokenSource;
  readonly kinds: readonly Kind[];
  readonly turns: Turns;
}

/**
 * Bounds the attention on other tokens by their distances. With R(s) and P(p) the sums of cosines
 * of a token s segments and p places from where the head looks, m1 and m2 at most, and the
 * sharpness b, such a token has exp(b (R(s) - m1)) exp(b (P(p) - m2)) of the source's attention. At
 * each place of each segment there is one token at most, so both are added up by themselves. Where
 * there is no source, the start token stands in, and scores b less.
 */
export function elsewhereOf(network: Network, asked: Asked, gap: number): number {
  const { places } = network;
  const { among, back } = asked.source;
  // As if all tokens had the highest score.
  const byGap = (mostTokens(network) - 1) * Math.exp(-gap);
  const off = scoresOff(network, asked);
  if (!(off < 1 && gap > 0)) return byGap;
  const sharpness = sharpnessOf(network);
  const { segmentFrequencies, placeFrequencies } = addressesOf(network, among);
  const sumOver = (frequencies: Float64Array, first: number, last: number): number =>
    sharesByDistance(frequencies, sharpness, { first, last });
  const segments = mostSegments(network);
  const others =
    among === 'separators'
      ? // One separator a segment; the keys of other tokens do not turn, and score 0.
        sumOver(segmentFrequencies, -back, segments - 1 - back) +
        mostTokens(network) * Math.exp(-sharpness * segmentFrequencies.length)
      : sumOver(placeFrequencies, -back, places.rows - 1 - back) +
        sumOver(segmentFrequencies, 1, segments - 1) *
          (1 + sumOver(placeFrequencies, 1 - places.rows - back, places.rows - 1 - back));
  return Math.min(byGap, Math.exp(2 * off) * (Math.exp(sharpness) * others + Math.exp(-sharpness)));
}

/** The frequencies by which a head finds its source. */
function addressesOf(
  network: Network,
  among: TokenSource['among'],
): Pick<HeadOptions, 'placeFrequencies' | 'segmentFrequencies'> {
  return {
    segmentFrequencies: among === 'word' ? new Float64Array() : segmentFrequenciesOf(network),
    placeFrequencies: among === 'separators' ? new Float64Array() : placeFrequenciesOf(network),
  };
}

/** By how much scores differ from the sharpness times their sums of cosines, at most. */
function scoresOff(network: Network, { source, kinds, turns }: Asked): number {
  const { among, back } = source;
  const { rotaryPairs: pairs } = network;
  const sharpness = sharpnessOf(network);
  const { segmentFrequencies, placeFrequencies } = addressesOf(network, among);
  const segments = mostSegments(network);
  const wantedStart = sharpness * (segmentFrequencies.length + placeFrequencies.length - 1);
  const first = among === 'separators' ? -back : 0;
  const wanted = Float64Array.from(
    { length: segments },
    (_, difference) => sharpness * sumOfCosines(segmentFrequencies, first + difference),
  );
  const others = kinds.filter(({ isStart }) => !isStart);
  const startKey = kinds.find(({ isStart }) => isStart)?.keys[0];
  let [turning, still, start] = [0, 0, 0];
  for (const { queries } of others) {
    const [query] = queries;
    if (query === undefined || startKey === undefined) continue;
    const startTurning = largestSize(turns.scores(query, startKey, segments, 1));
    for (const asking of among === 'separators' ? distinct(queries) : queries)
      start = Math.max(start, startTurning + Math.abs(stillScore(asking, startKey, pairs) - wantedStart));
    for (const { isSeparator, keys } of others) {
      const [key] = keys;
      if (key === undefined) continue;
      const doesTurn = among === 'segment' || (among === 'separators' && isSeparator);
      const off = turns
        .scores(query, key, segments)
        .map((score, difference) => score - (doesTurn ? (wanted[difference] ?? Number.NaN) : 0));
      turning = Math.max(turning, largestSize(off));
      if (among === 'separators')
        for (const asking of distinct(queries))
          for (const asked of distinct(keys))
            still = Math.max(still, Math.abs(stillScore(asking, asked, pairs)));
      else still = Math.max(still, deviationOf(network, back, queries, keys));
    }
  }
  return Math.max(turning + still, start);
}

function largestSize(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
