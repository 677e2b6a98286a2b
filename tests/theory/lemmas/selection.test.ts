import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import type { Certificate } from '../../../lib/theory/lemmas/certificate';
import {
  certifyLinear,
  certifySelection,
  linearMlp,
  select,
  selectionMlp,
} from '../../../lib/theory/lemmas/selection';
import { evaluateMlp } from '../../../lib/theory/network/evaluate-mlp';
import { MlpBuilder } from '../../../lib/theory/network/mlp';
import { tampered } from './tampered';

const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe('Lemma 1.3', () => {
  it('computes random linear maps as exactly as float64 allows', () => {
    const sizes = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(sizes, positive(0.1, 1000), fc.nat(1000), (size, bound, seed) => {
        const random = Random.fromSeed(seed);
        const matrix = Array.from({ length: size }, () =>
          Array.from({ length: size }, () => random.normal()),
        );
        const certificate = certifyLinear(matrix, { bound, random, points: 20 });
        expect(certificate).toMatchObject({ holds: true, hidden: 2 * size });
        expect(certificate.bound).toBeLessThan(1e-12 * size * size * bound);
      }),
      { numRuns: 40 },
    );
  });

  it('selects by sign to the error asked for', () => {
    const options = fc.record({
      bound: positive(0.1, 20),
      gap: positive(0.01, 1),
      range: positive(1, 5),
      share: positive(-8, -0.1),
    });
    fc.assert(
      fc.property(options, fc.nat(1000), ({ share, ...rest }, seed) => {
        const random = Random.fromSeed(seed);
        const epsilon = 10 ** share * rest.bound;
        const certificate = certifySelection({ ...rest, epsilon, random, points: 50 });
        expect(certificate).toMatchObject({ holds: true, hidden: 4 });
      }),
      { numRuns: 60 },
    );
  });

  it('selects exactly with ReLU', () => {
    const mlp = new MlpBuilder('relu');
    const choice = { test: [[2, 1]], whenPositive: [[0, 1]], whenNegative: [[1, 1]] } as const;
    select(mlp, choice, 3, { bound: 4, gap: 0.5 }, 1);
    const selected = (x: number, y: number, t: number) =>
      evaluateMlp(mlp.build(), Float64Array.of(x, y, t, 0))[3];
    fc.assert(
      fc.property(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), (x, y) => {
        expect([selected(x, y, 0.5), selected(x, y, 2), selected(x, y, -0.5), selected(x, y, -3)]).toEqual([
          x,
          x,
          y,
          y,
        ]);
      }),
    );
  });

  it('is caught when a weight is wrong', () => {
    const options = { bound: 2, gap: 0.5, range: 2, epsilon: 1e-4, random: Random.fromSeed(1), points: 50 };
    const isFound = ({ measured, bound, holds }: Certificate): boolean => measured > bound && !holds;
    for (const wrong of tampered(selectionMlp(options), -0.9))
      expect(isFound(certifySelection(options, wrong))).toBe(true);
    const matrix = [
      [1, 2],
      [3, 4],
    ];
    for (const wrong of tampered(linearMlp(matrix), 1e-9))
      expect(isFound(certifyLinear(matrix, { bound: 1, random: Random.fromSeed(1) }, wrong))).toBe(true);
  });

  it('refuses an error below what rounding does', () => {
    expect(() => selectionMlp({ bound: 1, gap: 1e-6, range: 1, epsilon: 1e-9 })).toThrow(UsageError);
  });
});
