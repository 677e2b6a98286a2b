// What the tests of encodings share: an encoding applied to given positions and vectors, as
// attention would.

import * as tf from '@tensorflow/tfjs';
import { type Random } from '../../lib/engine/random/random';
import { encoded } from '../../lib/positional/checked';
import { biasOf, scoresOf } from '../../lib/positional/bias';
import type {
  AppliedEncoding,
  Encoding,
  EncodingShape,
  Positions,
  Span,
} from '../../lib/positional/encoding';

/** Small sizes at which nothing has the size of something else. */
export const shape: EncodingShape = { hiddenSize: 24, numHeads: 3, headDim: 8, trainLength: 16 };

/** Positions of one level from its rows, [rows, time] int32. */
export function level(rows: readonly (readonly number[])[]): tf.Tensor2D {
  return tf.tensor2d(rows.flat(), [rows.length, rows[0]?.length ?? 0], 'int32');
}

/** 0, 1, 2, ... for one row, which stands for all. */
export function counting(time: number): tf.Tensor2D {
  return level([Array.from({ length: time }, (_, index) => index)]);
}

/** Positions of every level of an encoding: segments of 1 to 4 parts, in each of `batch` rows. */
export function randomPositions(levels: number, batch: number, time: number, random: Random): Positions {
  const rows = Array.from({ length: batch }, () => {
    const current = Array.from({ length: levels }, () => 0);
    return Array.from({ length: time }, () => {
      const here = [...current];
      let closed = 0;
      while (closed < levels - 1 && random.uniform() < 0.35) closed += 1;
      current.fill(0, 0, closed);
      current[closed] = (current[closed] ?? 0) + 1;
      return here;
    });
  });
  const [first, ...others] = Array.from({ length: levels }, (_, index) =>
    level(rows.map((row) => row.map((token) => token[index] ?? 0))),
  );
  if (first === undefined) throw new Error('an encoding has a level');
  return [first, ...others];
}

/**
 * Values for all parameters, larger than those that a model starts with, so that their effect
 * shows.
 */
export function randomParameters(
  encoding: Encoding,
  random: Random,
  sizes: EncodingShape = shape,
): Map<string, tf.Tensor> {
  return new Map(
    encoding.parameters(sizes).map(({ name, shape: size, initial }) => {
      const count = size.reduce((product, length) => product * length, 1);
      const noise = random.normalArray(count, 0, initial === 'normal' ? 0.7 : 0.05);
      const start = (index: number): number =>
        initial === 'normal' ? 0 : typeof initial === 'number' ? initial : (initial[index] ?? NaN);
      return [
        name,
        tf.tensor(
          noise.map((value, index) => value + start(index)),
          [...size],
        ),
      ];
    }),
  );
}

/** Vectors of heads, [batch, heads, time, headDim]. */
export function randomVectors(batch: number, time: number, random: Random, sizes = shape): tf.Tensor4D {
  const dimensions: [number, number, number, number] = [batch, sizes.numHeads, time, sizes.headDim];
  return tf.tensor4d(random.normalArray(batch * sizes.numHeads * time * sizes.headDim), dimensions);
}

/** One attention to look at. */
export interface Attention {
  readonly tokens: Positions;
  readonly keyPositions?: Positions;
  /** [batch, heads, queries, headDim] */
  readonly queries: tf.Tensor4D;
  /** [batch, heads, keys, headDim] of all keys, not yet encoded. */
  readonly keys: tf.Tensor4D;
  readonly parameters?: ReadonlyMap<string, tf.Tensor>;
  readonly sizes?: EncodingShape;
}

/**
 * Scores with the bias of each query alone, so that no constant of a query is left open; future
 * keys included.
 *
 * @returns [batch, heads, queries, keys]
 */
export function exactScores(encoding: Encoding, attention: Attention): tf.Tensor4D {
  const { tokens, queries, keys } = attention;
  const applied = applyTo(encoding, attention);
  const count = tokens[0].shape[1];
  const products = scoresWithoutBias(applied, queries, keys);
  const rows = Array.from({ length: count }, (_, query) => {
    const row = products.slice([0, 0, query, 0], [-1, -1, 1, -1]);
    const bias = biasOf(applied, { start: query, end: query + 1 }, { start: 0, end: keys.shape[2] });
    return bias === undefined ? row : tf.add<tf.Tensor4D>(row, bias);
  });
  return tf.concat(rows, 2);
}

/** The encoding at an attention's positions. */
export function applyTo(encoding: Encoding, attention: Attention): AppliedEncoding {
  const { tokens, keyPositions = tokens, parameters = new Map(), sizes = shape } = attention;
  return encoding.apply(tokens, keyPositions, sizes, parameters);
}

/**
 * Scores without the bias of some of these queries and some keys, each of which is encoded first.
 *
 * @param spans default: all queries, all keys
 */
export function scoresWithoutBias(
  applied: AppliedEncoding,
  queries: tf.Tensor4D,
  keys: tf.Tensor4D,
  spans: { readonly queries: Span; readonly keys: Span } = {
    queries: { start: 0, end: queries.shape[2] },
    keys: { start: 0, end: keys.shape[2] },
  },
): tf.Tensor4D {
  const cut = (vectors: tf.Tensor4D, { start, end }: Span): tf.Tensor4D =>
    vectors.slice([0, 0, start, 0], [-1, -1, end - start, -1]);
  const asked = cut(
    tf.div(encoded(applied.queries?.(queries), queries, 'queries'), Math.sqrt(queries.shape[3])),
    spans.queries,
  );
  const offered = cut(encoded(applied.keys?.(keys), keys, 'keys'), spans.keys);
  return scoresOf(applied, { queries: asked, keys: offered }, spans.queries, spans.keys);
}

/** Softmax over the keys at or before each query, the queries being the last ones. */
export function causalSoftmax(scores: tf.Tensor4D): tf.Tensor4D {
  const [, , queries, keys] = scores.shape;
  const mask = tf.buffer<tf.Rank.R2>([queries, keys]);
  for (let query = 0; query < queries; query += 1)
    for (let key = keys - queries + query + 1; key < keys; key += 1) mask.set(-1e9, query, key);
  return tf.softmax(tf.add(scores, mask.toTensor()));
}

/** The largest difference of two tensors of one shape. */
export function largestDifference(left: tf.Tensor, right: tf.Tensor): number {
  if (left.shape.join() !== right.shape.join())
    throw new Error(`shapes [${left.shape.join()}] and [${right.shape.join()}]`);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(left, right))).dataSync()[0] ?? 0);
}
