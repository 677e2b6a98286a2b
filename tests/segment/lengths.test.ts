import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegmentLengthStream, segmentLengths } from '../../lib/segment/lengths';
import { referencePositions, separatorIds, tokenIds } from './reference';

describe('segment lengths', () => {
  it('counts the separator to the segment it ends, and a last segment without one like any other', () => {
    expect(Array.from(segmentLengths([5, 869, 7, 13, 13, 9], [869, 13]))).toEqual([2, 2, 1, 1]);
    expect(Array.from(segmentLengths([5, 869], [869, 13]))).toEqual([2]);
    expect(Array.from(segmentLengths([5, 6], []))).toEqual([2]);
    expect(Array.from(segmentLengths([], [13]))).toEqual([]);
  });

  it('has as many segments as the definition, each as long', () => {
    fc.assert(
      fc.property(tokenIds, separatorIds, (ids, separators) => {
        const { segment } = referencePositions(ids, separators);
        const expected = Array.from({ length: (segment.at(-1) ?? -1) + 1 }, (_, index) =>
          segment.filter((one) => one === index),
        ).map(({ length }) => length);
        expect(Array.from(segmentLengths(ids, separators))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the same lengths however the sequence is cut', () => {
    fc.assert(
      fc.property(fc.array(tokenIds, { maxLength: 5 }), separatorIds, (pieces, separators) => {
        const stream = new SegmentLengthStream(separators);
        const lengths = pieces.flatMap((piece) => Array.from(stream.push(piece)));
        if (stream.openLength > 0) lengths.push(stream.openLength);
        expect(lengths).toEqual(Array.from(segmentLengths(pieces.flat(), separators)));
      }),
    );
  });

  it('knows how long the segment is that no separator has closed', () => {
    const stream = new SegmentLengthStream([13]);
    stream.push([1, 2]);
    expect(stream.openLength).toBe(2);
    stream.push([13]);
    expect(stream.openLength).toBe(0);
  });

  it('takes a million segments', () => {
    expect(segmentLengths(new Int32Array(1_000_001), [0])).toHaveLength(1_000_001);
    expect(segmentLengths(new Int32Array(1_000_001).fill(1, 1_000_000), [0])).toHaveLength(1_000_001);
  });
});
