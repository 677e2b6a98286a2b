// T5's relative bias: a trained number for each head and each range of distances (bucket); the
// ranges grow with the distance. Raffel et al. 2020, "Exploring the Limits of Transfer Learning"
// (arXiv 1910.10683), section 2.1, and its released code.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { countUpTo } from '../base/schema';
import { lookup } from '../engine/lookup';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings, trained } from './kind';
import { distancesBack } from './spans';

const schema = z.strictObject({
  kind: z.literal('t5'),
  /** Number of ranges; 32 if left out. */
  buckets: z
    .int()
    .min(2)
    .max(2 ** 20)
    .exactOptional(),
  /** Distances from here on share the last range; 128 if left out. */
  maxDistance: countUpTo(2 ** 20).exactOptional(),
});

/** Settings. */
export type T5Config = z.infer<typeof schema>;

const tableName = 'model.relative_attention_bias.weight';

/**
 * T5's bias: adds the table's number for the head and the bucket of the distance to the score,
 * equal in all layers.
 */
export function t5({ buckets = 32, maxDistance = 128 }: Settings<T5Config> = {}): Encoding {
  checkBuckets(buckets, maxDistance);
  const bucketOf = Int32Array.from({ length: maxDistance + 1 }, (_, distance) =>
    t5Bucket(distance, buckets, maxDistance),
  );
  return {
    name: 't5',
    levels: 1,
    parameters: ({ numHeads }) => [{ name: tableName, shape: [buckets, numHeads], initial: 'normal' }],
    apply: ([tokens], [keys], _shape, parameters) => ({
      bias: (querySpan, keySpan) =>
        tf.tidy(() => {
          const byBucket = trained(parameters, tableName) as tf.Tensor2D;
          const byDistance = lookup(byBucket, tf.tensor1d(bucketOf, 'int32')) as tf.Tensor2D;
          const distance = tf.minimum(distancesBack(tokens, keys, querySpan, keySpan), maxDistance).toInt();
          // [batch or 1, queries, keys, heads]
          const biases = lookup(byDistance, distance.squeeze([1]));
          return tf.transpose(biases as tf.Tensor4D, [0, 3, 1, 2]);
        }),
    }),
  };
}

/**
 * The range of a distance, from 0: one for each distance below half the buckets, then logarithmic
 * ones up to `maxDistance` (causal attention: `bidirectional` false in the source).
 */
export function t5Bucket(distance: number, buckets: number, maxDistance: number): number {
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return distance;
  const beyond = Math.log(distance / exact) / Math.log(maxDistance / exact);
  return Math.min(buckets - 1, exact + Math.floor(beyond * (buckets - exact)));
}

function checkBuckets(buckets: number, maxDistance: number): void {
  const exact = Math.floor(buckets / 2);
  if (maxDistance > exact) return;
  throw new ConfigError(
    `encoding t5: maxDistance is ${maxDistance}; it must be over ${exact}, half of the ${buckets} buckets`,
  );
}

/** T5's bias for the registry. */
export const t5Kind: EncodingKind<T5Config> = {
  kind: 't5',
  schema,
  create: t5,
};
