// Attention weights of a decoder, layer by layer while it computes: whole maps of short sequences,
// or a reduction of each chunk of queries, so that the maps of long sequences are never in memory
// together.

import * as tf from '@tensorflow/tfjs';
import type { Span } from '../positional/encoding';
import { chunksOf } from '../positional/spans';
import { decoderBlock } from './blocks';
import { type Decoder, defaultQueryChunk, embedTokens, type ForwardOptions, placeTokens } from './decoder';
import { attend, attentionMap, encodeHeads } from './encoded-attention';
import type { ModelParameters } from './parameters';

/** Options of `watchAttention`. */
export interface WatchOptions extends Pick<ForwardOptions, 'queryChunk' | 'drawnPositions'> {
  /** Queries to watch; default: every token. */
  readonly queries?: Span;
}

/**
 * Reduces attention weights with `look`. Weights exist for one chunk of one layer at a time.
 *
 * @param ids  [batch, time] int32
 * @param look reduces the weights of a chunk of queries, [batch, heads, queries, keys up to the
 *   last query]; each row sums to 1
 * @returns the results of `look`, [layers][chunks]
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
      // Kept beyond the block; from here on owned by the caller like any other tensor.
      return seen.map((kept) => {
        const own = kept.clone();
        kept.dispose();
        return own;
      });
    });
  });
}

/**
 * Attention maps: the weights of every token over every other in each layer and head, for short
 * sequences.
 *
 * @param ids [batch, time] int32
 * @returns one tensor for each layer, [batch, heads, queries, keys]; each row sums to 1
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
