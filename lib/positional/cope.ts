// Contextual positions: a key's position, seen from a query, is the number of keys from it to the
// query that a gate counts, and the gate depends on query and key. So a head may count sentences,
// as a segment index does, without being told where they end. Golovneva, Wang, Weston and
// Sukhbaatar 2024, "Contextual Position Encoding" (arXiv 2405.18719), and its released code.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { countUpTo } from '../base/schema';
import { lookup } from '../engine/lookup';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings, trained } from './kind';
import { countedBack, signedDistances } from './spans';

const schema = z.strictObject({
  kind: z.literal('cope'),
  /** Rows of the table; counts from `rows - 1` on share the last row. 64 if left out. */
  rows: countUpTo(2 ** 16).exactOptional(),
});

/** Settings. */
export type CopeConfig = z.infer<typeof schema>;

const tableName = 'model.cope.weight';

/**
 * CoPE: the score of a query i and a key j is q_i k_j / sqrt(headDim) + z_i(p), where p is the sum
 * of sigmoid(q_i k_t / sqrt(headDim)) over the keys t from j to i, and z_i(p) interpolates linearly
 * between q_i e_p / sqrt(headDim) at whole p; e is a trained table [rows, headDim].
 *
 * All layers and heads share the table (`--cope-shared` of the source's code, whose heads always
 * do); it starts at 0. Positions of tokens are used for their order alone, so CoPE stands neither
 * inside nor between segments: it is meant to find these itself.
 */
export function cope({ rows = 64 }: Settings<CopeConfig> = {}): Encoding {
  return {
    name: 'cope',
    levels: 1,
    parameters: ({ headDim }) => [{ name: tableName, shape: [rows, headDim], initial: 0 }],
    apply: ([tokens], [keyTokens], _shape, parameters) => ({
      scores: (queries, keys, querySpan, keySpan) =>
        tf.tidy(() => {
          const products = tf.matMul<tf.Tensor4D>(queries, keys, false, true);
          const distances = signedDistances(tokens, keyTokens, querySpan, keySpan);
          const counts = tf.clipByValue(countedBack(tf.sigmoid(products), distances, 0), 0, rows - 1);
          const table = trained(parameters, tableName) as tf.Tensor2D;
          return tf.add<tf.Tensor4D>(products, interpolated(productsWithRows(queries, table), counts));
        }),
    }),
  };
}

/** Products of queries and rows of the table: [batch, heads, queries, rows]. */
function productsWithRows(queries: tf.Tensor4D, table: tf.Tensor2D): tf.Tensor4D {
  const [batch, heads, time, headDim] = queries.shape;
  const products = tf.matMul(queries.reshape([-1, headDim]), table, false, true);
  return products.reshape([batch, heads, time, table.shape[0]]);
}

/**
 * Each query's values at fractional places, linear between whole ones.
 *
 * @param values [batch, heads, queries, rows]
 * @param places in [0, rows - 1]: [batch, heads, queries, keys]
 * @returns [batch, heads, queries, keys]
 */
function interpolated(values: tf.Tensor4D, places: tf.Tensor4D): tf.Tensor4D {
  const [batch, heads, queries, rows] = values.shape;
  const flat: tf.Tensor2D = values.reshape([-1, 1]);
  const firstOfQuery = tf
    .range(0, batch * heads * queries, 1, 'int32')
    .mul(tf.scalar(rows, 'int32'))
    .reshape([batch, heads, queries, 1]);
  const below = tf.floor(places);
  const above = tf.minimum(tf.add(below, 1), rows - 1);
  const at = (row: tf.Tensor): tf.Tensor4D =>
    lookup(flat, tf.add(firstOfQuery, row.toInt())).reshape(places.shape);
  const [low, high] = [at(below), at(above)];
  return tf.add(low, tf.mul(tf.sub(high, low), tf.sub(places, below)));
}

/** CoPE for the registry. */
export const copeKind: EncodingKind<CopeConfig> = {
  kind: 'cope',
  schema,
  create: cope,
};
