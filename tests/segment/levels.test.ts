import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { bilevelArrays } from '../../lib/segment/arrays';
import { nestedArrays, nestedPositions, type NestedSeparators } from '../../lib/segment/levels';

/** Ids below 7, and up to three sets of separators among them, which may overlap or be empty. */
const id = fc.integer({ min: 0, max: 6 });
const sequence = fc.array(id, { minLength: 1, maxLength: 40 });
const separatorSets = fc.array(fc.array(id, { maxLength: 2 }), { maxLength: 3 });

/** Positions of each row by the tensor function, [row][level][token]. */
function onTensors(rows: readonly (readonly number[])[], separators: NestedSeparators): number[][][] {
  return tf.tidy(() => {
    const ids = tf.tensor2d(rows.flat(), [rows.length, rows[0]?.length ?? 0], 'int32');
    const levels = nestedPositions(ids, separators);
    levels.forEach((level) => {
      expect(level.dtype).toBe('int32');
    });
    const values = levels.map((level) => level.arraySync());
    return rows.map((_, row) => values.map((level) => level[row] ?? []));
  });
}

const plain = (levels: readonly Int32Array[]): number[][] => levels.map((level) => Array.from(level));

let chosen = '';
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  chosen = tf.getBackend();
});

describe('nested positions on arrays', () => {
  it('are those of the sentences and paragraphs of a text', () => {
    const [dot, line] = [1, 2];
    const ids = [7, 7, dot, 7, dot, line, 7, 7, dot, 7, line, line, 7];
    expect(plain(nestedArrays(ids, [[dot], [line]]))).toEqual([
      [0, 1, 2, 0, 1, 0, 0, 1, 2, 0, 1, 0, 0],
      [0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 1, 0, 0],
      [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3],
    ]);
  });

  it('without separators are the position in the sequence', () => {
    expect(plain(nestedArrays([5, 5, 5], []))).toEqual([[0, 1, 2]]);
  });

  it('of two levels are the bilevel ones', () => {
    fc.assert(
      fc.property(sequence, fc.array(id, { maxLength: 3 }), (ids, separators) => {
        const { intra, segment } = bilevelArrays(ids, separators);
        expect(plain(nestedArrays(ids, [separators]))).toEqual([Array.from(intra), Array.from(segment)]);
      }),
    );
  });

  it('name each token: reading them as digits, they count up and no two are the same', () => {
    fc.assert(
      fc.property(sequence, separatorSets, (ids, separators) => {
        const levels = plain(nestedArrays(ids, separators)).reverse();
        const addresses = ids.map((_, token) => levels.map((level) => level[token] ?? NaN));
        for (let token = 1; token < ids.length; token += 1) {
          const [before, after] = [addresses[token - 1] ?? [], addresses[token] ?? []];
          const change = after.findIndex((place, level) => place !== before[level]);
          expect(change).toBeGreaterThanOrEqual(0);
          expect(after[change]).toBe((before[change] ?? NaN) + 1);
          expect(after.slice(change + 1).every((place) => place === 0)).toBe(true);
        }
      }),
    );
  });
});

describe.each(['the engine', 'plain JavaScript'])('nested positions on tensors, by %s', (computer) => {
  let tensorsBefore = 0;
  beforeEach(async () => {
    await tf.setBackend(computer === 'the engine' ? chosen : 'cpu');
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  it('equal those on arrays, row by row', () => {
    const batch = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 }))
      .chain(([rows, time]) =>
        fc.array(fc.array(id, { minLength: time, maxLength: time }), { minLength: rows, maxLength: rows }),
      );
    fc.assert(
      fc.property(batch, separatorSets, (rows, separators) => {
        expect(onTensors(rows, separators)).toEqual(rows.map((row) => plain(nestedArrays(row, separators))));
      }),
      { numRuns: 100 },
    );
  });

  it('of nothing are nothing', () => {
    tf.tidy(() => {
      for (const shape of [
        [0, 3],
        [2, 0],
      ] as [number, number][]) {
        const levels = nestedPositions(tf.zeros(shape, 'int32'), [[1], [2]]);
        expect(levels.map((level) => level.shape)).toEqual([shape, shape, shape]);
      }
    });
  });
});

it('nested positions read no value back on the native backend', async () => {
  await tf.setBackend(chosen);
  const reads = vi.spyOn(tf.backend(), 'readSync');
  tf.tidy(() => nestedPositions(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32'), [[1], [2]]).length);
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});
