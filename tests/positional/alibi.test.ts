import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { alibi } from '../../lib/positional/alibi';
import { alibiSlopes } from '../../lib/positional/by-distance';
import { biasOf } from '../../lib/positional/bias';
import { shape } from './support';
import { level } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

/** `get_slopes` of the released code. */
function referenceSlopes(heads: number): number[] {
  const powerOfTwo = (count: number): number[] => {
    const start = 2 ** -(2 ** -(Math.log2(count) - 3));
    return Array.from({ length: count }, (_, head) => start * start ** head);
  };
  if (Number.isInteger(Math.log2(heads))) return powerOfTwo(heads);
  const closest = 2 ** Math.floor(Math.log2(heads));
  const others = referenceSlopes(2 * closest).filter((_, index) => index % 2 === 0);
  return [...powerOfTwo(closest), ...others.slice(0, heads - closest)];
}

/** The bias of queries at some positions and keys at some, [heads][keys]. */
function biases(queryPositions: number[], keyPositions: number[], slopeFactor?: number): number[][] {
  return tf.tidy(() => {
    const encoding = alibi(slopeFactor === undefined ? {} : { slopeFactor });
    const applied = encoding.apply([level([queryPositions])], [level([keyPositions])], shape, new Map());
    const [queries, keys] = [queryPositions, keyPositions].map(({ length }) => ({ start: 0, end: length }));
    const values = biasOf(applied, present(queries, 'queries'), present(keys, 'keys'));
    expect(values?.shape).toEqual([1, shape.numHeads, 1, keyPositions.length]);
    return values?.squeeze<tf.Tensor2D>([0, 2]).arraySync() ?? [];
  });
}

describe('slopes of ALiBi', () => {
  it.each(Array.from({ length: 16 }, (_, index) => index + 1))(
    'for %i heads are the released code’s',
    (heads) => {
      const slopes = alibiSlopes(heads);
      expect(slopes).toHaveLength(heads);
      referenceSlopes(heads).forEach((slope, head) => {
        expect(slopes[head]).toBeCloseTo(slope, 14);
      });
    },
  );

  it('for 12 heads are those of 8, then every other one of 16', () => {
    const [eight, sixteen] = [alibiSlopes(8), alibiSlopes(16)];
    expect(alibiSlopes(12)).toEqual([...eight, sixteen[0], sixteen[2], sixteen[4], sixteen[6]]);
  });
});

describe('ALiBi', () => {
  it('biases the score of a query at m and a key at n by -slope x (m - n)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.array(fc.nat(5000), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(1, 96),
        (m, keys, factor) => {
          const slopes = alibiSlopes(shape.numHeads);
          biases([m], keys, factor).forEach((row, head) => {
            row.forEach((value, key) => {
              const expected = -factor * (slopes[head] ?? NaN) * (m - (keys[key] ?? NaN));
              expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
            });
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('depends on keys alone, seen from the last query of a span, so that distances near it are exact however far out', () => {
    const end = 10_000_000;
    const bias = biases([end - 2, end - 1, end], [end - 3, end - 2, end - 1, end], 96);
    expect(bias).toEqual(
      alibiSlopes(shape.numHeads).map((slope) =>
        [3, 2, 1, 0].map((distance) => Math.fround(-slope * 96) * distance + 0),
      ),
    );
  });
});
