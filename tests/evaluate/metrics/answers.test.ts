import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerF1, answerWords, isExactMatch } from '../../../lib/evaluate/metrics/answers';
import { golden, someWords } from './golden';

const text = fc.array(fc.constantFrom(...someWords), { maxLength: 8 }).map((words) => words.join(' '));

describe('answers', () => {
  it("are normalized and compared as transformers' SQuAD script does, on 320 pairs", () => {
    expect(golden.pairs).toHaveLength(320);
    for (const { prediction, reference, normalized, exact_match, f1 } of golden.pairs) {
      const what = JSON.stringify([prediction, reference]);
      expect(answerWords(prediction).join(' '), what).toBe(normalized);
      expect(Number(isExactMatch(prediction, reference)), what).toBe(exact_match);
      expect(Math.abs(answerF1(prediction, reference) - f1), what).toBeLessThanOrEqual(1e-12);
    }
  });

  it('lose ASCII punctuation and articles, but no letters of other scripts', () => {
    expect(answerWords('The “whale”, an É-a: a.n. état the中')).toEqual(['“whale”', 'éa', 'état', 'the中']);
  });

  it('have an F1 that is symmetric, within 0 and 1, and 1 for an exact match of some words alone', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const value = answerF1(one, other);
        expect(answerF1(other, one)).toBe(value);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        const sorted = (words: string[]): string => words.sort().join(' ');
        const sameWords = sorted(answerWords(one)) === sorted(answerWords(other));
        expect(value === 1).toBe(sameWords && answerWords(one).length > 0);
        expect(answerF1(one, one)).toBe(answerWords(one).length > 0 ? 1 : 0);
        expect(isExactMatch(one, `the ${one.toUpperCase()} ?!`)).toBe(true);
      }),
    );
  });
});
