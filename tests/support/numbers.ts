// The numbers that a text for readers has, in digits or in words. Code, formulas, addresses and
// names (Figure 4, Llama 2, T5) are no numbers of the text.

/** A number in a text. */
export interface TextNumber {
  /** As it stands there: `2,048`, `77.1 %`, `ten`. */
  readonly text: string;
  /** A percentage as it is written: 77.1. */
  readonly value: number;
  readonly decimals: number;
  readonly percent: boolean;
  /** The words around it, for a message. */
  readonly around: string;
}

const words: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  hundred: 100,
  thousand: 1000,
  million: 1e6,
};

/**
 * What a preset has so many of: before these, small numbers in words are numbers too; elsewhere
 * they are language ("two levels").
 */
const counted =
  /^\s+(?:\w+\s+)?(?:seeds?|encodings|layers|heads|widths|steps|batches|seconds|minutes|hours|networks|automata)\b/;

const small = new Set(['two', 'three', 'four']);
const scales: Readonly<Record<string, number>> = { million: 1e6, M: 1e6, thousand: 1e3, k: 1e3 };

const notProse: readonly RegExp[] = [
  /^\s*(?:\*\*|#+ |\| )?\d+\. /gm,
  /```[\s\S]*?```/g,
  /<!--[\s\S]*?-->/g,
  /\$\$[\s\S]*?\$\$/g,
  /\$[^$\n]*(?:\n[^$\n]*)?\$/g,
  /`[^`]*`/g,
  /\]\([^)]*\)/g,
  /https?:\/\/\S+/g,
];

const names: readonly RegExp[] = [
  /\b(?:Figures?|Tables?|Theorems?|Lemmas?|Sections?|Chapters?|Appendix|equations?|layer|Exercise|Solution) \(?\d+(?:\.\d+)?\)?(?:(?:,| and| to) \(?\d+(?:\.\d+)?\)?)*/gi,
  /\b(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{1,2},)? \d{4}\b/g,
  /\b\d+-bit\b/g,
  /\b(?:Llama|transformers|PyTorch|TensorFlow|Node\.js|Python|WSL|Debian|Ubuntu|CUDA|Unicode|Zen|ICML|IEEE|ISO|RFC|arXiv|et al\.)\]?\s+\d+(?:\.\d+)*(?:(?:,| and| or)? \d+(?:\.\d+)*)*/gi,
  /\b[A-Za-z]+-?\d[\w.-]*/g,
  /\d+(?:\.\d+){2,}/g,
];

/** Blanks of the same length, so that what is found stands where it stood. */
function blank(text: string, patterns: readonly RegExp[]): string {
  return patterns.reduce(
    (rest, pattern) => rest.replace(pattern, (found) => found.replace(/\S/g, ' ')),
    text,
  );
}

/** The numbers of a Markdown text, in its order. */
export function readNumbers(markdown: string): TextNumber[] {
  const text = blank(blank(markdown, notProse), names);
  const pattern = new RegExp(
    `(?<![\\w.])(\\d{1,3}(?:,\\d{3})+|\\d+)(\\.\\d+)?(e-?\\d+)?( ?(?:%|million\\b|M\\b|thousand\\b|k\\b))?(?![\\w^])|\\b(?:${Object.keys(words).join('|')})\\b`,
    'gi',
  );
  return [...text.matchAll(pattern)].flatMap((match) => {
    const [found, whole, fraction = '', exponent = '', unit = ''] = match;
    const after = text.slice(match.index + found.length);
    const word = found.toLowerCase();
    if (whole === undefined && small.has(word) && !counted.test(after)) return [];
    const plain =
      whole === undefined
        ? (words[word] ?? Number.NaN)
        : Number(`${whole.replaceAll(',', '')}${fraction}${exponent}`);
    return {
      text: found.trim(),
      value: plain * (scales[unit.trim()] ?? 1),
      decimals: Math.max(0, fraction.length - 1),
      percent: unit.trim() === '%',
      around: markdown
        .slice(Math.max(0, match.index - 40), match.index + found.length + 40)
        .replace(/\s+/g, ' '),
    };
  });
}

/** Every number inside a value, and the length of every list. */
export function numbersInside(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return [value.length, ...value.flatMap(numbersInside)];
  if (typeof value === 'string') return readNumbers(value).map((number) => number.value);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersInside) : [];
}
