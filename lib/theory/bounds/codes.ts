// Codes that hold the n^2 entries of a relation in d numbers of p bits, and how many relations any
// such code can get right. Encoders are linear: what a Transformer's weights do to its residual
// stream. Decoders are thresholds, which one feed-forward block computes; or binary digits, which
// ask of a few numbers what thresholds ask of many.

import { type Matrix, put, zeros } from '../network/network';
import { principalAxes } from './principal-axes';

/**
 * A linear code whose entries are decoded by thresholds: entry i is 1 where offset[i] + numbers .
 * decoder[., i] > 1/2.
 */
export interface LinearCode {
  /** [entries, numbers] */
  readonly encoder: Matrix;
  /** [numbers, entries] */
  readonly decoder: Matrix;
  /** [entries] */
  readonly offset: Float64Array;
  /** Where each number lies on average, and its standard deviation: [numbers] */
  readonly centre: Float64Array;
  readonly deviation: Float64Array;
}

/**
 * The best linear code for the squared error: the mean, and the `numbers` principal components of
 * these relations. Beyond as many as there are entries, numbers stay 0.
 *
 * @param relations [relations * entries] of 0 and 1
 */
export function principalCode(relations: ArrayLike<number>, entries: number, numbers: number): LinearCode {
  const { mean, axes, variances } = principalAxes(relations, entries);
  const [encoder, decoder] = [zeros(entries, numbers), zeros(numbers, entries)];
  const offset = mean.slice();
  const [centre, deviation] = [new Float64Array(numbers), new Float64Array(numbers)];
  for (let number = 0; number < Math.min(numbers, entries); number++) {
    const axis = axes.subarray(number * entries, (number + 1) * entries);
    const along = axis.reduce((sum, value, entry) => sum + value * (mean[entry] ?? 0), 0);
    centre[number] = along;
    deviation[number] = Math.sqrt(Math.max(0, variances[number] ?? 0));
    axis.forEach((value, entry) => {
      put(encoder, entry, number, value);
      put(decoder, number, entry, value);
      offset[entry] = (offset[entry] ?? 0) - value * along;
    });
  }
  return { encoder, decoder, offset, centre, deviation };
}

/** What is left of a relation's entries: [entries] to [entries] of 0 and 1. */
export type Recall = (relation: ArrayLike<number>) => Uint8Array;

/**
 * A linear code with thresholds; its numbers are kept to `bits` bits, or as they are if that is
 * Infinity.
 */
export function thresholdRecall(code: LinearCode, bits: number): Recall {
  return (relation) => Uint8Array.from(decode(code, relation, bits), (value) => (value > 1 / 2 ? 1 : 0));
}

/**
 * What a linear code makes of a relation's entries before the thresholds: [entries]. Numbers are
 * kept to `bits` bits: the middle of one of 2^bits equal parts of the two standard deviations on
 * either side of the centre.
 */
export function decode(code: LinearCode, relation: ArrayLike<number>, bits: number): Float64Array {
  const { encoder, decoder, offset, centre, deviation } = code;
  const { rows: entries, columns: numbers } = encoder;
  const sums = new Float64Array(numbers);
  for (let entry = 0; entry < entries; entry++) {
    if (relation[entry] !== 1) continue;
    for (let number = 0; number < numbers; number++)
      sums[number] = (sums[number] ?? 0) + (encoder.values[entry * numbers + number] ?? 0);
  }
  const decoded = offset.slice();
  sums.forEach((sum, number) => {
    const value = keep(sum, centre[number] ?? 0, 2 * (deviation[number] ?? 0), bits);
    for (let entry = 0; entry < entries; entry++)
      decoded[entry] = (decoded[entry] ?? 0) + value * (decoder.values[number * entries + entry] ?? 0);
  });
  return decoded;
}

function keep(value: number, centre: number, reach: number, bits: number): number {
  if (bits === Infinity || reach === 0) return value;
  const parts = 2 ** bits;
  const part = Math.floor((((value - centre) / reach + 1) / 2) * parts);
  return centre + reach * ((2 * Math.min(parts - 1, Math.max(0, part)) + 1) / parts - 1);
}

/**
 * Entries as the binary digits of `numbers` numbers, as evenly as can be: linear to encode, exact
 * with as many bits as digits. With fewer, the nearest of 2^bits values is kept.
 */
export function digitsRecall(entries: number, numbers: number, bits: number): Recall {
  const groups = Math.min(entries, numbers);
  const digitsOf = (group: number): number => Math.ceil((entries - group) / groups);
  return (relation) => {
    const values = new Float64Array(groups);
    for (let entry = 0; entry < entries; entry++)
      values[entry % groups] =
        (values[entry % groups] ?? 0) + (relation[entry] ?? 0) * 2 ** Math.floor(entry / groups);
    const kept = values.map((value, group) => {
      const [most, steps] = [2 ** digitsOf(group) - 1, 2 ** bits - 1];
      return Math.round((Math.round((value / most) * steps) / steps) * most);
    });
    return Uint8Array.from(
      { length: entries },
      (_, entry) => Math.floor((kept[entry % groups] ?? 0) / 2 ** Math.floor(entry / groups)) % 2,
    );
  };
}

/**
 * Of all relations between `states` states, how many have every entry recalled: exact, by trying
 * them all.
 */
export function countRecalled(recall: Recall, states: number): number {
  const entries = states * states;
  const relation = new Uint8Array(entries);
  let right = 0;
  for (let code = 0; code < 2 ** entries; code++) {
    for (let entry = 0; entry < entries; entry++) relation[entry] = (code >>> entry) & 1;
    if (Buffer.compare(relation, recall(relation)) === 0) right += 1;
  }
  return right;
}

/**
 * How many of all relations any code of d numbers of p bits can recall: it has 2^(d p) values at
 * most, and each is decoded to one relation.
 */
export function mostByBits(entries: number, bits: number): number {
  return 2 ** Math.min(entries, bits);
}

/**
 * How many of all relations any linear code of d numbers, however precise, can recall by
 * thresholds: m affine functions of d numbers have at most C(m, 0) + ... + C(m, d) patterns of
 * signs (Schläfli 1852; Cover 1965).
 */
export function mostByThresholds(entries: number, numbers: number): number {
  let [patterns, choices] = [0, 1];
  for (let chosen = 0; chosen <= Math.min(entries, numbers); chosen++) {
    patterns += choices;
    choices = (choices * (entries - chosen)) / (chosen + 1);
  }
  return patterns;
}
