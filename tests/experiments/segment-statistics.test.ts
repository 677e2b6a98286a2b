import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import {
  growthExponent,
  measureSegments,
  shortSegment,
} from '../../lib/experiments/items/fig1/segment-statistics';
import { segmentLengths } from '../../lib/segment/lengths';

const tokenizer = new ByteTokenizer();
const separators = [46, 10]; // '.' and newline

async function* documents(texts: readonly string[]) {
  for (const [index, text] of texts.entries()) {
    yield await Promise.resolve({ id: String(index), title: '', text });
  }
}

function measure(texts: readonly string[], sequenceLengths: readonly number[], maxTokens = 1e9) {
  return measureSegments(documents(texts), {
    tokenizer,
    separators: new Map([['set', separators]]),
    sequenceLengths,
    maxTokens,
  });
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '\n'), maxLength: 120 });

describe('measureSegments', () => {
  it('counts, in every sequence, what segmenting the sequence alone gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        async (texts, length) => {
          const lengths: number[] = [];
          const counts: number[] = [];
          for (const document of texts) {
            const ids = tokenizer.encode(document);
            for (let start = 0; start + length <= ids.length; start += length) {
              const inSequence = segmentLengths(ids.subarray(start, start + length), separators);
              lengths.push(...inSequence);
              counts.push(inSequence.length);
            }
          }
          const [statistics] = (await measure(texts, [length])).bySeparators;
          const [sequence] = statistics?.sequences ?? [];
          expect(sequence?.sequences ?? 0).toBe(counts.length);
          expect(expand(sequence?.tokensPerSegment.histogram)).toEqual(lengths.sort((a, b) => a - b));
          expect(expand(sequence?.segmentsPerSequence.histogram)).toEqual(counts.sort((a, b) => a - b));
        },
      ),
    );
  });

  it('counts whole documents as they are', async () => {
    const {
      documents: count,
      tokens,
      longestDocument,
      bySeparators,
    } = await measure(['ab.c', 'd\n\n', ''], [2]);
    expect({ count, tokens, longestDocument }).toEqual({ count: 3, tokens: 7, longestDocument: 4 });
    expect(expand(bySeparators[0]?.tokensPerSegment.histogram)).toEqual([1, 1, 2, 3]);
  });

  it('measures every length on the same documents: those that reach the longest', async () => {
    const result = await measure(['aaaa.bbb', 'c.', 'dd.d'], [2, 8]);
    const [statistics] = result.bySeparators;
    expect(result.longDocuments).toBe(1);
    expect(statistics?.sequences.map((entry) => entry.sequences)).toEqual([4, 1]);
    expect(statistics?.tokensPerSegment.total).toBe(5);
  });

  it('leaves out lengths that no document reaches', async () => {
    const [statistics] = (await measure(['ab.c'], [2, 4, 8])).bySeparators;
    expect(statistics?.sequences.map((entry) => entry.sequenceLength)).toEqual([2, 4]);
  });

  it('stops at the number of tokens asked for, inside a document', async () => {
    const { documents: count, tokens } = await measure(['abcd', 'efgh', 'ijkl'], [2], 6);
    expect({ count, tokens }).toEqual({ count: 2, tokens: 6 });
  });

  it('calls segments short that are shorter than the limit, not those as long', async () => {
    const exactly = 'x'.repeat(shortSegment - 1) + '.';
    const shorter = 'x'.repeat(shortSegment - 2) + '.';
    const [statistics] = (await measure([exactly + shorter], [8])).bySeparators;
    expect(statistics?.shareShort).toBe(0.5);
  });
});

describe('growthExponent', () => {
  it('finds the exponent of a power law', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 2, noNaN: true }), (exponent) => {
        const points = [512, 1024, 4096, 65_536].map((length) => [length, 3 * length ** exponent] as const);
        expect(growthExponent(points)).toBeCloseTo(exponent, 6);
      }),
    );
  });

  it('is not told from two points', () => {
    expect(
      growthExponent([
        [1, 1],
        [2, 2],
      ]),
    ).toBeNull();
  });
});

function expand(histogram: readonly (readonly [number, number])[] | undefined): number[] {
  return (histogram ?? []).flatMap(([value, count]) => Array.from({ length: count }, () => value));
}
