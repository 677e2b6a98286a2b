import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { parseWith } from '../../lib/base/schema';
import { startEngine } from '../../lib/engine/engine';
import { endFinder, type SegmentEnds, segmentEnds, segmentEndsSchema } from '../../lib/segment/ends';
import { segmentLengths } from '../../lib/segment/lengths';
import { nestedArrays, nestedPositions, type NestedSeparators } from '../../lib/segment/levels';

const id = fc.integer({ min: 0, max: 6 });
const sequence = fc.array(id, { minLength: 1, maxLength: 60 });
const rule: fc.Arbitrary<SegmentEnds> = fc.oneof(
  fc.record({ kind: fc.constant('every' as const), tokens: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    kind: fc.constant('random' as const),
    lengths: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
    seed: fc.integer({ min: 0, max: 5 }),
  }),
);
const ends = fc.oneof(rule, fc.array(id, { maxLength: 2 }));

/** Which tokens of a sequence end a segment. */
function endsOf(ids: ArrayLike<number>, some: SegmentEnds): boolean[] {
  const isEnd = endFinder(ids, some);
  return Array.from(ids, (_, token) => isEnd(token));
}

/**
 * Lengths of the whole segments of a sequence: not the one in which it begins, nor an open last
 * one.
 */
function wholeSegments(ids: ArrayLike<number>, some: SegmentEnds): number[] {
  const marked = Int32Array.from(endsOf(ids, some), Number);
  const lengths = [...segmentLengths(marked, [1])];
  return lengths.slice(1, marked.at(-1) === 1 ? undefined : -1);
}

const words = (length: number, first = 0): Int32Array =>
  Int32Array.from({ length }, (_, at) => (at === 0 ? first : 7));

let chosen = '';
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  chosen = tf.getBackend();
});

describe('rules of segments', () => {
  it('cut after every n-th token', () => {
    expect(endsOf(words(7), { kind: 'every', tokens: 3 })).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('cut a sequence alike, whatever comes after its first token', () => {
    fc.assert(
      fc.property(sequence, sequence, rule, (ids, others, some) => {
        const [first = 0] = ids;
        const length = Math.min(ids.length, others.length);
        const changed = [first, ...others.slice(1)];
        expect(endsOf(changed, some).slice(0, length)).toEqual(endsOf(ids, some).slice(0, length));
      }),
    );
  });

  it('give random segments the lengths they are to have, each as often as it is asked for', () => {
    const lengths = [3, 3, 3, 10];
    const found = wholeSegments(words(50_000), { kind: 'random', lengths, seed: 1 });
    expect(new Set(found)).toEqual(new Set([3, 10]));
    // Four deviations of the share, and what repeats after a period.
    expect(Math.abs(found.filter((length) => length === 10).length / found.length - 1 / 4)).toBeLessThan(
      0.03,
    );
  });

  it('cut sequences with other first tokens at other places, and with another seed, too', () => {
    const random = (seed: number): SegmentEnds => ({ kind: 'random', lengths: [5, 6, 7, 20], seed });
    const cuts = [3, 4, 5, 6].map((first) => endsOf(words(100, first), random(1)).join());
    expect(new Set([...cuts, endsOf(words(100, 3), random(2)).join()]).size).toBe(5);
  });

  it.each<[ends: object, says: string]>([
    [{ kind: 'every', tokens: 5e9 }, 'separators: tokens: must be 1048576 or less'],
    [{ kind: 'random', lengths: [3, 5e9], seed: 1 }, 'separators: lengths[1]: must be 1048576 or less'],
  ])('are refused in one line where a segment would not fit into memory: %j', (some, says) => {
    const parse = () => parseWith(segmentEndsSchema, some, 'separators');
    expect(parse).toThrow(says);
    expect(parse).not.toThrow(/\n/);
  });

  it('begin random segments somewhere inside one', () => {
    const some: SegmentEnds = { kind: 'random', lengths: [10], seed: 0 };
    const firsts = Array.from({ length: 200 }, (_, first) => endsOf(words(20, first), some).indexOf(true));
    expect(new Set(firsts)).toEqual(new Set(Array.from({ length: 10 }, (_, place) => place)));
  });
});

describe.each(['the engine', 'plain JavaScript'])('ends of segments on tensors, by %s', (computer) => {
  let tensorsBefore = 0;
  beforeEach(async () => {
    await tf.setBackend(computer === 'the engine' ? chosen : 'cpu');
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  const rowsOfOneLength = fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 }))
    .chain(([rows, time]) =>
      fc.array(fc.array(id, { minLength: time, maxLength: time }), { minLength: rows, maxLength: rows }),
    );

  it('equal those on arrays', () => {
    fc.assert(
      fc.property(rowsOfOneLength, ends, (rows, some) => {
        const marked = tf.tidy(() => segmentEnds(tf.tensor2d(rows, undefined, 'int32'), some).arraySync());
        expect(marked).toEqual(rows.map((row) => endsOf(row, some).map(Number)));
      }),
    );
  });

  it('give nested positions that equal those on arrays, rules and ids side by side', () => {
    fc.assert(
      fc.property(rowsOfOneLength, fc.array(ends, { minLength: 1, maxLength: 3 }), (rows, levels) => {
        const separators: NestedSeparators = levels;
        const positions = tf.tidy(() =>
          nestedPositions(tf.tensor2d(rows, undefined, 'int32'), separators).map((level) =>
            level.arraySync(),
          ),
        );
        const expected = rows.map((row) => nestedArrays(row, separators).map((level) => Array.from(level)));
        expect(rows.map((_, row) => positions.map((level) => level[row]))).toEqual(expected);
      }),
    );
  });

  it('go on beyond the period of a random sequence of segments, and take large first ids', () => {
    const some: SegmentEnds = { kind: 'random', lengths: [2, 5, 30], seed: 3 };
    for (const first of [0, 4095, 4096, 31_999, 16_000_000]) {
      const ids = words(20_000, first);
      const marked = tf.tidy(() => segmentEnds(tf.tensor2d(ids, [1, ids.length], 'int32'), some).dataSync());
      expect(Array.from(marked, Boolean)).toEqual(endsOf(ids, some));
    }
  });

  it('of nothing are nothing', () => {
    tf.tidy(() => {
      for (const shape of [
        [0, 3],
        [2, 0],
      ] as [number, number][])
        expect(segmentEnds(tf.zeros(shape, 'int32'), { kind: 'every', tokens: 2 }).shape).toEqual(shape);
    });
  });
});

it('ends of segments read no value back on the native backend', async () => {
  await tf.setBackend(chosen);
  const reads = vi.spyOn(tf.backend(), 'readSync');
  tf.tidy(() => {
    const ids = tf.tensor2d([[1, 2, 3]], [1, 3], 'int32');
    nestedPositions(ids, [[1], { kind: 'random', lengths: [2, 3], seed: 0 }]);
  });
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});

describe('ends of segments as JSON', () => {
  it('stay what they are', () => {
    fc.assert(
      fc.property(ends, (some) => {
        expect(parseWith(segmentEndsSchema, JSON.parse(JSON.stringify(some)), 'separators')).toEqual(some);
      }),
    );
  });

  it.each([
    [{ kind: 'evry', tokens: 3 }, /unknown rule of segments "evry"; did you mean every\?/],
    [{ kind: 'every', tokens: 0 }, /separators: tokens: /],
    [{ kind: 'random', lengths: [], seed: 0 }, /separators: lengths: /],
    [{ kind: 'every', tokens: 3, seed: 1 }, /separators: .*seed/],
    [7, /give a list of token ids, or a rule/],
    [[-1], /separators: \[0\]: /],
  ])('%j is refused in one line', (value, message) => {
    expect(() => parseWith(segmentEndsSchema, value, 'separators')).toThrow(message);
  });
});
