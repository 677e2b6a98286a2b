// ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) of one text against one reference, equal number for
// number to the Python package `rouge-score` 0.1.2 without its stemmer, which SCROLLS does not use
// either. No ROUGE-Lsum.

import { present } from '../../base/present';

/** Overlap of two texts; each number from 0 to 1. */
export interface RougeScore {
  /** The share of the prediction that is in the reference. */
  readonly precision: number;
  /** The share of the reference that is in the prediction. */
  readonly recall: number;
  /** Their harmonic mean; 0 if both are 0. */
  readonly f: number;
}

/** The three scores of SCROLLS. */
export type RougeName = 'rouge1' | 'rouge2' | 'rougeL';

/** In the order of the tables. */
export const rougeNames: readonly RougeName[] = ['rouge1', 'rouge2', 'rougeL'];

/**
 * The words that ROUGE compares, [words]: lower case, runs of ASCII letters and digits. Everything
 * else separates words, letters with accents too.
 */
export function rougeWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/**
 * Computes all three scores of a prediction against a reference. A text without words has overlap 0
 * with every other.
 */
export function rouge(prediction: string, reference: string): Readonly<Record<RougeName, RougeScore>> {
  const [predicted, wanted] = [rougeWords(prediction), rougeWords(reference)];
  return {
    rouge1: overlapOfRuns(predicted, wanted, 1),
    rouge2: overlapOfRuns(predicted, wanted, 2),
    rougeL: scoreOf(longestCommonSubsequence(predicted, wanted), predicted.length, wanted.length),
  };
}

/**
 * The length of the longest common subsequence: elements in both, in order, with gaps allowed.
 *
 * Takes time in proportion to the product of the lengths, and memory in proportion to the second's.
 */
export function longestCommonSubsequence<T>(first: readonly T[], second: readonly T[]): number {
  // lengths[j]: of the elements of `first` so far with the first j of `second`
  const lengths = new Uint32Array(second.length + 1);
  for (const element of first) {
    let diagonal = 0; // lengths[j] before this element
    for (const [index, other] of second.entries()) {
      const above = lengths[index + 1] ?? 0;
      lengths[index + 1] = element === other ? diagonal + 1 : Math.max(above, lengths[index] ?? 0);
      diagonal = above;
    }
  }
  return present(lengths.at(-1), 'last length');
}

/** Overlap of runs of `length` words, each counted as often as it occurs in both. */
function overlapOfRuns(predicted: readonly string[], wanted: readonly string[], length: number): RougeScore {
  const [ours, theirs] = [runsOf(predicted, length), runsOf(wanted, length)];
  let shared = 0;
  for (const [run, count] of theirs) shared += Math.min(count, ours.get(run) ?? 0);
  return scoreOf(shared, runCount(predicted, length), runCount(wanted, length));
}

function runsOf(words: readonly string[], length: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start < runCount(words, length); start += 1) {
    const run = words.slice(start, start + length).join(' '); // no word has a space
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

function runCount(words: readonly string[], length: number): number {
  return Math.max(0, words.length - length + 1);
}

function scoreOf(shared: number, predicted: number, wanted: number): RougeScore {
  const precision = shared / Math.max(predicted, 1);
  const recall = shared / Math.max(wanted, 1);
  return { precision, recall, f: harmonicMean(precision, recall) };
}

/** The harmonic mean; 0 if both are 0. */
function harmonicMean(a: number, b: number): number {
  return a + b > 0 ? (2 * a * b) / (a + b) : 0;
}
