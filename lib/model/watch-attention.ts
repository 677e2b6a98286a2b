// What a decoder's attention looks at, layer by layer while it computes: whole maps of short
// sequences, or what is left of them by somebody who looks at each chunk of queries, so that the
// maps of long sequences are never in memory together.

import * as tf from '@tensorflow/tfjs';
import type { Span } from '../positional/encoding';
import { chunksOf } from '../positional/spans';
import { decoderBlock } from './blocks';
import { type Decoder, defaultQueryChunk, embedTokens, type ForwardOptions, placeTokens } from './decoder';
import { attend, attentionMap, encodeHeads } from './encoded-attention';
import type { ModelParameters } from './parameters';

/** What is looked at. */
export interface WatchOptions extends Pick<ForwardOptions, 'queryChunk' | 'drawnPositions'> {
  /** Whose attention; default: every token's. */
  readonly queries?: Span;
}

/**
 * What somebody makes of attention. Weights exist for one chunk of one layer at a time.
 *
 * @param ids  [batch, time] int32
 * @param look from the weights of a chunk of queries, [batch, heads, queries, keys up to the last
 *   query]; each row sums to 1
 * @returns what `look` gave, [layers][chunks]
 */
export function watchAttention<T extends tf.Tensor>(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  look: (weights: tf.Tensor4D, queries: Span) => T,
  options: WatchOptions = {},
): T[][] {
  const { architecture } = decoder;
  const [batch, time] = ids.shape;
  const { queries = { start: 0, end: time }, queryChunk = defaultQueryChunk, drawnPositions } = options;
  return tf.tidy(() => {
    const placed = placeTokens(decoder, parameters, ids, drawnPositions);
    let hidden = embedTokens(decoder, parameters, ids, placed.applied);
    return Array.from({ length: architecture.numLayers }, (_, layer) => {
      let seen: T[] = [];
      hidden = decoderBlock(architecture, parameters, { layer, batch }, hidden, (heads) => {
        const encoded = encodeHeads(decoder, placed, heads);
        seen = chunksOf(queries, queryChunk).map((chunk) =>
          tf.keep(tf.tidy(() => look(attentionMap(decoder, placed, encoded, chunk), chunk))),
        );
        return attend(decoder, placed, encoded, { queryChunk });
      });
      // Kept beyond the block, and from here on the caller's like any other tensor.
      return seen.map((kept) => {
        const own = kept.clone();
        kept.dispose();
        return own;
      });
    });
  });
}

/**
 * How much every token attends to every other in each layer and head, to look at: for short
 * sequences.
 *
 * @param ids [batch, time] int32
 * @returns one tensor a layer, [batch, heads, queries, keys]; each row sums to 1
 */
export function attentionMaps(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: Pick<ForwardOptions, 'drawnPositions'> = {},
): tf.Tensor4D[] {
  const whole = { ...options, queryChunk: ids.shape[1] };
  return watchAttention(decoder, parameters, ids, (weights) => weights, whole).flat();
}
