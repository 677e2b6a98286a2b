import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { groupScrollsRows } from '../../lib/data/scrolls/file';
import { quickChapters, quickRows } from '../../lib/data/scrolls/quick';
import { scrollsTaskNames } from '../../lib/data/scrolls/tasks';
import { rougeWords } from '../../lib/evaluate/metrics/rouge';
import { quickMetrics, scoreInstances, scrollsMetrics, scrollsScore } from '../../lib/evaluate/scrolls';
import { golden } from './metrics/golden';

describe('the scores of the quick tasks', () => {
  it('are found by way of the same rows, instances and metrics', async () => {
    const chapters = await quickChapters();
    for (const task of ['find', 'heading'] as const) {
      const { validation } = quickRows(task, chapters, { documentLength: 500, perChapter: 2, seed: 1 });
      const instances = await groupScrollsRows(validation);
      const right = new Map(instances.map(({ id, references }) => [id, references[0] ?? '']));
      const wrong = new Map(instances.map(({ id }) => [id, 'Xyzzy']));
      const { score, parts } = scoreInstances(quickMetrics[task], instances, right);
      // A heading of one word has no two words in a row, so ROUGE-2 is 0 even where it is right.
      const several = validation.filter(({ output }) => rougeWords(output ?? '').length > 1).length;
      const best = (100 * several) / validation.length;
      if (task === 'find') expect(score).toBe(100);
      else expect(parts['rouge2']).toBeCloseTo(best, 9);
      if (task === 'heading') expect(score).toBeCloseTo((100 * 100 * best) ** (1 / 3), 9);
      expect(scoreInstances(quickMetrics[task], instances, wrong).score).toBe(0);
    }
  });
});

describe('the scores of SCROLLS', () => {
  it("are each task's metric of predictions found by id, in any order", () => {
    for (const { texts, scores } of golden.groups) {
      const instances = texts.map(({ references }, place) => ({ id: `${place}`, input: 'x', references }));
      const predictions = new Map(
        texts.map(({ prediction }, place) => [`${place}`, prediction] as const).reverse(),
      );
      for (const name of scrollsTaskNames) {
        const metric = scrollsMetrics[name];
        expect(scoreInstances(metric, instances, predictions).score).toBeCloseTo(scores[metric] ?? NaN, 11);
      }
    }
  });

  it('are averaged after rounding each to four decimals', () => {
    const score = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(score, { minLength: 7, maxLength: 7 }), (values) => {
        const scores = Object.fromEntries(scrollsTaskNames.map((name, place) => [name, values[place]]));
        const mean = values.reduce((sum, value) => sum + value, 0) / 7;
        expect(Math.abs(scrollsScore(scores) - mean)).toBeLessThanOrEqual(0.5e-4 + 1e-9);
        expect(scrollsScore(scores) * 7 * 1e4).toBeCloseTo(Math.round(scrollsScore(scores) * 7 * 1e4), 4);
      }),
    );
  });

  it('are no benchmark without all tasks', () => {
    const others = { gov_report: 50, summ_screen_fd: 50, qmsum: 50, narrative_qa: 50, contract_nli: 50 };
    expect(scrollsScore({ ...others, qasper: 15, quality: 85 })).toBe(50);
    expect(() => scrollsScore(others)).toThrow(
      new UsageError("SCROLLS' score needs all seven tasks; missing: qasper, quality"),
    );
  });

  it('say which prediction is missing, or has no instance or reference', () => {
    const instances = [
      { id: 'a', input: 'x', references: ['y'] },
      { id: 'b', input: 'x', references: [] },
    ];
    const scoring = (...ids: string[]) => {
      return () => scoreInstances('f1', instances, new Map(ids.map((id) => [id, 'y'])));
    };
    expect(scoring('a')).toThrow("no prediction for 'b'; every instance needs one, if only an empty text");
    expect(scoring('a', 'b', 'c')).toThrow("a prediction for 'c', which is not an instance here;");
    expect(scoring('a', 'b')).toThrow("'b' has no reference; outputs of test files are not public,");
  });
});
