import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import {
  countRecalled,
  decode,
  digitsRecall,
  type LinearCode,
  mostByBits,
  mostByThresholds,
  principalCode,
  thresholdRecall,
} from '../../../lib/theory/bounds/codes';
import { principalAxes } from '../../../lib/theory/bounds/principal-axes';
import { zeros } from '../../../lib/theory/network/network';

const seeds = fc.nat(2 ** 31 - 1);

function sample(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.integer(0, 2));
}

/** A code with weights and thresholds drawn at random. */
function randomCode(random: Random, entries: number, numbers: number): LinearCode {
  const fill = (values: Float64Array): Float64Array => values.map(() => random.normal());
  const [encoder, decoder] = [zeros(entries, numbers), zeros(numbers, entries)];
  return {
    encoder: { ...encoder, values: fill(encoder.values) },
    decoder: { ...decoder, values: fill(decoder.values) },
    offset: fill(new Float64Array(entries)),
    centre: fill(new Float64Array(numbers)),
    deviation: fill(new Float64Array(numbers)).map(Math.abs),
  };
}

describe('a linear code with thresholds', () => {
  it('recalls every relation with as many numbers as entries, or more', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 3 }), fc.nat(2), (seed, states, more) => {
        const entries = states * states;
        const code = principalCode(sample(Random.fromSeed(seed), 60 * entries), entries, entries + more);
        expect(countRecalled(thresholdRecall(code, Infinity), states)).toBe(2 ** entries);
      }),
      { numRuns: 20 },
    );
  });

  it('recalls no more than the patterns of signs and the bits of its numbers allow, whatever its weights', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (seed, numbers, bits) => {
          const random = Random.fromSeed(seed);
          for (const code of [
            randomCode(random, 4, numbers),
            principalCode(sample(random, 80), 4, numbers),
          ]) {
            expect(countRecalled(thresholdRecall(code, Infinity), 2)).toBeLessThanOrEqual(
              mostByThresholds(4, numbers),
            );
            expect(countRecalled(thresholdRecall(code, bits), 2)).toBeLessThanOrEqual(
              mostByBits(4, numbers * bits),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reaches the most that a single number can: a sum, and a threshold for each entry', () => {
    const [encoder, decoder] = [zeros(4, 1), zeros(1, 4)];
    const code: LinearCode = {
      encoder: { ...encoder, values: encoder.values.fill(1) },
      decoder: { ...decoder, values: decoder.values.fill(1) },
      offset: Float64Array.of(0, -1, -2, -3),
      centre: Float64Array.of(2),
      deviation: Float64Array.of(1),
    };
    expect(countRecalled(thresholdRecall(code, Infinity), 2)).toBe(5);
    expect(mostByThresholds(4, 1)).toBe(5);
    expect([0, 1, 2, 3, 4, 5].map((numbers) => mostByThresholds(4, numbers))).toEqual([1, 5, 11, 15, 16, 16]);
  });

  it('has the least squared error of the codes of its size on what it was fitted to', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), (seed, numbers) => {
        const random = Random.fromSeed(seed);
        const rows = Array.from({ length: 12 }, () => sample(random, 4));
        const fitted = Uint8Array.from(rows.flatMap((row) => [...row]));
        const errorOf = (code: LinearCode): number =>
          rows.reduce(
            (sum, row) =>
              sum +
              decode(code, row, Infinity).reduce(
                (own, value, entry) => own + (value - (row[entry] ?? 0)) ** 2,
                0,
              ),
            0,
          );
        const best = errorOf(principalCode(fitted, 4, numbers));
        expect(best).toBeLessThanOrEqual(errorOf(randomCode(random, 4, numbers)) + 1e-9);
        const other = principalCode(sample(random, 48), 4, numbers);
        expect(best).toBeLessThanOrEqual(errorOf(other) + 1e-9);
        // What is left out is the variance of the other axes.
        const { variances } = principalAxes(fitted, 4);
        const left = variances.slice(numbers).reduce((sum, value) => sum + value, 0);
        expect(best).toBeCloseTo(12 * left, 9);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a code of binary digits', () => {
  it('recalls all relations exactly from as many bits as digits on, and else as many as bits allow', () => {
    for (let numbers = 1; numbers <= 5; numbers++)
      for (let bits = 1; bits <= 5; bits++) {
        const right = countRecalled(digitsRecall(4, numbers, bits), 2);
        expect(right).toBeLessThanOrEqual(mostByBits(4, numbers * bits));
        expect(right === 16, `${numbers} numbers of ${bits} bits`).toBe(bits >= Math.ceil(4 / numbers));
      }
  });

  it('meets the bound of bits with one number', () => {
    for (let bits = 1; bits <= 9; bits++)
      expect(countRecalled(digitsRecall(9, 1, bits), 3)).toBe(mostByBits(9, bits));
  });
});

describe('principal axes', () => {
  it('are orthonormal, and the sample varies along them as they say, one falling after the other', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 30 }),
        (seed, size, count) => {
          const random = Random.fromSeed(seed);
          const vectors = Float64Array.from({ length: size * count }, () => random.normal(1, 2));
          const { mean, axes, variances } = principalAxes(vectors, size);
          const axis = (index: number): Float64Array => axes.subarray(index * size, (index + 1) * size);
          const dot = (a: Float64Array, b: Float64Array): number =>
            a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);
          const along = (index: number): number[] =>
            Array.from({ length: count }, (_, vector) =>
              dot(
                axis(index),
                vectors
                  .slice(vector * size, (vector + 1) * size)
                  .map((value, place) => value - (mean[place] ?? 0)),
              ),
            );
          for (let a = 0; a < size; a++) {
            for (let b = 0; b < size; b++) {
              expect(dot(axis(a), axis(b))).toBeCloseTo(a === b ? 1 : 0, 10);
              const covariance =
                along(a).reduce((sum, value, place) => sum + value * (along(b)[place] ?? 0), 0) / count;
              expect(covariance).toBeCloseTo(a === b ? (variances[a] ?? 0) : 0, 8);
            }
            if (a > 0) expect(variances[a]).toBeLessThanOrEqual((variances[a - 1] ?? 0) + 1e-12);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
