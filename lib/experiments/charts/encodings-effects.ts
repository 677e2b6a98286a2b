// The effect of an encoding by itself, on identical tokens, so that any difference comes from
// position: the numbers behind the pictures of encodings.

import * as tf from '@tensorflow/tfjs';
import { Random } from '../../engine/random/random';
import { biasOf } from '../../positional/bias';
import type { AppliedEncoding, Encoding, EncodingShape, Positions } from '../../positional/encoding';
import { nestedPositions } from '../../segment/levels';

/** The effect on a text of tokens that all say the same. */
export interface EncodingEffects {
  /**
   * Cosine of what is added to the embeddings of two tokens, [time][time]; undefined if nothing is.
   */
  readonly similarity: number[][] | undefined;
  /**
   * Scores of each query and key, [heads][queries][keys], of a query and a key whose product is 1
   * before they are encoded; undefined if all are 1 still.
   */
  readonly scores: number[][][] | undefined;
}

/** How to look. */
export interface EffectOptions {
  /** Sizes of the model; heads of width 64, 4 of them, if left out. */
  readonly shape?: EncodingShape;
  /** Of what stands for trained numbers; 1 if left out. */
  readonly seed?: number;
}

const defaultShape: EncodingShape = { hiddenSize: 256, numHeads: 4, headDim: 64, trainLength: 1024 };

/**
 * The effect on a text of sentences with these numbers of tokens; where an encoding has three
 * levels, two sentences make a paragraph. What is trained has its initial value, or where that is
 * near 0, a random one of deviation 1.
 */
export function encodingEffects(
  encoding: Encoding,
  sentences: readonly number[],
  options: EffectOptions = {},
): EncodingEffects {
  const { shape = defaultShape, seed = 1 } = options;
  return tf.tidy(() => {
    const positions = textPositions(encoding, sentences, Random.fromSeed(seed).fork('positions'));
    const applied = appliedAt(encoding, positions, shape, randomRows(seed));
    const time = positions[0].shape[1];
    return {
      similarity: similarityOf(applied, time, shape),
      scores: scoresOf(applied, { start: 0, end: time }, time, shape),
    };
  });
}

/**
 * The effect by distance: of the last of `length` tokens on each one before it, [heads][distance],
 * from distance 0; where scores stay as they are, the similarity of what is added to both,
 * [1][distance], or 1. An encoding of several levels sees every token as a segment of the
 * outermost. Rows of trained tables are a random walk here: neighbours are alike, as training makes
 * them.
 */
export function encodingKernel(encoding: Encoding, length: number, options: EffectOptions = {}): number[][] {
  const { shape = defaultShape, seed = 1 } = options;
  return tf.tidy(() => {
    const clock = tf.range(0, length, 1, 'int32').expandDims<tf.Tensor2D>(0);
    const others = Array.from({ length: encoding.levels - 1 }, () => tf.zerosLike(clock));
    const positions = [...others, clock] as unknown as Positions;
    const applied = appliedAt(encoding, positions, shape, randomWalks(seed));
    const scores = scoresOf(applied, { start: length - 1, end: length }, length, shape);
    if (scores !== undefined) return scores.map(([row = []]) => [...row].reverse());
    const added = similarityOf(applied, length, shape)?.at(-1);
    return [added?.reverse() ?? Array.from({ length }, () => 1)];
  });
}

/** Stands for a trained table. */
type StandIn = (shape: number[]) => tf.Tensor;

function randomRows(seed: number): StandIn {
  let from = 0;
  return (shape) => {
    const to = from + shape.reduce((product, length) => product * length, 1);
    const rows = tf.tensor(normalNumbers(seed, to).slice(from, to), shape);
    from = to;
    return rows;
  };
}

interface Stream {
  readonly random: Random;
  drawn: Float32Array;
}

const streams = new Map<number, Stream>();

/**
 * At least the first `count` of a seed's normal numbers: drawn once, since a figure that moves asks
 * for them at each move.
 */
function normalNumbers(seed: number, count: number): Float32Array {
  const stream: Stream = streams.get(seed) ?? {
    random: Random.fromSeed(seed).fork('parameters'),
    drawn: new Float32Array(0),
  };
  streams.set(seed, stream);
  const { drawn, random } = stream;
  if (drawn.length < count) {
    stream.drawn = new Float32Array(count);
    stream.drawn.set(drawn);
    stream.drawn.set(random.normalArray(count - drawn.length), drawn.length);
  }
  return stream.drawn;
}

function randomWalks(seed: number): StandIn {
  const rows = randomRows(seed);
  return (shape) => tf.mul(tf.cumsum(rows(shape), 0), 0.3);
}

function appliedAt(
  encoding: Encoding,
  positions: Positions,
  shape: EncodingShape,
  standIn: StandIn,
): AppliedEncoding {
  const parameters = new Map(
    encoding.parameters(shape).map(({ name, shape: size, initial }) => {
      if (initial === 'normal') return [name, standIn([...size])];
      return [
        name,
        typeof initial === 'number' ? tf.fill([...size], initial) : tf.tensor(initial, [...size]),
      ];
    }),
  );
  return encoding.apply(positions, positions, shape, parameters);
}

/** Positions in the text, on as many levels as the encoding has. */
function textPositions(encoding: Encoding, sentences: readonly number[], random: Random): Positions {
  const [word, sentenceEnd, paragraphEnd] = [0, 1, 2];
  const ids = sentences.flatMap((length, index) => [
    ...Array.from({ length: length - 1 }, () => word),
    index % 2 === 0 ? sentenceEnd : paragraphEnd,
  ]);
  const drawn = encoding.drawPositions?.(ids.length, () => random.uniform());
  if (drawn !== undefined) return [tf.tensor2d(drawn, [1, ids.length], 'int32')];
  const text = tf.tensor2d(ids, [1, ids.length], 'int32');
  const separators = encoding.levels === 2 ? [[sentenceEnd, paragraphEnd]] : [[sentenceEnd], [paragraphEnd]];
  const known = Array.from({ length: encoding.levels - 1 }, (_, level) => separators[level] ?? []);
  return nestedPositions(text, known);
}

function similarityOf(
  { embed }: AppliedEncoding,
  time: number,
  { hiddenSize }: EncodingShape,
): number[][] | undefined {
  if (embed === undefined) return undefined;
  const added: tf.Tensor2D = embed(tf.zeros([1, time, hiddenSize])).squeeze([0]);
  const direction = tf.div<tf.Tensor2D>(added, tf.norm(added, 2, 1, true));
  return tf.matMul<tf.Tensor2D>(direction, direction, false, true).arraySync();
}

function scoresOf(
  applied: AppliedEncoding,
  span: { readonly start: number; readonly end: number },
  time: number,
  { numHeads, headDim }: EncodingShape,
): number[][][] | undefined {
  const isRelative = [applied.bias, applied.linearBias, applied.queries].some((one) => one !== undefined);
  if (!isRelative) return undefined;
  // All components alike, so that all pairs that turn weigh the same; product over sqrt(headDim) is
  // 1.
  const content = tf.fill<tf.Rank.R4>([1, numHeads, time, headDim], headDim ** -0.25);
  const queries = applied.queries?.(content) ?? content;
  const keys = applied.keys?.(content) ?? content;
  const rows = Array.from({ length: span.end - span.start }, (_, row) => {
    const query = span.start + row;
    const asked = tf.div<tf.Tensor4D>(queries.slice([0, 0, query, 0], [-1, -1, 1, -1]), Math.sqrt(headDim));
    const products: tf.Tensor4D = tf.matMul(asked, keys, false, true);
    // Of one query at a time: a bias may leave a constant of the query open.
    const bias = biasOf(applied, { start: query, end: query + 1 }, { start: 0, end: time });
    return bias === undefined ? products : tf.add<tf.Tensor4D>(products, bias);
  });
  return tf.concat(rows, 2).squeeze<tf.Tensor3D>([0]).arraySync();
}
