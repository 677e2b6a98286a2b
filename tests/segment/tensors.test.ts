import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { bilevelArrays } from '../../lib/segment/arrays';
import { bilevelPositions } from '../../lib/segment/tensors';
import golden0 from '../golden/bilevel_bipe_alibi.json';
import golden1 from '../golden/bilevel_bipe_rope.json';
import { referencePositions, separatorIds } from './reference';

const released = [869, 13];

/** The positions of a batch as nested arrays; whatever it made is gone. */
function positionsOf(rows: readonly (readonly number[])[], separators: readonly number[], intraSize = 1024) {
  return tf.tidy(() => {
    const ids = tf.tensor2d(rows.flat(), [rows.length, rows[0]?.length ?? 0], 'int32');
    const { intra, segment } = bilevelPositions(ids, separators, intraSize);
    expect([intra.dtype, segment.dtype]).toEqual(['int32', 'int32']);
    return { intra: intra.arraySync(), segment: segment.arraySync() };
  });
}

/** A sequence of `length` ids below 100, from a seed. */
function randomIds(length: number, seed: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state % 100;
  });
}

/**
 * The first index at which two sequences of the same length differ, -1 if none; quick for long
 * ones.
 */
function firstDifference(actual: ArrayLike<number>, expected: Int32Array): number {
  expect(actual).toHaveLength(expected.length);
  return expected.findIndex((value, index) => value !== actual[index]);
}

/** The backend of TensorFlow.js that the engine chose on this machine. */
let chosen = '';
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  chosen = tf.getBackend();
});

describe.each(['the engine', 'plain JavaScript'])('bilevel positions on tensors, by %s', (computer) => {
  let tensorsBefore = 0;
  beforeEach(async () => {
    await tf.setBackend(computer === 'the engine' ? chosen : 'cpu');
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  it.each([golden0, golden1])('equals the released code, file %#', ({ input_ids, intra, segment }) => {
    expect(positionsOf(input_ids, released)).toEqual({ intra, segment });
    expect(input_ids.map((row) => Array.from(bilevelArrays(row, released).intra))).toEqual(intra);
    expect(input_ids.map((row) => Array.from(bilevelArrays(row, released).segment))).toEqual(segment);
  });

  it('equals the definition for each row of a batch', () => {
    const batch = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    fc.assert(
      fc.property(batch, separatorIds, fc.integer({ min: 1, max: 12 }), (rows, separators, intraSize) => {
        const expected = rows.map((row) => referencePositions(row, separators));
        expect(positionsOf(rows, separators, intraSize)).toEqual({
          intra: expected.map(({ intra }) => intra.map((place) => Math.min(place, intraSize - 1))),
          segment: expected.map(({ segment }) => segment),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is exact at two hundred thousand tokens: without, with some, and with nothing but separators', () => {
    const length = 200_000;
    const cases: [ids: Int32Array, separators: number[]][] = [
      [randomIds(length, 5), []],
      [randomIds(length, 6), [3, 50]],
      [new Int32Array(length).fill(3), [3]],
    ];
    for (const [ids, separators] of cases) {
      const expected = bilevelArrays(ids, separators);
      const batch = tf.tensor2d(ids, [1, length], 'int32');
      const { intra, segment } = bilevelPositions(batch, separators, length);
      expect(firstDifference(intra.dataSync(), expected.intra)).toBe(-1);
      expect(firstDifference(segment.dataSync(), expected.segment)).toBe(-1);
      tf.dispose([batch, intra, segment]);
    }
  });

  it('takes an empty batch and an empty sequence', () => {
    const empty = tf.tensor2d([], [2, 0], 'int32');
    const { intra, segment } = bilevelPositions(empty, released, 8);
    expect([intra.shape, segment.shape]).toEqual([
      [2, 0],
      [2, 0],
    ]);
    tf.dispose([empty, intra, segment]);
  });
});

describe('bilevel positions on the native backend', () => {
  it('reads no value back, so that they can be part of a graph', async ({ skip }) => {
    await tf.setBackend(chosen);
    if (chosen !== 'tensorflow') {
      skip('only the native backend keeps values out of reach of its kernels');
    }
    const ids = tf.tensor2d([[5, 869, 7, 13, 13, 9]], [1, 6], 'int32');
    const reads = [vi.spyOn(tf.backend(), 'readSync'), vi.spyOn(tf.backend(), 'read')];
    const { intra, segment } = bilevelPositions(ids, released, 8);
    for (const read of reads) expect(read).not.toHaveBeenCalled();
    expect(intra.dataSync()).toHaveLength(6);
    expect(reads[0]).toHaveBeenCalled();
    for (const read of reads) read.mockRestore();
    tf.dispose([ids, intra, segment]);
  });
});
