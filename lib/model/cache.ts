// Generation one token at a time, over cached keys and values. Every tensor has the shape of the
// cache's capacity, so that one captured graph serves every step; sequences of different lengths
// share a batch.
//
// Each sequence fills its slots from the first on, and its next token goes to slot `lengths`. That
// slot and those behind it are never seen, since positions and attention look back only. So no
// padding has to be masked, and a sequence in a batch gets the same result as alone.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { fusedKernels } from '../engine/native/kernels';
import { biasOf, scoresOf } from '../positional/bias';
import type { AppliedEncoding, Positions } from '../positional/encoding';
import type { Architecture } from './architecture';
import { type AttentionHeads, unseenScore } from './attention';
import { decoderBlock } from './blocks';
import {
  type Decoder,
  embedTokens,
  finalNorm,
  type ForwardOptions,
  headLogits,
  placeTokens,
} from './decoder';
import { attend, encodeHeads, type PlacedEncoding } from './encoded-attention';
import type { ModelParameters } from './parameters';
import { tokenPositions } from './positions';

/** Keys and values of unfinished sequences. The holder owns its tensors. */
export interface DecoderCache {
  /** [batch, capacity] int32; ids from slot `lengths` on are arbitrary, but in the vocabulary. */
  readonly ids: tf.Tensor2D;
  /** Tokens of each sequence so far, [batch] int32. */
  readonly lengths: tf.Tensor1D;
  /** Encoded keys of each layer, [batch, heads, capacity, headDim]. */
  readonly keys: readonly tf.Tensor4D[];
  readonly values: readonly tf.Tensor4D[];
}

/**
 * Scores of the token after the last one of each sequence, and the cache that now holds the last
 * one.
 */
export interface NextScores {
  /** [batch, vocabSize] */
  readonly logits: tf.Tensor2D;
  readonly cache: DecoderCache;
}

/** Options of `prefill`. */
export interface PrefillOptions extends Pick<ForwardOptions, 'queryChunk' | 'drawnPositions'> {
  /** Slots of each sequence, its prompt included. */
  readonly capacity: number;
}

/**
 * Reads prompts of different lengths at once.
 *
 * @param ids     prompts from the first slot on, padded with any ids: [batch, time] int32
 * @param lengths of the prompts, each from 1 to time: [batch] int32
 * @throws ConfigError if the encoding forbids a cache of this capacity
 */
export function prefill(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  lengths: tf.Tensor1D,
  { capacity, queryChunk = 256, drawnPositions }: PrefillOptions,
): NextScores {
  const { architecture } = decoder;
  const [batch, time] = ids.shape;
  checkCapacity(decoder, capacity);
  return tf.tidy(() => {
    const placed = placeTokens(decoder, parameters, ids, drawnPositions);
    const store = new HeadStore();
    let hidden = embedTokens(decoder, parameters, ids, placed.applied);
    for (let layer = 0; layer < architecture.numLayers; layer += 1) {
      hidden = decoderBlock(architecture, parameters, { layer, batch }, hidden, (heads) => {
        const encoded = encodeHeads(decoder, placed, heads);
        store.add(widen(encoded.keys, capacity), widen(encoded.values, capacity));
        return attend(decoder, placed, encoded, { queryChunk });
      });
    }
    const last = tf.stack([tf.range(0, batch, 1, 'int32'), tf.sub(lengths, tf.scalar(1, 'int32'))], 1);
    const ends = tf.gatherND(hidden.reshape([batch, time, architecture.hiddenSize]), last) as tf.Tensor2D;
    return {
      logits: headLogits(parameters, finalNorm(decoder, parameters, ends)),
      cache: {
        ids: tf.pad(ids, [
          [0, 0],
          [0, capacity - time],
        ]),
        lengths: lengths.clone(),
        ...store.take(),
      },
    };
  });
}

/**
 * Feeds one more token of each sequence. Returns a new cache; the old one is unchanged.
 *
 * A finished sequence may be fed further, as long as the cache has room: others are not affected.
 *
 * @param tokens [batch] int32
 * @throws ConfigError if the encoding forbids a cache of this capacity
 */
export function decodeStep(
  decoder: Decoder,
  parameters: ModelParameters,
  cache: DecoderCache,
  tokens: tf.Tensor1D,
  options: Pick<ForwardOptions, 'drawnPositions'> = {},
): NextScores {
  const { architecture } = decoder;
  const [batch, capacity] = cache.ids.shape;
  checkCapacity(decoder, capacity);
  return tf.tidy(() => {
    // For each sequence its row, and the slot of its next token.
    const slots = tf.stack([tf.range(0, batch, 1, 'int32'), cache.lengths], 1) as tf.Tensor2D;
    const column = tokens.expandDims<tf.Tensor2D>(1);
    const ids = tf.tensorScatterUpdate<tf.Rank.R2>(cache.ids, slots, tokens);
    const placed = placeNext(decoder, parameters, ids, slots, options.drawnPositions);
    const attendTo = slotAttention(placed.applied, cache.lengths, capacity, architecture);
    const store = new HeadStore();
    let hidden = embedTokens(decoder, parameters, column, placed.applied);
    for (let layer = 0; layer < architecture.numLayers; layer += 1) {
      hidden = decoderBlock(architecture, parameters, { layer, batch }, hidden, (heads) => {
        const [keys, values] = [cache.keys[layer], cache.values[layer]].map((held) =>
          present(held, `layer ${layer}`),
        ) as [tf.Tensor4D, tf.Tensor4D];
        const [context, ...held] = attendTo(encodeHeads(decoder, placed, heads), { keys, values });
        store.add(...held);
        return tf.reshape(context, [batch, 1, architecture.numHeads, -1]);
      });
    }
    return {
      logits: headLogits(parameters, finalNorm(decoder, parameters, hidden)),
      cache: { ids, lengths: tf.add<tf.Tensor1D>(cache.lengths, tf.scalar(1, 'int32')), ...store.take() },
    };
  });
}

/** Copies a cache to more slots; the old cache is unchanged. */
export function enlargeCache(cache: DecoderCache, capacity: number): DecoderCache {
  return tf.tidy(() => ({
    ids: tf.pad(cache.ids, [
      [0, 0],
      [0, capacity - cache.ids.shape[1]],
    ]),
    lengths: cache.lengths.clone(),
    keys: cache.keys.map((keys) => widen(keys, capacity)),
    values: cache.values.map((values) => widen(values, capacity)),
  }));
}

/** Disposes a cache's tensors. */
export function disposeCache({ ids, lengths, keys, values }: DecoderCache): void {
  tf.dispose([ids, lengths, ...keys, ...values]);
}

function checkCapacity({ encoding, shape }: Decoder, capacity: number): void {
  const limit = encoding.cacheLimit?.(shape) ?? Infinity;
  if (capacity > limit)
    throw new ConfigError(
      `encoding ${encoding.name}: ${capacity} tokens with a cache; beyond ${limit} what it holds would be out of date: ` +
        `generate fewer, or use linear scaling or YaRN`,
    );
}

/**
 * The positions of the next tokens, one for each sequence, and the encoding there over the keys of
 * all slots.
 */
function placeNext(
  { architecture, encoding, shape }: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  slots: tf.Tensor2D,
  drawn: tf.Tensor1D | undefined,
): PlacedEncoding {
  const everywhere = tokenPositions(ids, architecture.separators, drawn);
  const here = everywhere.map((level) => {
    const ofAll = level.shape[0] === 1 && ids.shape[0] > 1;
    const found = ofAll
      ? tf.gatherND(level.reshape([-1]), slots.slice([0, 1], [-1, 1]))
      : tf.gatherND(level, slots);
    return found.expandDims<tf.Tensor2D>(1);
  }) as unknown as Positions;
  return { positions: here, applied: encoding.apply(here, everywhere, shape, parameters) };
}

/** Attends with a new token and stores it: context, and the keys and values that now hold it. */
type SlotAttention = (
  added: AttentionHeads,
  held: { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D },
) => [context: tf.Tensor4D, keys: tf.Tensor4D, values: tf.Tensor4D];

/** Attention of the next tokens, which go to slots `lengths`, over the caches of all layers. */
function slotAttention(
  applied: AppliedEncoding,
  lengths: tf.Tensor1D,
  capacity: number,
  { numHeads, window }: Pick<Architecture, 'numHeads' | 'window'>,
): SlotAttention {
  const kernels = fusedKernels();
  const { scores: ownScores, bias: other, linearBias } = applied;
  if (kernels && ownScores === undefined && other === undefined) {
    const bias = linearBias && { slopes: linearBias.slopes, positions: linearBias.keys };
    return ({ queries, keys: newKeys, values: newValues }, held) =>
      kernels.cachedAttention({ ...held, queries, newKeys, newValues, lengths, bias, window });
  }
  const write = slotWriter(lengths, numHeads);
  const unseen = unseenSlots(tf.range(0, capacity, 1, 'int32'), lengths, window);
  const spans = [
    { start: 0, end: 1 },
    { start: 0, end: capacity },
  ] as const;
  const bias = biasOf(applied, ...spans);
  const shift = bias === undefined ? unseen : tf.add<tf.Tensor4D>(bias, unseen);
  return ({ queries, keys: newKeys, values: newValues }, held) => {
    const keys = write(held.keys, newKeys);
    const values = write(held.values, newValues);
    const scores = scoresOf(applied, { queries, keys }, ...spans);
    return [tf.matMul(tf.softmax(tf.add(scores, shift)), values), keys, values];
  };
}

/** Returns a function that writes one vector for each head into its sequence's slot `lengths`. */
function slotWriter(
  lengths: tf.Tensor1D,
  heads: number,
): (held: tf.Tensor4D, added: tf.Tensor4D) => tf.Tensor4D {
  const [batch] = lengths.shape;
  const slot = tf.tile(lengths.expandDims(1), [1, heads]).reshape([-1]);
  const places = tf.stack([tf.range(0, batch * heads, 1, 'int32'), slot], 1);
  return (held, added) => {
    const [, , capacity, headDim] = held.shape;
    const rows = held.reshape([batch * heads, capacity, headDim]);
    const written = tf.tensorScatterUpdate(rows, places, added.reshape([batch * heads, headDim]));
    return written.reshape(held.shape);
  };
}

/** 0 where the next token sees a slot, `unseenScore` where not: [batch, 1, 1, capacity]. */
function unseenSlots(slots: tf.Tensor1D, lengths: tf.Tensor1D, window: number | undefined): tf.Tensor4D {
  const age = tf.sub(tf.cast(lengths, 'float32').expandDims(1), tf.cast(slots, 'float32'));
  const future = tf.less(age, 0);
  const unseen = window === undefined ? future : tf.logicalOr(future, tf.greaterEqual(age, window));
  return tf.mul(tf.cast(unseen, 'float32'), unseenScore).expandDims(1).expandDims(1);
}

/** Keys or values with more slots, filled with zeros. */
function widen(tensor: tf.Tensor4D, capacity: number): tf.Tensor4D {
  const missing = capacity - tensor.shape[2];
  if (missing < 0) throw new RangeError(`a capacity of ${capacity} slots for ${tensor.shape[2]} tokens`);
  return tf.pad(tensor, [
    [0, 0],
    [0, 0],
    [0, missing],
    [0, 0],
  ]);
}

/**
 * Collects each layer's keys and values, which are made in a block's own tidy and must outlive it.
 */
class HeadStore {
  readonly #keys: tf.Tensor4D[] = [];
  readonly #values: tf.Tensor4D[] = [];

  add(keys: tf.Tensor4D, values: tf.Tensor4D): void {
    this.#keys.push(tf.keep(keys));
    this.#values.push(tf.keep(values));
  }

  /** Gives them to the current tidy. */
  take(): { keys: tf.Tensor4D[]; values: tf.Tensor4D[] } {
    const release = (kept: tf.Tensor4D): tf.Tensor4D => {
      const own = kept.clone();
      kept.dispose();
      return own;
    };
    return { keys: this.#keys.map(release), values: this.#values.map(release) };
  }
}
