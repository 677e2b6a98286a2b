// What a positional encoding is to the model: something that knows the tokens' positions and may
// act in three places: on the embedding, on queries and keys, and on the scores. Adding one is a
// file beside this one and a line in `registry.ts`; model, trainer, command line and notebooks then
// know it.

import type * as tf from '@tensorflow/tfjs';

/**
 * Where tokens stand, from the innermost level to the outermost, each [batch, time] int32.
 *
 * With one level, `[position]`: what a standard encoding uses. With two,
 * `[place in segment, segment index]`: bilevel. With three, `[place in sentence, sentence in
 * paragraph, paragraph index]`, and so on.
 */
export type Positions = readonly [tf.Tensor2D, ...tf.Tensor2D[]];

/** A range of positions along the time axis: `start` included, `end` not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The sizes an encoding may depend on. */
export interface EncodingShape {
  readonly hiddenSize: number;
  readonly numHeads: number;
  /** Of one head. */
  readonly headDim: number;
  /** The sequence length the model is trained at; scalings and clamps refer to it. */
  readonly trainLength: number;
  /**
   * The row of its tables that starts at 0 and stays there, negative from the end; left out: none.
   */
  readonly paddingIndex?: number;
}

/** A trainable tensor that an encoding brings into the model. */
export interface ParameterSpec {
  /** Its name in checkpoints, e.g. `model.embeds.0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * Its value before training: a normal of the model's initializer range, a constant, or given
   * numbers.
   */
  readonly initial: 'normal' | number | Float32Array;
  /** A row that starts at 0 instead; left out: none. */
  readonly zeroRow?: number;
}

/**
 * What is added to scaled scores: slope x (position of the key - position of the query). No
 * gradient reaches the slopes.
 */
export interface LinearBias {
  /** [heads] */
  readonly slopes: tf.Tensor1D;
  /** Positions of the tokens that ask, [batch or 1, time] int32. */
  readonly tokens: tf.Tensor2D;
  /** Positions of those that may be attended to, [batch or 1, keys] int32. */
  readonly keys: tf.Tensor2D;
}

/**
 * An encoding at given positions: what the model calls, once for all layers, inside a `tf.tidy`.
 */
export interface AppliedEncoding {
  /**
   * The embeddings with what the encoding adds to them.
   *
   * @param embeddings [batch, time, hiddenSize]
   */
  readonly embed?: (embeddings: tf.Tensor3D) => tf.Tensor3D;
  /**
   * Queries as attention compares them.
   *
   * @param queries [batch, heads, time, headDim], not yet scaled
   */
  readonly queries?: (queries: tf.Tensor4D) => tf.Tensor4D;
  /**
   * Keys as attention compares them, and as a cache keeps them; of the same tokens as the queries.
   *
   * @param keys [batch, heads, time, headDim]
   */
  readonly keys?: (keys: tf.Tensor4D) => tf.Tensor4D;
  /**
   * What is added to the scaled scores of some queries, a span of the tokens, and some keys, a span
   * of the keys that `apply` was given. Any tensor that broadcasts to [batch, heads, queries, keys]
   * will do, and a constant for each query does not matter (the softmax ignores it): so a bias of
   * the key alone may be [batch, heads, 1, keys].
   */
  readonly bias?: (queries: Span, keys: Span) => tf.Tensor4D;
  /**
   * Instead of `bias`, or beside it: what grows with the distance by a fixed rate, which attention
   * adds without a tensor for it. `biasOf` (bias.ts) gives both as a tensor.
   */
  readonly linearBias?: LinearBias;
}

/** A positional encoding, ready to be put into a model. */
export interface Encoding {
  /** Its name for people and files, e.g. `rope`, `bipe_alibi`. */
  readonly name: string;
  /** How many levels of position it uses: 1, standard; 2, bilevel. */
  readonly levels: number;
  /** The tensors it wants trained. */
  readonly parameters: (shape: EncodingShape) => readonly ParameterSpec[];
  /**
   * The encoding at the positions of new tokens.
   *
   * @param tokens     positions of the tokens that are embedded, asked and stored, `levels` of them
   * @param keys       positions of all tokens that may be attended to: those of the cache, then
   *   `tokens`; the same
   *                   as `tokens` without a cache
   * @param parameters the trained tensors by name
   */
  readonly apply: (
    tokens: Positions,
    keys: Positions,
    shape: EncodingShape,
    parameters: ReadonlyMap<string, tf.Tensor>,
  ) => AppliedEncoding;
  /**
   * Positions to train at instead of 0, 1, 2, ...: randomized encodings draw them, in ascending
   * order.
   *
   * @param length  how many: a position for each token that goes in
   * @param uniform a number in [0, 1) at each call
   */
  readonly drawPositions?: (length: number, uniform: () => number) => Int32Array;
  /**
   * Whether a token's encoding depends on how many tokens there are, as by dynamic scaling, or by
   * positions that are drawn for all of them. A sequence then goes in whole, the last token too,
   * from which nothing is predicted. Left out: it does not.
   */
  readonly seesLength?: boolean;
  /** The highest position at which float32 still holds its numbers. Left out, any. */
  readonly highestPosition?: number;
  /**
   * The most tokens that a sequence may have in a cache: beyond, each new token changes what
   * earlier ones would have stored. Left out, any number.
   */
  readonly cacheLimit?: (shape: EncodingShape) => number;
}
