import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestCommonSubsequence, rouge, rougeNames, rougeWords } from '../../../lib/evaluate/metrics/rouge';
import { golden, someWords } from './golden';

const text = fc.array(fc.constantFrom(...someWords), { maxLength: 12 }).map((words) => words.join(' '));

/** Tries every subsequence of the first; for a few elements. */
function bruteForce(first: readonly number[], second: readonly number[]): number {
  let longest = 0;
  for (let chosen = 0; chosen < 2 ** first.length; chosen += 1) {
    const kept = first.filter((_, index) => ((chosen >> index) & 1) === 1);
    let matched = 0;
    for (const element of second) if (element === kept[matched]) matched += 1;
    if (matched === kept.length) longest = Math.max(longest, kept.length);
  }
  return longest;
}

describe('ROUGE', () => {
  it('is that of rouge-score 0.1.2 on 320 pairs of texts', () => {
    expect(golden.pairs).toHaveLength(320);
    for (const { prediction, reference, rouge: expected } of golden.pairs) {
      const scores = rouge(prediction, reference);
      for (const name of rougeNames) {
        const { precision, recall, f } = scores[name];
        [precision, recall, f].forEach((value, place) => {
          expect(
            Math.abs(value - (expected[name][place] ?? NaN)),
            `${name} of ${JSON.stringify([prediction, reference])}`,
          ).toBeLessThanOrEqual(1e-12);
        });
      }
    }
  });

  it('compares runs of ASCII letters and digits in lower case', () => {
    expect(rougeWords("Don't, U.S.A.! Café_42\u00a0\u212aelvin 中文")).toEqual([
      'don',
      't',
      'u',
      's',
      'a',
      'caf',
      '42',
      'kelvin',
    ]);
  });

  it('exchanges precision and recall with its arguments, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [there, back] = [rouge(one, other), rouge(other, one)];
        for (const name of rougeNames) {
          const { precision, recall, f } = there[name];
          expect(back[name]).toEqual({ precision: recall, recall: precision, f });
          for (const value of [precision, recall, f]) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1);
          }
        }
        // What is in order is in both.
        expect(there.rougeL.recall).toBeLessThanOrEqual(there.rouge1.recall);
      }),
    );
  });

  it('is 1 for a text and itself, if it has enough words', () => {
    fc.assert(
      fc.property(text, (one) => {
        const words = rougeWords(one).length;
        const scores = rouge(one, `${one.toUpperCase()}!`);
        expect(scores.rouge1.f).toBe(words >= 1 ? 1 : 0);
        expect(scores.rouge2.f).toBe(words >= 2 ? 1 : 0);
        expect(scores.rougeL.f).toBe(words >= 1 ? 1 : 0);
      }),
    );
  });

  it('finds the longest common subsequence, as trying all of them does', () => {
    const few = fc.array(fc.nat(3), { maxLength: 9 });
    fc.assert(
      fc.property(few, few, (first, second) => {
        expect(longestCommonSubsequence(first, second)).toBe(bruteForce(first, second));
      }),
      { numRuns: 300 },
    );
  });
});
