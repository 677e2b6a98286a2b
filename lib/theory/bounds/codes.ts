// Codes that hold the n^2 entries of a relation in d numbers of p bits, and bounds of how many
// relations any such code can recall. Encoders are linear, as a Transformer's weights are. Decoders
// are thresholds, which one feed-forward block computes, or read binary digits, which is not
// linear.

import { type Matrix, put, zeros } from '../network/network';
import { principalAxes } from './principal-axes';

/**
 * A linear code with thresholds: entry i is 1 if offset[i] + numbers . decoder[., i] > 1/2.
 */
export interface LinearCode {
  /** [entries, numbers] */
  readonly encoder: Matrix;
  /** [numbers, entries] */
  readonly decoder: Matrix;
  /** [entries] */
  readonly offset: Float64Array;
  /** The mean and the standard deviation of each number: [numbers] */
  readonly centre: Float64Array;
  readonly deviation: Float64Array;
}

/**
 * The best linear code for the squared error: the mean and the first principal components of these
 * relations. Numbers beyond the number of entries stay 0.
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

/** Encodes and decodes a relation: [entries] to [entries] of 0 and 1. */
export type Recall = (relation: ArrayLike<number>) => Uint8Array;

/**
 * Recalls by a linear code with thresholds. Numbers are kept to `bits` bits; Infinity keeps them as
 * they are.
 */
export function thresholdRecall(code: LinearCode, bits: number): Recall {
  return (relation) => Uint8Array.from(decode(code, relation, bits), (value) => (value > 1 / 2 ? 1 : 0));
}

/**
 * Encodes and decodes a relation without the thresholds: [entries]. Numbers are kept to `bits`
 * bits: each becomes the middle of one of 2^bits equal parts of the range within two standard
 * deviations of the centre.
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
 * Recalls by binary digits: entries are distributed evenly as the digits of `numbers` numbers.
 * Encoding is linear, and exact with as many bits as digits. With fewer, the nearest of 2^bits
 * values is kept.
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
 * Counts the relations between `states` states whose entries are all recalled, by trying every
 * relation.
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
 * Bounds the relations that any code of d numbers of p bits recalls: it has at most 2^(d p) values,
 * and each is decoded to one relation.
 */
export function mostByBits(entries: number, bits: number): number {
  return 2 ** Math.min(entries, bits);
}

/**
 * Bounds the relations that any linear code of d numbers, however precise, recalls by thresholds: m
 * affine functions of d numbers have at most C(m, 0) + ... + C(m, d) patterns of signs (Schläfli
 * 1852; Cover 1965).
 */
export function mostByThresholds(entries: number, numbers: number): number {
  let [patterns, choices] = [0, 1];
  for (let chosen = 0; chosen <= Math.min(entries, numbers); chosen++) {
    patterns += choices;
    choices = (choices * (entries - chosen)) / (chosen + 1);
  }
  return patterns;
}
