// Ends of the segments of one level: token ids, as in the paper, or a rule that does not read the
// text, for ablations. A new rule is a line in `rules`; model, checkpoints and training
// configurations then know it.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { parseInside } from '../base/schema';
import { unknownName } from '../base/suggest';
import { Random } from '../engine/random/random';

/** A segment ends with each n-th token. */
export interface EveryTokens {
  readonly kind: 'every';
  readonly tokens: number;
}

/**
 * Segments of random lengths that do not depend on the text. The cuts are those of one long random
 * sequence of segments, read from a place that the first token of a sequence decides: so sequences
 * are cut differently, a sequence always in the same way, and no cut depends on later tokens. A
 * sequence begins inside a segment, as a block of a text does.
 */
export interface RandomLengths {
  readonly kind: 'random';
  /** Each drawn with the same probability. */
  readonly lengths: readonly number[];
  readonly seed: number;
}

/** A rule for the ends of segments that ignores the text. */
export type SegmentRule = EveryTokens | RandomLengths;

/** The ends of a level's segments: some token ids (an empty list means no end), or a rule. */
export type SegmentEnds = readonly number[] | SegmentRule;

/** A long sequence of tokens of which some end a segment. */
interface Pattern {
  /** 1 at the last token of a segment, else 0; after the last one comes the first. */
  readonly marks: Uint8Array;
  /**
   * Places in the pattern at which sequences begin, indexed by the first id modulo their number, a
   * power of two.
   */
  readonly starts: Int32Array;
}

interface RuleKind<Rule extends SegmentRule> {
  readonly schema: z.ZodType<Rule>;
  readonly pattern: (rule: Rule) => Pattern;
}

/** Tokens of the longest segment that a rule makes: its pattern is laid out in memory. */
const longestSegment = 2 ** 20;

const count = z.int().min(1).max(longestSegment, `must be ${longestSegment} or less`);

const rules: { readonly [Kind in SegmentRule['kind']]: RuleKind<Extract<SegmentRule, { kind: Kind }>> } = {
  every: {
    schema: z.strictObject({ kind: z.literal('every'), tokens: count }),
    pattern: ({ tokens }) => ({ marks: marksOf([tokens]), starts: Int32Array.of(0) }),
  },
  random: {
    schema: z.strictObject({
      kind: z.literal('random'),
      lengths: z.array(count).min(1),
      seed: z.int().min(0),
    }),
    pattern: ({ lengths, seed }) => {
      const random = Random.fromSeed(seed).fork('segments');
      const drawn: number[] = [];
      for (let tokens = 0; tokens < randomPeriod; tokens += drawn.at(-1) ?? 0)
        drawn.push(random.choice(lengths));
      const marks = marksOf(drawn);
      return { marks, starts: random.integerArray(randomStarts, 0, marks.length) };
    },
  },
};

/** Tokens after which a random sequence of segments repeats. */
const randomPeriod = 16_384;
/** Number of places at which a sequence may begin in the pattern. */
const randomStarts = 4096;

function marksOf(lengths: readonly number[]): Uint8Array {
  const marks = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const length of lengths) marks[(end += length) - 1] = 1;
  return marks;
}

function patternOf(rule: SegmentRule): Pattern {
  return (rules[rule.kind] as RuleKind<SegmentRule>).pattern(rule);
}

const idsSchema = z.array(z.int().min(0));

/** Checks the ends of a level's segments. */
export const segmentEndsSchema: z.ZodType<SegmentEnds> = z
  .unknown()
  .transform((value, context): SegmentEnds => {
    const fail = (message: string): never => {
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    };
    if (Array.isArray(value)) return parseInside(idsSchema, value, context);
    if (typeof value !== 'object' || value === null || !('kind' in value))
      return fail(
        'does not end segments; give a list of token ids, or a rule such as {"kind": "every", "tokens": 16}',
      );
    const name = String(value.kind);
    const names = Object.keys(rules) as SegmentRule['kind'][];
    const kind = names.find((one) => one === name);
    if (kind === undefined) return fail(unknownName('rule of segments', name, names).message);
    return parseInside<SegmentRule>(rules[kind].schema, value, context);
  });

/** True if segments end at ids, not by a rule. */
export function areIds(ends: SegmentEnds): ends is readonly number[] {
  return Array.isArray(ends);
}

/** Returns a function that tells whether the token at an index of one sequence ends a segment. */
export function endFinder(ids: ArrayLike<number>, ends: SegmentEnds): (token: number) => boolean {
  if (areIds(ends)) {
    const set = new Set(ends);
    return (token) => set.has(ids[token] ?? 0);
  }
  const { marks, starts } = patternOf(ends);
  const start = starts[(ids[0] ?? 0) % starts.length] ?? 0;
  return (token) => marks[(start + token) % marks.length] === 1;
}

/**
 * Marks tokens that end a segment: 1, others 0. Reads no value back.
 *
 * @param ids [batch, time] int32, below 2^24
 * @returns [batch, time] float32
 */
export function segmentEnds(ids: tf.Tensor2D, ends: SegmentEnds): tf.Tensor2D {
  return tf.tidy(() => (areIds(ends) ? isOneOf(ids, ends) : marksAt(ids, patternOf(ends))));
}

function isOneOf(ids: tf.Tensor2D, some: readonly number[]): tf.Tensor2D {
  if (some.length === 0) return tf.zeros(ids.shape);
  const candidates = tf.tensor1d([...some], 'float32');
  return tf.cast(tf.any(tf.equal(tf.cast(ids, 'float32').expandDims(2), candidates), 2), 'float32');
}

function marksAt(ids: tf.Tensor2D, { marks, starts }: Pattern): tf.Tensor2D {
  const [batch, time] = ids.shape;
  if (batch === 0 || time === 0) return tf.zeros(ids.shape);
  const first = tf.cast(ids.slice([0, 0], [batch, 1]), 'float32');
  // Exact: the number of starts is a power of two.
  const which = tf.sub(first, tf.mul(tf.floor(tf.div(first, starts.length)), starts.length)).toInt();
  const start = tf.gatherND(tf.tensor1d(starts, 'float32'), which.expandDims(2));
  const place = tf.add(start, tf.range(0, time, 1, 'float32').expandDims(0)).toInt();
  // As many more as the last sequence may need, so that no index has to be taken modulo the period.
  const enough = Float32Array.from(
    { length: marks.length + time },
    (_, index) => marks[index % marks.length] ?? 0,
  );
  return tf.gatherND(tf.tensor1d(enough), place.expandDims(2)) as tf.Tensor2D;
}
