// The scores that encodings give to pairs of tokens, if all tokens are identical: any difference
// comes from position. Computed by the library's own rates and slopes.

import {
  alibiSlopes,
  frequencies,
  linearScore,
  rotaryScore,
  segmentSlopeFactor,
} from '../../lib/positional/by-distance';
import { encodingStyles, ink, type SeriesStyle, tintedHeatColor } from '../../lib/report/style';
import { heads, type IdeaState } from './state';

/** Width of a head, and base of RoPE's wavelengths. */
const [headDim, base] = [64, 10_000] as const;

/** An encoding with the positions by which it measures distance. */
export interface ScoredEncoding {
  readonly style: SeriesStyle;
  /** What a distance counts. */
  readonly unit: 'tokens' | 'segments';
  /** Positions of the longer text, [tokens]. */
  readonly positions: Int32Array;
  /** The largest distance of the trained text. */
  readonly trainedDistance: number;
  /** The score at a distance. */
  readonly scoreOf: (distance: number) => number;
}

/** The encodings of the family: one level, then two. */
export function comparedEncodings(state: IdeaState): readonly [ScoredEncoding, ScoredEncoding] {
  const { family, head, longer, trained } = state;
  const last = (positions: Int32Array): number => positions.at(-1) ?? 0;
  const one = {
    unit: 'tokens',
    positions: longer.position,
    trainedDistance: last(trained.position),
  } as const;
  const two = {
    unit: 'segments',
    positions: longer.segment,
    trainedDistance: last(trained.segment),
  } as const;
  if (family === 'rope') {
    const rates = frequencies(headDim, base);
    const scores = Array.from({ length: longer.tokens.length }, (_, distance) =>
      rotaryScore(rates, distance),
    );
    const scoreOf = (distance: number): number => scores[distance] ?? Number.NaN;
    return [
      { ...one, style: encodingStyles.rope, scoreOf },
      { ...two, style: encodingStyles.bipe_rope, scoreOf },
    ];
  }
  const slope = alibiSlopes(heads)[head] ?? Number.NaN;
  return [
    { ...one, style: encodingStyles.alibi, scoreOf: (distance) => linearScore(slope, distance) },
    {
      ...two,
      style: encodingStyles.bipe_alibi,
      scoreOf: (distance) => linearScore(slope * segmentSlopeFactor, distance),
    },
  ];
}

/** The least and the largest score of a text. */
export function scoreRange({ positions, scoreOf }: ScoredEncoding): readonly [least: number, most: number] {
  const last = positions.at(-1) ?? 0;
  const scores = Array.from({ length: last + 1 }, (_, distance) => scoreOf(distance));
  return [Math.min(...scores), Math.max(...scores)];
}

/**
 * Scores of each query (row) and key (column), [tokens x tokens]; NaN for keys after the query.
 */
export function scoreMap({ positions, scoreOf }: ScoredEncoding): Float64Array {
  const length = positions.length;
  const map = new Float64Array(length * length).fill(Number.NaN);
  for (let query = 0; query < length; query += 1)
    for (let key = 0; key <= query; key += 1)
      map[query * length + key] = scoreOf((positions[query] ?? 0) - (positions[key] ?? 0));
  return map;
}

/** Colours of a scale: 0 is the least score. */
const shades = Array.from({ length: 256 }, (_, index) => rgbOf(tintedHeatColor(index / 255)));
const paper = rgbOf(ink.paper);

/** A score map as an image: red, green, blue and opacity of each pair, row by row. */
export function heatPixels(encoding: ScoredEncoding): Uint8ClampedArray<ArrayBuffer> {
  const [least, most] = scoreRange(encoding);
  const map = scoreMap(encoding);
  const pixels = new Uint8ClampedArray(4 * map.length);
  map.forEach((score, index) => {
    const place = most === least ? 1 : (score - least) / (most - least);
    const color = Number.isNaN(score) ? paper : (shades[Math.round(255 * place)] ?? paper);
    pixels.set(color, 4 * index);
  });
  return pixels;
}

function rgbOf(color: string): readonly number[] {
  return [...[1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16)), 255];
}

/**
 * Where trained distances end in a map: for each query the first key that is near enough.
 */
export function trainedFrom({ positions, trainedDistance }: ScoredEncoding): Int32Array {
  let key = 0;
  return positions.map((position) => {
    while (position - (positions[key] ?? 0) > trainedDistance) key += 1;
    return key;
  });
}
