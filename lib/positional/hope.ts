// Hyperbolic rotation: RoPE's rotation becomes a Lorentz boost, cosines and sines hyperbolic ones,
// and a damping keeps scores from growing with the distance. Dai, Shan, Song and Liang 2025, "HoPE:
// Hyperbolic Rotary Positional Encoding" (arXiv 2509.05218). We know its equations 5, 6 and 9 to 12
// from a public reimplementation that quotes them, not the paper's own text. There the damping is
// trained or fixed; here it is fixed, and its value is ours.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Encoding, type Positions, type Span } from './encoding';
import { type EncodingKind, halfOf, type Settings } from './kind';
import { frequencies } from './by-distance';
import { chunksOf, isAtLeast, positionsIn } from './spans';

const schema = z.strictObject({
  kind: z.literal('hope'),
  /** Base of the rates; 10,000 if left out. */
  base: z.number().gt(1).exactOptional(),
  /** The damping theta', over 1, the largest rate of a pair; 1.1 if left out. */
  damping: z.number().gt(1).max(10).exactOptional(),
});

/** Settings. */
export type HopeConfig = z.infer<typeof schema>;

/**
 * The largest exponent in a factor of a key; e^60 times a factor of a query is far from float32's
 * limits.
 */
const largestExponent = 60;

/**
 * HoPE: the score of a query at m and a key at n is e^(-(m - n) theta') q^T B(m - n) k, where B
 * maps pair i, (a, b), to (a cosh t + b sinh t, a sinh t + b cosh t) with t = (m - n) base^(-2i /
 * headDim).
 *
 * In the directions (1, 1) and (1, -1) of a pair, damping and boost are plain factors, e^(-(m - n)
 * (theta' - rate)) and e^(-(m - n) (theta' + rate)). So every score goes to 0 with the distance;
 * the slowest falls as e^(-(theta' - 1) (m - n)).
 *
 * A factor of the distance is one of the query times one of the key. Counted from position 0 these
 * would leave float32 after some 40 positions; so they are counted anew from the first of each few
 * queries, whose positions therefore must grow by at most 1 from token to token.
 */
export function hope({ base = 10_000, damping = 1.1 }: Settings<HopeConfig> = {}): Encoding {
  const queriesAtOnce = Math.floor(largestExponent / (damping + 1));
  return {
    name: 'hope',
    levels: 1,
    // Drawn positions have gaps; up to here they do not matter.
    highestPosition: queriesAtOnce,
    parameters: ({ headDim }) => {
      halfOf(headDim, 'hope', 'the width of a head');
      return [];
    },
    apply: ([tokens], [keyTokens], { headDim }) => {
      const rates = frequencies(headDim, base);
      const decays = tf.tensor1d(
        [...rates].map((rate) => damping - rate).concat([...rates].map((rate) => damping + rate)),
      );
      return {
        queries: alongDirections,
        keys: alongDirections,
        scores: (queries, keys, querySpan, keySpan) =>
          tf.tidy(() => {
            const parts = chunksOf(querySpan, queriesAtOnce).map((span) => {
              const own = queries.slice(
                [0, 0, span.start - querySpan.start, 0],
                [-1, -1, span.end - span.start, -1],
              );
              return dampedProducts(own, keys, placesFrom([tokens], [keyTokens], span, keySpan), decays);
            });
            return tf.concat(parts, 2);
          }),
      };
    },
  };
}

/** Components of each pair along (1, 1) / sqrt(2), then those along (1, -1) / sqrt(2). */
function alongDirections(vectors: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [first, second] = tf.split(vectors, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    const both = tf.concat<tf.Tensor4D>([tf.add(first, second), tf.sub(first, second)], 3);
    return tf.mul(both, Math.SQRT1_2);
  });
}

/** Positions less that of the first query, each [batch or 1, 1, span, 1]. */
interface Places {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
}

function placesFrom([tokens]: Positions, [keys]: Positions, querySpan: Span, keySpan: Span): Places {
  const first = positionsIn(tokens, { start: querySpan.start, end: querySpan.start + 1 });
  const from = (positions: tf.Tensor2D): tf.Tensor4D =>
    tf.sub(positions, first).expandDims(1).expandDims<tf.Tensor4D>(3);
  return { queries: from(positionsIn(tokens, querySpan)), keys: from(positionsIn(keys, keySpan)) };
}

/** Products weighted by e^(-decay x distance); 0 for keys at later positions. */
function dampedProducts(
  queries: tf.Tensor4D,
  keys: tf.Tensor4D,
  places: Places,
  decays: tf.Tensor1D,
): tf.Tensor4D {
  const ofQueries = tf.exp(tf.neg(tf.mul(places.queries, decays)));
  // Keys after all of these queries, whose factor would be too large, have no weight anyway.
  const ofKeys = tf.exp(tf.mul(tf.minimum(places.keys, queries.shape[2]), decays));
  const products = tf.matMul<tf.Tensor4D>(tf.mul(queries, ofQueries), tf.mul(keys, ofKeys), false, true);
  const distances = tf.sub<tf.Tensor4D>(places.queries, tf.transpose(places.keys, [0, 1, 3, 2]));
  return tf.mul(products, isAtLeast(distances, 0));
}

/** HoPE for the registry. */
export const hopeKind: EncodingKind<HopeConfig> = {
  kind: 'hope',
  schema,
  create: hope,
};
