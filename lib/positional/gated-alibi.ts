// Segments that a head finds by itself: a gate on each key tells how much of a segment ends there,
// and ALiBi's penalty counts these ends from the key to the query. With a gate that is 1 at
// separators and 0 elsewhere it is ALiBi between segments, as in BiPE-ALiBi; here the gate is
// trained. The Forgetting Transformer (Lin, Nikishin, He and Courville 2025, arXiv 2503.02130) also
// adds up values of a gate as a bias; its gates read the layer's input and have no slopes.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { alibiSlopes, segmentSlopeFactor } from './by-distance';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings, trained } from './kind';
import { countedBack, signedDistances } from './spans';

/** Tokens of a segment before training. */
export const gateTokens = 24;

const schema = z.strictObject({
  kind: z.literal('gated_alibi'),
  /** Factor on ALiBi's slopes; 96, as between segments in BiPE-ALiBi, if left out. */
  slopeFactor: z.number().positive().exactOptional(),
  /** Tokens of a segment before training, where every gate is 1 / tokens. 24 if left out. */
  tokens: z.number().gt(1).exactOptional(),
});

/** Settings. */
export type GatedAlibiConfig = z.infer<typeof schema>;

const weightName = 'model.gated_alibi.weight';
const biasName = 'model.gated_alibi.bias';

/**
 * ALiBi over segments that a gate finds: the score of a query i and a key j loses slope x the sum
 * of sigmoid(w k_t + b) over the keys t from j to i - 1.
 *
 * Each head has a gate, w [heads, headDim] and b [heads]; all layers share them. Positions of
 * tokens are used for their order alone, so it stands neither inside nor between segments.
 */
export function gatedAlibi({
  slopeFactor = segmentSlopeFactor,
  tokens: segmentTokens = gateTokens,
}: Settings<GatedAlibiConfig> = {}): Encoding {
  return {
    name: 'gated_alibi',
    levels: 1,
    parameters: ({ numHeads, headDim }) => [
      { name: weightName, shape: [numHeads, headDim], initial: 0 },
      { name: biasName, shape: [numHeads], initial: -Math.log(segmentTokens - 1) },
    ],
    apply: ([tokens], [keyTokens], { numHeads }, parameters) => ({
      scores: (queries, keys, querySpan, keySpan) =>
        tf.tidy(() => {
          const weight = trained(parameters, weightName).expandDims(1); // [heads, 1, headDim]
          const bias = trained(parameters, biasName).expandDims(1); // [heads, 1]
          const gates = tf.sigmoid(tf.add(tf.sum(tf.mul(keys, weight), 3), bias)); // [batch, heads, keys]
          const distances = signedDistances(tokens, keyTokens, querySpan, keySpan);
          const ends = countedBack(gates.expandDims(2), distances, 1);
          const slopes = alibiSlopes(numHeads).map((slope) => slope * slopeFactor);
          const penalties = tf.mul(ends, tf.tensor(slopes, [numHeads, 1, 1]));
          return tf.sub(tf.matMul(queries, keys, false, true), penalties);
        }),
    }),
  };
}

/** It for the registry. */
export const gatedAlibiKind: EncodingKind<GatedAlibiConfig> = {
  kind: 'gated_alibi',
  schema,
  create: gatedAlibi,
};
