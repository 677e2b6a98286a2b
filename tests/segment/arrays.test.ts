import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bilevelArrays, BilevelStream } from '../../lib/segment/arrays';
import { referencePositions, separatorIds, tokenIds } from './reference';

function plain({ intra, segment }: { intra: Int32Array; segment: Int32Array }) {
  return { intra: Array.from(intra), segment: Array.from(segment) };
}

describe('bilevel positions on arrays', () => {
  it('gives the token after a separator intra position 0 of the next segment', () => {
    expect(plain(bilevelArrays([5, 869, 7, 13, 13, 9], [869, 13]))).toEqual({
      intra: [0, 1, 0, 1, 0, 0],
      segment: [0, 0, 1, 1, 2, 3],
    });
  });

  it('equals the definition', () => {
    fc.assert(
      fc.property(tokenIds, separatorIds, (ids, separators) => {
        expect(plain(bilevelArrays(ids, separators))).toEqual(referencePositions(ids, separators));
      }),
      { numRuns: 1000 },
    );
  });

  it('clamps intra positions to the last row of the table, and counts on unclamped', () => {
    const stream = new BilevelStream([9], { intraSize: 3 });
    expect(plain(stream.push([1, 1, 1, 1, 1]))).toEqual({ intra: [0, 1, 2, 2, 2], segment: [0, 0, 0, 0, 0] });
    expect(stream.state).toEqual({ intra: 5, segment: 0 });
    expect(plain(stream.push([9, 1]))).toEqual({ intra: [2, 0], segment: [0, 1] });
    expect(plain(bilevelArrays([1, 1, 9, 1], [9], { intraSize: 1 })).intra).toEqual([0, 0, 0, 0]);
  });

  it('has one segment without separators, and as many as tokens when all are separators', () => {
    expect(plain(bilevelArrays([3, 3, 3], []))).toEqual({ intra: [0, 1, 2], segment: [0, 0, 0] });
    expect(plain(bilevelArrays([3, 3, 3], [3]))).toEqual({ intra: [0, 0, 0], segment: [0, 1, 2] });
    expect(plain(bilevelArrays([], [3]))).toEqual({ intra: [], segment: [] });
  });

  it('gives the same positions however the sequence is cut, also when each piece starts from a saved state', () => {
    fc.assert(
      fc.property(fc.array(tokenIds, { maxLength: 5 }), separatorIds, (pieces, separators) => {
        const whole = plain(bilevelArrays(pieces.flat(), separators, { intraSize: 7 }));
        const stream = new BilevelStream(separators, { intraSize: 7 });
        let from = stream.state;
        for (const piece of pieces) {
          const resumed = new BilevelStream(separators, { intraSize: 7, from });
          const { intra, segment } = plain(stream.push(piece));
          expect(plain(resumed.push(piece))).toEqual({ intra, segment });
          expect(intra).toEqual(whole.intra.splice(0, piece.length));
          expect(segment).toEqual(whole.segment.splice(0, piece.length));
          from = resumed.state;
          expect(from).toEqual(stream.state);
        }
      }),
    );
  });

  it('writes into arrays it is given, and only as far as there are tokens', () => {
    const into = { intra: new Int32Array(4).fill(-1), segment: new Int32Array(4).fill(-1) };
    expect(new BilevelStream([2]).push(Int32Array.of(2, 5), into)).toEqual(into);
    expect(plain(into)).toEqual({ intra: [0, 0, -1, -1], segment: [0, 1, -1, -1] });
    expect(() => new BilevelStream([2]).push([1, 2, 3, 4, 5], into)).toThrow(RangeError);
  });

  it('refuses a table without rows', () => {
    for (const intraSize of [0, -1, 1.5, NaN])
      expect(() => new BilevelStream([], { intraSize })).toThrow(RangeError);
  });
});
