// Short answers compared as in SQuAD (Rajpurkar et al. 2016): exact match and F1 of words after
// normalization, equal number for number to SCROLLS' evaluator. Where Python and JavaScript
// disagree on letters or spaces, Python's rule holds.

/** Python's `string.punctuation`: ASCII alone. */
const punctuation = /[!-/:-@[-`{-~]/g;

/**
 * An article between Python's word boundaries: Python's `\b` knows the letters and digits of every
 * script, JavaScript's only ASCII.
 */
const article = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/**
 * Separators of Python's `str.split`: unlike `\s` with U+001C to U+001F and U+0085, and without
 * U+FEFF.
 */
const spaces =
  // eslint-disable-next-line no-control-regex -- these are among them
  /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * The words of an answer, [words]: lower case, without ASCII punctuation and without the articles
 * a, an, the.
 */
export function answerWords(text: string): string[] {
  return text
    .toLowerCase()
    .replace(punctuation, '')
    .replace(article, ' ')
    .split(spaces)
    .filter((word) => word !== '');
}

/** True if two answers are equal after normalization. */
export function isExactMatch(prediction: string, reference: string): boolean {
  return answerWords(prediction).join(' ') === answerWords(reference).join(' ');
}

/**
 * The harmonic mean of precision and recall of an answer's words, from 0 to 1; 0 without common
 * words, also if both have no words.
 */
export function answerF1(prediction: string, reference: string): number {
  const [predicted, wanted] = [answerWords(prediction), answerWords(reference)];
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  if (shared === 0) return 0;
  const [precision, recall] = [shared / predicted.length, shared / wanted.length];
  return (2 * precision * recall) / (precision + recall);
}
