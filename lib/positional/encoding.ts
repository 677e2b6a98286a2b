// The interface of positional encodings. An encoding gets the tokens' positions and may act in
// three places: on the embedding, on queries and keys, and on the scores. Adding one takes a file
// beside this one and a line in `registry.ts`; model, trainer, command line and notebooks then know
// it.

import type * as tf from '@tensorflow/tfjs';

/**
 * Positions of tokens from the innermost level to the outermost, each [batch, time] int32.
 *
 * One level, `[position]`: a standard encoding. Two, `[place in segment, segment index]`: bilevel.
 * Three, `[place in sentence, sentence in paragraph, paragraph index]`, and so on.
 */
export type Positions = readonly [tf.Tensor2D, ...tf.Tensor2D[]];

/** A range along the time axis: `start` included, `end` not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The sizes an encoding may depend on. */
export interface EncodingShape {
  readonly hiddenSize: number;
  readonly numHeads: number;
  /** The width of one head. */
  readonly headDim: number;
  /** The sequence length the model is trained at; scalings and clamps refer to it. */
  readonly trainLength: number;
  /** The row of its tables that starts at 0 and stays 0, negative from the end; left out: none. */
  readonly paddingIndex?: number;
}

/** A trainable tensor that an encoding brings into the model. */
export interface ParameterSpec {
  /** Its name in checkpoints, e.g. `model.embeds.0.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * Initial value: drawn from a normal distribution with the model's initializer range, a constant,
   * or given numbers.
   */
  readonly initial: 'normal' | number | Float32Array;
  /** A row that starts at 0 instead; left out: none. */
  readonly zeroRow?: number;
}

/**
 * A linear bias on scaled scores: slope x (position of the key - position of the query). No
 * gradient reaches the slopes.
 */
export interface LinearBias {
  /** [heads] */
  readonly slopes: tf.Tensor1D;
  /** Positions of the queries, [batch or 1, time] int32. */
  readonly tokens: tf.Tensor2D;
  /** Positions of the keys, [batch or 1, keys] int32. */
  readonly keys: tf.Tensor2D;
}

/**
 * An encoding at given positions. The model makes it once for all layers, inside a `tf.tidy`. What
 * its functions return has the shape that they say, of which the type knows nothing: TensorFlow.js'
 * own operations do not tell theirs.
 */
export interface AppliedEncoding {
  /**
   * Adds the encoding to the embeddings.
   *
   * @param embeddings [batch, time, hiddenSize]
   */
  readonly embed?: (embeddings: tf.Tensor3D) => tf.Tensor;
  /**
   * Encodes queries.
   *
   * @param queries [batch, heads, time, headDim], not yet scaled
   */
  readonly queries?: (queries: tf.Tensor4D) => tf.Tensor;
  /**
   * Encodes keys of the same tokens as the queries; a cache stores them in this form.
   *
   * @param keys [batch, heads, time, headDim]
   */
  readonly keys?: (keys: tf.Tensor4D) => tf.Tensor;
  /**
   * Bias on the scaled scores of some queries, a span of the tokens, and some keys, a span of the
   * keys that `apply` was given. It must broadcast to [batch, heads, queries, keys]. A constant for
   * each query does not matter (the softmax ignores it): so a bias that depends on the key alone
   * may be [batch, heads, 1, keys].
   */
  readonly bias?: (queries: Span, keys: Span) => tf.Tensor;
  /**
   * Instead of `bias`, or beside it: a bias that is linear in the distance, which attention adds
   * without a tensor for it. `biasOf` (bias.ts) gives both as a tensor.
   */
  readonly linearBias?: LinearBias;
}

/** A positional encoding. */
export interface Encoding {
  /** Name for display and files, e.g. `rope`, `bipe_alibi`. */
  readonly name: string;
  /** Levels of position: 1 standard, 2 bilevel. */
  readonly levels: number;
  /** Its trained tensors. */
  readonly parameters: (shape: EncodingShape) => readonly ParameterSpec[];
  /**
   * The encoding at the positions of new tokens.
   *
   * @param tokens     positions of the new tokens, `levels` of them
   * @param keys       positions of all keys: those of the cache, then `tokens`; equal to `tokens`
   *   without a cache
   * @param parameters the trained tensors by name
   */
  readonly apply: (
    tokens: Positions,
    keys: Positions,
    shape: EncodingShape,
    parameters: ReadonlyMap<string, tf.Tensor>,
  ) => AppliedEncoding;
  /**
   * Draws positions to train at instead of 0, 1, 2, ..., in ascending order: for randomized
   * encodings.
   *
   * @param length  number of positions, one for each input token
   * @param uniform gives a number in [0, 1) at each call
   */
  readonly drawPositions?: (length: number, uniform: () => number) => Int32Array;
  /**
   * True if a token's encoding depends on the number of tokens, as in dynamic scaling, or on
   * positions drawn for all of them. A sequence then goes in as a whole, with the last token, from
   * which nothing is predicted. Left out: false.
   */
  readonly seesLength?: boolean;
  /** The highest position at which its numbers fit into float32. Left out: any. */
  readonly highestPosition?: number;
  /**
   * The most tokens of a sequence in a cache: beyond, each new token changes what the cache should
   * hold for earlier ones. Left out: any number.
   */
  readonly cacheLimit?: (shape: EncodingShape) => number;
}
