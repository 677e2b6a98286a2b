import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { beginsOf, joined } from '../../lib/data/tokens/sequence';
import { LossTally } from '../../lib/evaluate/loss-tally';
import { chooseWindows, windowStarts } from '../../lib/evaluate/windows';

/** Documents whose ids are their places in the sequence of all. */
function documentsOf(lengths: readonly number[]) {
  let next = 0;
  return lengths.map((length) => {
    const begin = next;
    next += length;
    return {
      length,
      subarray: (start: number, end: number) =>
        Int32Array.from({ length: end - start }, (_, place) => begin + start + place),
    };
  });
}

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

describe('documents as one sequence', () => {
  it('give any part of it, wherever documents end', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), (sizes, one, other) => {
        const whole = joined(documentsOf(sizes));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(whole.length).toBe(total);
        const [start, end] = [one % (total + 1), other % (total + 1)].sort((a, b) => a - b) as [
          number,
          number,
        ];
        expect([...whole.subarray(start, end)]).toEqual(
          Array.from({ length: end - start }, (_, place) => start + place),
        );
      }),
    );
  });

  it('begin where those before end', () => {
    expect([...beginsOf(documentsOf([3, 1, 5, 2]))]).toEqual([0, 3, 4, 9]);
    expect([...beginsOf([])]).toEqual([]);
  });
});

describe('windows', () => {
  it('are in each document as many as fit, from its first token on', () => {
    expect([...windowStarts(documentsOf([10, 3, 9, 4]), 4, 3)]).toEqual([0, 3, 6, 13, 16, 22]);
    expect([...windowStarts(documentsOf([8, 7]), 4, 4)]).toEqual([0, 4, 8]);
  });

  it('are none in documents that are too short', () => {
    expect(() => windowStarts(documentsOf([3, 5, 2]), 6, 1)).toThrow(
      new ConfigError(
        'length 6: the longest document has 5 tokens; give longer documents or a shorter length',
      ),
    );
  });

  it('count of each token but the first what no window before held, whichever windows are read', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 100 }),
        (sizes, length, stride, most) => {
          const documents = documentsOf([...sizes, length]);
          const starts = windowStarts(documents, length, stride);
          const chosen = chooseWindows(starts, length, most);
          expect(chosen).toHaveLength(Math.min(starts.length, Math.max(1, Math.floor(most / length))));
          for (const { start, first } of chosen) {
            const place = starts.indexOf(start);
            const seen = new Set(
              [...starts.subarray(0, place)].flatMap((before) =>
                Array.from({ length }, (_, token) => before + token),
              ),
            );
            const fresh = Array.from({ length }, (_, token) => token).filter(
              (token) => token > 0 && !seen.has(start + token),
            );
            // A stride of less than a window leaves at least the last token; what counts is the
            // window's end.
            expect(first).toBe(fresh[0] ?? length);
          }
        },
      ),
    );
  });
});

describe('a tally of losses', () => {
  it('adds each to its document and to its place in the window', () => {
    // Documents of 3, 5 and 4 tokens, read in blocks of 6 that go on from one to the next.
    const tally = new LossTally(documentsOf([3, 5, 4]), 6);
    tally.add({ start: 0, first: 1 }, Float32Array.of(1, 2, 4, 8, 16));
    tally.add({ start: 6, first: 2 }, Float32Array.of(1000, 32, 64, 128, 256));
    expect(tally.byDocument()).toEqual([
      { sum: 1 + 2, tokens: 2 },
      { sum: 4 + 8 + 16, tokens: 3 },
      { sum: 32 + 64 + 128 + 256, tokens: 4 },
    ]);
    expect(tally.byPosition(2)).toEqual([
      { from: 1, to: 2, loss: (1 + 2 + 32) / 3, tokens: 3 },
      { from: 3, to: 5, loss: (4 + 64 + 8 + 128 + 16 + 256) / 6, tokens: 6 },
    ]);
    expect(tally.byPosition(99)).toHaveLength(5);
  });

  it('has documents of which nothing was read, and leaves out places that nothing was predicted at', () => {
    const tally = new LossTally(documentsOf([4, 4]), 4);
    tally.add({ start: 4, first: 3 }, Float32Array.of(1, 2, 4));
    expect(tally.byDocument()).toEqual([
      { sum: 0, tokens: 0 },
      { sum: 4, tokens: 1 },
    ]);
    expect(tally.byPosition(3)).toEqual([{ from: 3, to: 3, loss: 4, tokens: 1 }]);
  });
});
