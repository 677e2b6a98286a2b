// Lemma 1.5, by the project's working definition: one attention head gives, to error epsilon, the
// mean of the values at the positions that match its query (MEAN), which is the value itself where
// one position matches (COPY). Its condition is a gap: what matches has the same score, and what
// does not has one that is lower by at least `gap`, before scores are multiplied by the sharpness.
//
// With sharpness b each of the m that match has weight 1 / (m + P), P <= (n - m) exp(-b gap) the
// part of the n - m others. Values being at most V, the error is at most 2 V P / (m + P) <= 2 V (n
// - 1) exp(-b gap): b = log(2 V (n - 1) / epsilon) / gap is enough. It grows as the logarithm of n
// / epsilon. Here that is computed in float32, on the tensor engine, by the model's own attention.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../../engine/random/random';
import { UsageError } from '../../base/errors';
import { causalAttention } from '../../model/attention';
import { aim, type Certificate, judged, float32 } from './certificate';

/** Of a head that copies or takes the mean. */
export interface MatchingHeadOptions {
  /** Positions. */
  readonly length: number;
  /** By how much a score that does not match is lower, before it is multiplied by the sharpness. */
  readonly gap: number;
  /** Values are at most this. */
  readonly bound: number;
  readonly epsilon: number;
  /** How many positions match at most; 1 to copy. */
  readonly matches: number;
}

/**
 * What float32 adds at most, to first order: 2 sums over what matches, the exponential, the
 * quotient and products.
 */
function attentionRounding({ matches, bound }: MatchingHeadOptions): number {
  return (2 * matches + 16) * float32.unit * bound;
}

/**
 * The error of exact attention at a sharpness, twice: an addend too small for float32 is lost,
 * which is an error no larger than the addend itself.
 */
function attentionTruncation(sharpness: number, { length, gap, bound }: MatchingHeadOptions): number {
  return 4 * bound * (length - 1) * Math.exp(-sharpness * gap);
}

/**
 * What scores are to be multiplied by: log(4 V (n - 1) / e) / gap, where e is what of epsilon
 * rounding leaves.
 *
 * @throws UsageError if rounding leaves less than half of epsilon
 */
export function attentionSharpness(options: MatchingHeadOptions): number {
  const { length, gap, bound, epsilon } = options;
  const rounding = attentionRounding(options);
  if (rounding > epsilon / 2)
    throw new UsageError(
      `an error of ${epsilon} over ${options.matches} matches: float32 certifies no less than ${(2 * rounding).toExponential(1)}; ask for that`,
    );
  return Math.max(1, Math.log((4 * bound * Math.max(1, length - 1)) / (aim(epsilon) - rounding)) / gap);
}

/**
 * Names of positions as the head compares them: the bits of a number as 1 and -1. Different ones
 * differ in at least one bit.
 */
function addressBits(address: number, bits: number): number[] {
  return Array.from({ length: bits }, (_, bit) => ((address >> bit) & 1 ? 1 : -1));
}

/** A causal sequence and what each position asks for. */
export interface AttentionTask {
  /** The address of each position. */
  readonly addresses: Int32Array;
  /** The address that each position asks for; one that it can see has it. */
  readonly asked: Int32Array;
  /** Bits of an address: the width of queries, keys and values. */
  readonly bits: number;
  /** [length, bits], row after row; representable in float32. */
  readonly values: Float64Array;
}

/** A random task over `addresses` addresses; as many as positions give each position its own. */
export function randomAttentionTask(
  random: Random,
  {
    length,
    addresses,
    bound,
  }: { readonly length: number; readonly addresses: number; readonly bound: number },
): AttentionTask {
  const bits = Math.max(1, Math.ceil(Math.log2(addresses)));
  const own =
    addresses >= length
      ? random.permutation(addresses).subarray(0, length)
      : Int32Array.from({ length }, () => random.integer(0, addresses));
  const asked = own.map((_, position) => own[random.integer(0, position + 1)] ?? 0);
  const values = Float64Array.from({ length: length * bits }, () =>
    Math.fround(bound * (2 * random.uniform() - 1)),
  );
  return { addresses: own, asked, bits, values };
}

/**
 * The worst task: the first positions match, all others are as near in address as can be, and their
 * values are as far away. All positions ask for the same.
 */
export function worstAttentionTask({
  length,
  matches,
  bits,
  bound,
}: {
  readonly length: number;
  readonly matches: number;
  readonly bits: number;
  readonly bound: number;
}): AttentionTask {
  const addresses = Int32Array.from({ length }, (_, position) => (position < matches ? 0 : 1));
  const value = Math.fround(bound);
  const values = Float64Array.from({ length: length * bits }, (_, index) =>
    index < matches * bits ? value : -value,
  );
  return { addresses, asked: new Int32Array(length), bits, values };
}

/** How many positions match a query of a task at most. */
export function mostMatches({ addresses }: AttentionTask): number {
  const counts = new Map<number, number>();
  for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + 1);
  return Math.max(...counts.values());
}

/**
 * What one head gives at each position: [length, bits], row after row. Scores are 1 at a match,
 * else at most 1 - 2 / bits.
 */
export async function attendWithOneHead(task: AttentionTask, sharpness: number): Promise<Float32Array> {
  const { addresses, asked, bits, values } = task;
  const length = addresses.length;
  const coded = (list: Int32Array, factor: number): Float32Array =>
    Float32Array.from([...list].flatMap((address) => addressBits(address, bits).map((bit) => factor * bit)));
  const context = tf.tidy(() =>
    causalAttention(
      {
        queries: tf.tensor4d(coded(asked, sharpness / bits), [1, 1, length, bits]),
        keys: tf.tensor4d(coded(addresses, 1), [1, 1, length, bits]),
        values: tf.tensor4d(Float32Array.from(values), [1, 1, length, bits]),
      },
      { queryChunk: 256 },
    ),
  );
  try {
    return (await context.data()) as Float32Array;
  } finally {
    context.dispose();
  }
}

/** The largest difference from the means that the task asks for, these in float64. */
export function attentionError(
  { addresses, asked, values, bits }: AttentionTask,
  found: Float32Array,
): number {
  const sums = new Map<number, { count: number; sum: Float64Array }>();
  let largest = 0;
  addresses.forEach((address, position) => {
    const { count, sum } = sums.get(address) ?? { count: 0, sum: new Float64Array(bits) };
    sums.set(address, {
      count: count + 1,
      sum: sum.map((value, place) => value + (values[position * bits + place] ?? 0)),
    });
    const wanted = sums.get(asked[position] ?? -1);
    for (let place = 0; place < bits; place++) {
      const mean = (wanted?.sum[place] ?? Number.NaN) / (wanted?.count ?? Number.NaN);
      largest = Math.max(largest, Math.abs((found[position * bits + place] ?? Number.NaN) - mean));
    }
  });
  return largest;
}

/** Of a certificate of Lemma 1.5. */
export interface AttentionCertificateOptions {
  readonly length: number;
  /** Different addresses: as many as positions to copy, fewer to take means. */
  readonly addresses: number;
  readonly bound: number;
  readonly epsilon: number;
  readonly random: Random;
}

/**
 * The certificate of a head at one length: what every position of a random task and of the worst
 * one gets is compared with what it asks for. The engine must have been started.
 *
 * @param factor multiplies the sharpness; 1 but for showing what too soft a head does
 */
export async function certifyAttention(
  { length, addresses, bound, epsilon, random }: AttentionCertificateOptions,
  factor = 1,
): Promise<Certificate> {
  const task = randomAttentionTask(random, { length, addresses, bound });
  const { bits } = task;
  // Scores are sums of `bits` rounded products, of sizes that add up to 1: two of them come nearer
  // by that at most.
  const gap = 2 / bits - 2 * (bits + 2) * float32.unit;
  const options = { length, gap, bound, epsilon, matches: mostMatches(task) };
  const sharpness = attentionSharpness(options);
  const worst = worstAttentionTask({
    length,
    matches: addresses >= length ? 1 : options.matches,
    bits,
    bound,
  });
  const errors: number[] = [];
  for (const tried of [task, worst])
    errors.push(attentionError(tried, await attendWithOneHead(tried, factor * sharpness)));
  // Queries are a multiple of the address asked for; keys and values are taken as they are.
  const queryWeight = (factor * sharpness) / bits;
  return judged({
    lemma: '1.5',
    what: addresses >= length ? 'copy' : 'mean',
    parameters: { length, addresses, bound, gap, matches: options.matches, sharpness },
    epsilon,
    bound: attentionTruncation(sharpness, options) + attentionRounding(options),
    measured: Math.max(...errors),
    hidden: 0,
    weightNorm: {
      largest: Math.max(1, queryWeight),
      euclidean: Math.sqrt(bits * queryWeight ** 2 + 2 * bits),
    },
  });
}
