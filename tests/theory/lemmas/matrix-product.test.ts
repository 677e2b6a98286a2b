import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { compose } from '../../../lib/theory/automata/relation';
import {
  certifyMatrixProduct,
  matrixProductMlp,
  multiplyMatrices,
} from '../../../lib/theory/lemmas/matrix-product';
import { tampered } from './tampered';

const sizes = fc.integer({ min: 1, max: 6 });

describe('Lemma 1.4', () => {
  it('multiplies n x n matrices with 4 n^3 units to the error asked for', () => {
    const power = fc.double({ min: -7, max: -0.5, noNaN: true });
    const kind = fc.constantFrom('real' as const, 'Boolean' as const);
    fc.assert(
      fc.property(sizes, power, kind, fc.nat(1000), (size, log, entries, seed) => {
        const random = Random.fromSeed(seed);
        const options = { size, bound: 1, epsilon: 10 ** log, entries, random, points: 5 };
        expect(certifyMatrixProduct(options)).toMatchObject({ hidden: 4 * size ** 3, holds: true });
      }),
      { numRuns: 25 },
    );
  });

  it('has a bound that the corner of the box comes near', () => {
    const random = Random.fromSeed(1);
    const options = { size: 3, bound: 2, epsilon: 1e-3, entries: 'real' as const, random };
    const { measured, bound } = certifyMatrixProduct(options);
    expect(measured / bound).toBeGreaterThan(0.95);
  });

  it('gives Boolean products when rounded, with an error below a half', () => {
    const entries = (count: number) =>
      fc.array(fc.constantFrom(0, 1), { minLength: count, maxLength: count });
    const pairs = sizes.chain((size) =>
      fc.tuple(fc.constant(size), entries(size * size), entries(size * size)),
    );
    fc.assert(
      fc.property(pairs, ([size, left, right]) => {
        const mlp = matrixProductMlp({ size, bound: 1, epsilon: 0.49 });
        const relation = (list: number[]) => ({ rows: size, columns: size, entries: Uint8Array.from(list) });
        const rounded = multiplyMatrices(mlp, left, right).map((value) => (value >= 0.5 ? 1 : 0));
        expect([...rounded]).toEqual([...compose(relation(left), relation(right)).entries]);
      }),
      { numRuns: 60 },
    );
  });

  it('is caught when any weight is wrong', () => {
    const options = { size: 2, bound: 1, epsilon: 1e-4, entries: 'real' as const, points: 5 };
    for (const wrong of tampered(matrixProductMlp(options), 0.01)) {
      const found = certifyMatrixProduct({ ...options, random: Random.fromSeed(1) }, wrong);
      expect(found.measured).toBeGreaterThan(found.bound);
      expect(found.holds).toBe(false);
    }
  });
});
