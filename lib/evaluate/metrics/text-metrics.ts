// The score of many generated texts, each with one or more references, in percent: as SCROLLS'
// official evaluator (metrics/scrolls.py of the dataset tau/scrolls) computes it, with additions in
// the same order. The best reference counts.

import { UsageError } from '../../base/errors';
import { answerF1, isExactMatch } from './answers';
import { rouge, type RougeName, rougeNames } from './rouge';

/** Name of a task's metric. */
export type TextMetricName = (typeof textMetricNames)[number];

/** The three metrics of SCROLLS. */
export const textMetricNames = ['rouge', 'f1', 'exact_match'] as const;

/** A generated text and its references. */
export interface TextPair {
  readonly prediction: string;
  /** At least one. */
  readonly references: readonly string[];
}

/** Scores of many texts, in percent. */
export interface TextScore {
  readonly metric: TextMetricName;
  /** The score: for ROUGE the geometric mean of the three. */
  readonly score: number;
  /** The numbers of a table: the score itself, or ROUGE-1, ROUGE-2 and ROUGE-L. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Scores generated texts.
 *
 * ROUGE: for each of the three F measures, the best over the references, averaged over the texts;
 * the score is the geometric mean of these means. The official evaluator puts each sentence on its
 * own line first, which changes none of the three.
 *
 * @throws UsageError if there are no texts, or one has no reference
 */
export function scoreTexts(metric: TextMetricName, pairs: readonly TextPair[]): TextScore {
  if (pairs.length === 0) throw new UsageError('no texts to score; give at least one with its references');
  const bare = pairs.findIndex(({ references }) => references.length === 0);
  if (bare >= 0) throw new UsageError(`text ${bare + 1} has no reference; score only texts that have one`);
  switch (metric) {
    case 'rouge':
      return scoreRouge(pairs);
    case 'f1':
      return single(metric, pairs, answerF1);
    case 'exact_match':
      return single(metric, pairs, (prediction, reference) => Number(isExactMatch(prediction, reference)));
  }
}

/**
 * Rounds a score to four decimals as the official evaluator does: Python's `round`, which rounds a
 * tie to the even digit.
 */
export function roundedScore(score: number): number {
  // Only odd multiples of 1/32 lie exactly in the middle of two such numbers.
  const isTie = Number.isInteger(score * 32) && (score * 32) % 2 === 1;
  if (!isTie) return Number(score.toFixed(4));
  const below = Math.floor(score * 1e4);
  return (below % 2 === 0 ? below : below + 1) / 1e4;
}

/**
 * The score of texts that were scored one by one, from the means of their parts. Equals scoring
 * them together.
 *
 * @param parts of each text, at least one
 */
export function scoreOfParts(metric: TextMetricName, parts: readonly TextScore['parts'][]): number {
  const means = partNames(metric).map(
    (name) => parts.reduce((sum, part) => sum + (part[name] ?? 0), 0) / parts.length,
  );
  return means.reduce((product, mean) => product * mean, 1) ** (1 / means.length);
}

/** The names of a metric's parts. */
export function partNames(metric: TextMetricName): readonly string[] {
  return metric === 'rouge' ? rougeNames : [metric];
}

function single(
  metric: TextMetricName,
  pairs: readonly TextPair[],
  compare: (prediction: string, reference: string) => number,
): TextScore {
  let sum = 0;
  for (const { prediction, references } of pairs)
    sum += Math.max(...references.map((reference) => compare(prediction, reference)));
  const score = (100 * sum) / pairs.length;
  return { metric, score, parts: { [metric]: score } };
}

function scoreRouge(pairs: readonly TextPair[]): TextScore {
  const sums: Record<RougeName, number> = { rouge1: 0, rouge2: 0, rougeL: 0 };
  for (const { prediction, references } of pairs) {
    const scores = references.map((reference) => rouge(prediction, reference));
    for (const name of rougeNames) sums[name] += Math.max(...scores.map((score) => score[name].f * 100));
  }
  const mean = (name: RougeName): number => sums[name] / pairs.length;
  const parts = { rouge1: mean('rouge1'), rouge2: mean('rouge2'), rougeL: mean('rougeL') };
  return { metric: 'rouge', score: (parts.rouge1 * parts.rouge2 * parts.rougeL) ** (1 / 3), parts };
}
