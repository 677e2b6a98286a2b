// Lemma 1.5, by the project's working definition: one attention head returns, to error epsilon, the
// mean of the values at the positions that match its query (MEAN), or the value itself where one
// position matches (COPY). The condition is a gap: positions that match have equal scores, all
// others have scores lower by at least `gap`, before scores are multiplied by the sharpness.
//
// With sharpness b each of the m matching positions has weight 1 / (m + P), where
// P <= (n - m) exp(-b gap) is the sum over the n - m others. With values of at most V the error is
// at most 2 V P / (m + P) <= 2 V (n - 1) exp(-b gap), so b = log(2 V (n - 1) / epsilon) / gap is
// enough. Here this is computed in float32, on the tensor engine, by the model's own attention.

import * as tf from '@tensorflow/tfjs';
import type { Random } from '../../engine/random/random';
import { UsageError } from '../../base/errors';
import { causalAttention } from '../../model/attention';
import { aim, type Certificate, judged, float32 } from './certificate';

/** The condition and the error of a head that copies or takes the mean. */
export interface MatchingHeadOptions {
  /** Number of positions. */
  readonly length: number;
  /** How much lower the score of a position that does not match is, before the sharpness. */
  readonly gap: number;
  /** Largest absolute value of a value. */
  readonly bound: number;
  readonly epsilon: number;
  /** Most positions that match a query; 1 to copy. */
  readonly matches: number;
}

/**
 * Bounds the error that float32 adds, to first order: 2 sums over the matching positions, the
 * exponential, the quotient and the products.
 */
function attentionRounding({ matches, bound }: MatchingHeadOptions): number {
  return (2 * matches + 16) * float32.unit * bound;
}

/**
 * Twice the error bound of exact attention at a sharpness. Float32 may lose an addend that is too
 * small, which costs no more than the addend itself.
 */
function attentionTruncation(sharpness: number, { length, gap, bound }: MatchingHeadOptions): number {
  return 4 * bound * (length - 1) * Math.exp(-sharpness * gap);
}

/**
 * The factor of scores: log(4 V (n - 1) / e) / gap, where e is epsilon less the bound of rounding.
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

/** An address as the head compares it: its bits as 1 and -1. */
function addressBits(address: number, bits: number): number[] {
  return Array.from({ length: bits }, (_, bit) => ((address >> bit) & 1 ? 1 : -1));
}

/** A causal sequence with the address that each query asks for. */
export interface AttentionTask {
  /** The address of each position. */
  readonly addresses: Int32Array;
  /** The address that each query asks for; a position up to its own has it. */
  readonly asked: Int32Array;
  /** Bits of an address: the width of queries, keys and values. */
  readonly bits: number;
  /** [length, bits], row after row; representable in float32. */
  readonly values: Float64Array;
}

/** A random task. With as many addresses as positions, each position has its own. */
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
 * The worst task: the first positions match; all others differ in one bit of the address and have
 * values at the other end. All queries ask for the same address.
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

/** The most positions that match a query of a task. */
export function mostMatches({ addresses }: AttentionTask): number {
  const counts = new Map<number, number>();
  for (const address of addresses) counts.set(address, (counts.get(address) ?? 0) + 1);
  return Math.max(...counts.values());
}

/**
 * Runs one head on a task: [length, bits], row by row. Scores are 1 at a match, else at most
 * 1 - 2 / bits.
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

/** The largest difference from the task's means, which are computed in float64. */
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

/** The settings of a certificate of Lemma 1.5. */
export interface AttentionCertificateOptions {
  readonly length: number;
  /** Different addresses: as many as positions to copy, fewer to take means. */
  readonly addresses: number;
  readonly bound: number;
  readonly epsilon: number;
  readonly random: Random;
}

/**
 * Certifies a head at one length: compares its output at every position of a random task, and of
 * the worst one, with the mean asked for. The engine must have been started.
 *
 * @param factor multiplies the sharpness; below 1 it shows what too soft a head does
 */
export async function certifyAttention(
  { length, addresses, bound, epsilon, random }: AttentionCertificateOptions,
  factor = 1,
): Promise<Certificate> {
  const task = randomAttentionTask(random, { length, addresses, bound });
  const { bits } = task;
  // Scores are sums of `bits` rounded products whose sizes add up to 1. The second term bounds by
  // how much rounding brings two scores nearer.
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
  // Query weights are a multiple of the identity; those of keys and values are the identity.
  const queryWeight = (factor * sharpness) / bits;
  return judged(
    {
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
    },
    factor === 1,
  );
}
