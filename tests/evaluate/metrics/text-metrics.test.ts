import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import {
  roundedScore,
  scoreTexts,
  type TextMetricName,
  textMetricNames,
} from '../../../lib/evaluate/metrics/text-metrics';
import { golden, someWords } from './golden';

const text = fc.array(fc.constantFrom(...someWords), { maxLength: 8 }).map((words) => words.join(' '));
const pair = fc.record({ prediction: text, references: fc.array(text, { minLength: 1, maxLength: 3 }) });
const metric = fc.constantFrom<TextMetricName>(...textMetricNames);

describe('the score of many texts', () => {
  it("is the official evaluator's, its own example included", () => {
    for (const { texts, scores, rounded } of golden.groups) {
      for (const name of textMetricNames) {
        const { score, parts } = scoreTexts(name, texts);
        expect(Math.abs(score - (scores[name] ?? NaN))).toBeLessThanOrEqual(1e-12);
        expect(roundedScore(score)).toBe(rounded[name]);
        for (const [part, value] of Object.entries(parts))
          expect(Math.abs(value - (scores[part] ?? NaN))).toBeLessThanOrEqual(1e-12);
      }
    }
    const example = golden.groups.at(-1)?.rounded;
    expect(example).toMatchObject({ rouge1: 72.2222, rouge2: 33.3333, rouge: 55.8136, f1: 72.2222 });
    expect(example).toMatchObject({ exact_match: 33.3333 });
  });

  it('does not fall by a further reference, and does not depend on their order', () => {
    fc.assert(
      fc.property(metric, pair, text, (name, { prediction, references }, further) => {
        const { score } = scoreTexts(name, [{ prediction, references }]);
        const more = scoreTexts(name, [{ prediction, references: [further, ...references] }]).score;
        expect(more).toBeGreaterThanOrEqual(score);
        expect(scoreTexts(name, [{ prediction, references: [...references].reverse() }]).score).toBe(score);
      }),
    );
  });

  it('lies within 0 and 100, and is the mean over the texts but for the geometric mean', () => {
    fc.assert(
      fc.property(metric, fc.array(pair, { minLength: 1, maxLength: 6 }), (name, pairs) => {
        const { score, parts } = scoreTexts(name, pairs);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100 + 1e-9);
        const single = pairs.map((one) => scoreTexts(name, [one]).parts);
        for (const [part, value] of Object.entries(parts)) {
          const mean = single.reduce((sum, of) => sum + (of[part] ?? NaN), 0) / pairs.length;
          expect(value).toBeCloseTo(mean, 9);
        }
      }),
    );
  });

  it('is rounded to four decimals as Python does, ties to the even digit', () => {
    for (const [value, rounded] of golden.rounded) expect(roundedScore(value)).toBe(rounded);
  });

  it('needs texts and references', () => {
    expect(() => scoreTexts('f1', [])).toThrow(
      new UsageError('no texts to score; give at least one with its references'),
    );
    const bare = [
      { prediction: '', references: [''] },
      { prediction: '', references: [] },
    ];
    expect(() => scoreTexts('rouge', bare)).toThrow(
      new UsageError('text 2 has no reference; score only texts that have one'),
    );
  });
});
