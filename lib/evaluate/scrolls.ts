// The scores of SCROLLS as the official evaluator (github.com/tau-nlp/scrolls, evaluator/) computes
// them from predictions by id: each task by its metric, and the benchmark's score, the mean over
// the seven.

import { UsageError } from '../base/errors';
import { type ScrollsInstance } from '../data/scrolls/file';
import { type QuickTaskName } from '../data/scrolls/quick';
import { type ScrollsTaskName, scrollsTaskNames } from '../data/scrolls/tasks';
import { roundedScore, scoreTexts, type TextMetricName, type TextScore } from './metrics/text-metrics';

/** Metric of each task. */
export const scrollsMetrics: Readonly<Record<ScrollsTaskName, TextMetricName>> = {
  gov_report: 'rouge',
  summ_screen_fd: 'rouge',
  qmsum: 'rouge',
  narrative_qa: 'f1',
  qasper: 'f1',
  quality: 'exact_match',
  contract_nli: 'exact_match',
};

/** Metric of each quick task: that of the tasks with its shape. */
export const quickMetrics: Readonly<Record<QuickTaskName, TextMetricName>> = {
  name: 'f1',
  choice: 'exact_match',
  kind: 'exact_match',
  find: 'f1',
  heading: 'rouge',
};

/**
 * Scores a model's answers to instances.
 *
 * @param predictions text by the instance's id: one for each instance, and for no other
 * @throws UsageError if an instance has no prediction or no reference, or a prediction no instance
 */
export function scoreInstances(
  metric: TextMetricName,
  instances: readonly Pick<ScrollsInstance, 'id' | 'references'>[],
  predictions: ReadonlyMap<string, string>,
): TextScore {
  const known = new Set(instances.map(({ id }) => id));
  const [redundant] = [...predictions.keys()].filter((id) => !known.has(id));
  if (redundant !== undefined)
    throw new UsageError(
      `a prediction for '${redundant}', which is not an instance here; is it of another split?`,
    );
  const pairs = instances.map(({ id, references }) => {
    const prediction = predictions.get(id);
    if (prediction === undefined)
      throw new UsageError(`no prediction for '${id}'; every instance needs one, if only an empty text`);
    if (references.length === 0)
      throw new UsageError(
        `'${id}' has no reference; outputs of test files are not public, score validation`,
      );
    return { prediction, references };
  });
  return scoreTexts(metric, pairs);
}

/**
 * The benchmark's score: the mean over the seven tasks of their scores in percent, each rounded to
 * four decimals first, as in the official evaluator.
 *
 * @throws UsageError naming the tasks that are missing: a mean over some of them is not SCROLLS'
 *   score
 */
export function scrollsScore(scores: Readonly<Partial<Record<ScrollsTaskName, number>>>): number {
  const missing = scrollsTaskNames.filter((name) => scores[name] === undefined);
  if (missing.length > 0)
    throw new UsageError(`SCROLLS' score needs all seven tasks; missing: ${missing.join(', ')}`);
  return (
    scrollsTaskNames.reduce((sum, name) => sum + roundedScore(scores[name] ?? NaN), 0) /
    scrollsTaskNames.length
  );
}
