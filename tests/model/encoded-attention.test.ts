import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attend, attentionMap, encodeHeads } from '../../lib/model/encoded-attention';
import { type Positions } from '../../lib/positional/encoding';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

const shape = { hiddenSize: 8, numHeads: 2, headDim: 4, trainLength: 16 };
/** Heads of ones: [1, 2, 5, 4]. */
const ones = (): tf.Tensor4D => tf.ones([1, 2, 5, 4]);
const heads = () => ({ queries: ones(), keys: ones(), values: ones() });

/** Positions of five tokens, level by level. */
function placed(...levels: number[][]): { positions: Positions; applied: object } {
  return {
    positions: levels.map((level) => tf.tensor2d([level], [1, 5], 'int32')) as unknown as Positions,
    applied: {},
  };
}

/** The first number of each query of the first head. */
function firstOf(queries: tf.Tensor4D): number[] {
  return [...queries.slice([0, 0, 0, 0], [1, 1, 5, 1]).dataSync()];
}

describe('heads as attention compares them', () => {
  it('have queries divided by the root of their width, and keys and values as they are', () => {
    const model = { architecture: { logScale: false }, shape };
    const { queries, keys, values } = encodeHeads(model, placed([0, 1, 2, 3, 4]), heads());
    expect(firstOf(queries)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    for (const same of [keys, values]) expect(same.arraySync()).toEqual(ones().arraySync());
  });

  it.each([
    ['one level', [[0, 1, 2, 3, 4]]],
    [
      'two',
      [
        [0, 1, 0, 1, 2],
        [0, 0, 1, 1, 1],
      ],
    ],
    [
      'three',
      [
        [0, 1, 0, 1, 2],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 0, 1],
      ],
    ],
  ])('with scaled queries grow with the position of the outermost of %s', (_, levels) => {
    const model = { architecture: { logScale: true }, shape };
    const { queries } = encodeHeads(model, placed(...levels), heads());
    const wanted = levels.at(-1)?.map((position) => (0.5 * Math.log(position + 1)) / Math.log(16)) ?? [];
    firstOf(queries).forEach((value, token) => {
      expect(value).toBeCloseTo(wanted[token] ?? NaN, 6);
    });
  });

  it('are turned by the encoding after that', () => {
    const applied = {
      queries: (x: tf.Tensor4D): tf.Tensor4D => tf.add(x, 10),
      keys: (x: tf.Tensor4D): tf.Tensor4D => tf.add(x, 20),
    };
    const { positions } = placed([0, 1, 2, 3, 4]);
    const model = { architecture: { logScale: false }, shape };
    const { queries, keys } = encodeHeads(model, { positions, applied }, heads());
    expect(firstOf(queries)).toEqual([10.5, 10.5, 10.5, 10.5, 10.5]);
    expect(firstOf(keys)).toEqual([21, 21, 21, 21, 21]);
  });
});

describe('attention', () => {
  it('of queries that are all alike is a mean over what each sees, with a window and without', () => {
    const values = tf.tensor4d([1, 2, 4, 8, 16], [1, 1, 5, 1]);
    const alike = tf.ones<tf.Rank.R4>([1, 1, 5, 1]);
    const own = { ...shape, numHeads: 1, headDim: 1 };
    for (const [window, wanted] of [
      [undefined, [1, 1.5, 7 / 3, 3.75, 6.2]],
      [2, [1, 1.5, 3, 6, 12]],
    ] as const) {
      const model = {
        architecture: { logScale: false, ...(window !== undefined && { window }) },
        shape: own,
      };
      const encoded = { queries: alike, keys: alike, values };
      const place = placed([0, 1, 2, 3, 4]);
      for (const queryChunk of [1, 2, 5])
        [...attend(model, place, encoded, { queryChunk }).dataSync()].forEach((value, token) => {
          expect(value).toBeCloseTo(wanted[token] ?? NaN, 5);
        });
      const map = attentionMap(model, place, encoded, { start: 3, end: 4 });
      expect(map.shape).toEqual([1, 1, 1, 4]);
      const seen = window ?? 4;
      [...map.dataSync()].forEach((weight, key) => {
        expect(weight).toBeCloseTo(key >= 4 - seen ? 1 / seen : 0, 6);
      });
    }
  });
});
