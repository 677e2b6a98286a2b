// Positions in nested segments: token in sentence, sentence in paragraph, paragraph. Two levels are
// the paper's bilevel positions; more are the hierarchy that its summary suggests. On tensors for
// the model, on arrays as the reference.

import * as tf from '@tensorflow/tfjs';
import { fusedKernels } from '../engine/native/kernels';
import { areIds, endFinder, type SegmentEnds, segmentEnds } from './ends';

/**
 * Ends of the segments of all levels but the outermost, innermost first: ids that end a sentence,
 * ids that end a paragraph, ...; or rules that do not read the text.
 */
export type NestedSeparators = readonly SegmentEnds[];

/**
 * Positions of each token at each level, innermost first: the token's place in its segment, that
 * segment's place in the segment of the next level, and so on; last the index of the outermost
 * segment.
 *
 * A separator closes the segment it belongs to. A separator of an outer level also closes the inner
 * segments, whether or not it is among their separators. Without separators there is one level, the
 * position in the sequence.
 *
 * Computed in float32, for which every backend has kernels (CUDA has none for int32 sums), and
 * which holds whole numbers exactly up to 2^24: ids and time must stay below. Reads no value back.
 *
 * @param ids token ids, [batch, time] int32
 * @returns one tensor more than there are sets of separators, each [batch, time] int32
 */
export function nestedPositions(
  ids: tf.Tensor2D,
  separators: NestedSeparators,
): [tf.Tensor2D, ...tf.Tensor2D[]] {
  const [batch, time] = ids.shape;
  if (time >= exactIntegers) throw new RangeError(`time is ${time}; it must be below ${exactIntegers}`);
  const kernels = fusedKernels();
  if (kernels)
    return tf.tidy(() => {
      const { tokens, closed } = closings(ids, separators);
      const closes = tf.tensor1d(closed, 'int32');
      return kernels.positions(tokens, closes, separators.length + 1) as [tf.Tensor2D, ...tf.Tensor2D[]];
    });
  return tf.tidy(() => {
    // Counted by the next level: tokens at first, then the segments that end with this level.
    let count: tf.Tensor2D = tf.tile(tf.range(0, time, 1, 'float32').expandDims<tf.Tensor2D>(0), [batch, 1]);
    const positions = closingEnds(ids, separators).map((ends): tf.Tensor2D => {
      const segment: tf.Tensor2D = tf.cumsum(ends, 1, true);
      const place: tf.Tensor2D = tf.sub(count, countAtStart(count, segment, ends));
      count = segment;
      return place.toInt();
    });
    const outermost: tf.Tensor2D = count.toInt();
    const [innermost, ...others] = positions;
    return innermost === undefined ? [outermost] : [innermost, ...others, outermost];
  });
}

/** `nestedPositions` of one sequence on arrays, token by token. */
export function nestedArrays(ids: ArrayLike<number>, separators: NestedSeparators): Int32Array[] {
  const ends = separators.map((level) => endFinder(ids, level));
  const positions = Array.from({ length: ends.length + 1 }, () => new Int32Array(ids.length));
  const next = positions.map(() => 0);
  for (let token = 0; token < ids.length; token += 1) {
    positions.forEach((level, index) => (level[token] = next[index] ?? 0));
    // Number of levels that the token closes, from the innermost on: each starts again at 0, and
    // the level around them counts one more.
    const closed = 1 + ends.findLastIndex((isEnd) => isEnd(token));
    next.fill(0, 0, closed);
    next[closed] = (next[closed] ?? 0) + 1;
  }
  return positions;
}

/** All ids that end a segment of some level. */
export function separatorIds(separators: NestedSeparators): number[] {
  return separators.filter(areIds).flat();
}

/** Below this, float32 holds every whole number. */
const exactIntegers = 2 ** 24;

/**
 * The number of levels that each token closes: by its id, or, if a rule ends segments, that number
 * itself in place of the ids.
 *
 * @returns tokens, [batch, time] int32, and the number of levels that each of their values closes
 */
function closings(
  ids: tf.Tensor2D,
  separators: NestedSeparators,
): { tokens: tf.Tensor2D; closed: Int32Array } {
  if (separators.every(areIds)) return { tokens: ids, closed: levelsClosed(separators) };
  const tokens = separators
    .map((level, index): tf.Tensor2D => tf.mul(segmentEnds(ids, level), index + 1))
    .reduce((most, level) => tf.maximum(most, level))
    .toInt();
  return { tokens, closed: Int32Array.from({ length: separators.length + 1 }, (_, count) => count) };
}

/** The number of levels that each id closes, up to the largest id that closes any. */
function levelsClosed(separators: readonly (readonly number[])[]): Int32Array {
  const closed = new Int32Array(1 + Math.max(-1, ...separators.flat()));
  separators.forEach((level, index) => {
    for (const id of level) closed[id] = index + 1;
  });
  return closed;
}

/**
 * Marks tokens that close a segment of a level, by an end of its own or of a level around it: 1,
 * others 0; [batch, time] each.
 */
function closingEnds(ids: tf.Tensor2D, separators: NestedSeparators): tf.Tensor2D[] {
  const own = separators.map((level) => segmentEnds(ids, level));
  return own.map((_, level) => own.slice(level).reduce((ends, outer) => tf.maximum(ends, outer)));
}

/**
 * The value of a non-decreasing count at the first token of each token's segment.
 *
 * @param count   0 at the first token, [batch, time]
 * @param segment index of the segment, [batch, time]
 * @param ends    1 at the last token of each segment, [batch, time]
 */
function countAtStart(count: tf.Tensor2D, segment: tf.Tensor2D, ends: tf.Tensor2D): tf.Tensor2D {
  const [batch, time] = count.shape;
  if (batch === 0 || time === 0) return count;
  // 1 at the first token of each segment but the first, whose count is 0 anyway; the count there,
  // added up by segment, is the one that the segment starts with.
  const begins = tf.pad(ends.slice([0, 0], [batch, time - 1]), [
    [0, 0],
    [1, 0],
  ]);
  const row = tf.tile(tf.range(0, batch, 1, 'int32').expandDims(1), [1, time]);
  const place = tf.stack([row, segment.toInt()], 2);
  const atStart = tf.scatterND(place, tf.mul(begins, count), [batch, time]);
  // Not `tf.gather`: on the native backend it reads its indices back to check them.
  return tf.gatherND(atStart, place) as tf.Tensor2D;
}
