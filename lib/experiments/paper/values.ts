// The numbers of the paper that are known here, each with its source. There are few: the paper's
// full text is not at hand. A figure or table shows a paper value only where this file has one, and
// says so everywhere else.

/** Sources of the paper's numbers, by letter. */
export const paperSources = {
  S: "the paper's public summary page (title, abstract, captions, list of theorems)",
  C: "the authors' released code",
  N: 'public notes on the paper',
  H: "a later paper's appendix that reuses these recipes",
  F: "the arithmetic task's own public code (Feng et al. 2023)",
} as const;

/** A source's letter. */
export type PaperSource = keyof typeof paperSources;

/** Measures of the paper, with their conditions. */
export const paperMeasures = {
  'segment-tokens':
    'tokens of most sentences of PG-19 (Llama 2, full stop and newline), sequences of up to about 120 k tokens',
  'segments-per-sequence': 'sentences of a sequence of about 120 k tokens of PG-19',
  'arithmetic-accuracy': 'accuracy on arithmetic modulo 11 with 6 operators, hidden size 48',
  'pg19-perplexity': 'perplexity on PG-19 at 8,192 tokens, trained at 1,024',
  'scrolls-gain': 'average score on SCROLLS, points over RoPE',
} as const;

/** Its name. */
export type PaperMeasure = keyof typeof paperMeasures;

/** A number of the paper's. */
export interface PaperValue {
  readonly measure: PaperMeasure;
  /**
   * Of which encoding, by its name in the registry; `others`: all others of the paper's comparison;
   * null where none is meant.
   */
  readonly encoding: string | null;
  readonly value: number;
  /** The word by which the source qualifies the number. */
  readonly relation: 'is' | 'about' | 'under' | 'up to';
  /** `percent` takes shares of 1. */
  readonly format: 'percent' | 'number';
  readonly source: PaperSource;
}

/** All there are. */
export const paperValues: readonly PaperValue[] = [
  value('segment-tokens', null, 50, 'under', 'S'),
  value('segments-per-sequence', null, 10_000, 'up to', 'S'),
  { ...value('arithmetic-accuracy', 'bipe_alibi', 0.97, 'about', 'N'), format: 'percent' },
  { ...value('arithmetic-accuracy', 'others', 0.7, 'under', 'N'), format: 'percent' },
  value('pg19-perplexity', 'bipe_alibi', 25.2, 'is', 'N'),
  value('pg19-perplexity', 'alibi', 28.6, 'is', 'N'),
  value('pg19-perplexity', 'rope', 158, 'is', 'N'),
  value('scrolls-gain', 'bipe_rope', 3.98, 'is', 'N'),
];

function value(
  measure: PaperMeasure,
  encoding: string | null,
  number: number,
  relation: PaperValue['relation'],
  source: PaperSource,
): PaperValue {
  return { measure, encoding, value: number, relation, format: 'number', source };
}

/** The cell of a table where the paper's number is not known. */
export const notAtHand = 'paper value not at hand';

/** The paper's number for an encoding, if it is known. */
export function paperValue(measure: PaperMeasure, encoding: string | null): PaperValue | undefined {
  return paperValues.find((one) => one.measure === measure && one.encoding === encoding);
}

/**
 * It for readers, with its source, e.g. `about 97 % [N]`; `paper value not at hand` where there is
 * none.
 */
export function formatPaperValue(known: PaperValue | undefined): string {
  if (known === undefined) return notAtHand;
  const { value: number, relation, format, source } = known;
  const digits = format === 'percent' ? `${Math.round(1000 * number) / 10} %` : number.toLocaleString('en');
  return `${relation === 'is' ? '' : `${relation} `}${digits} [${source}]`;
}

/** Says what the letters after paper values mean: for a caption. */
export function explainSources(letters: Iterable<PaperSource>): string {
  const used = (Object.keys(paperSources) as PaperSource[]).filter((letter) => new Set(letters).has(letter));
  return used.map((letter) => `[${letter}] ${paperSources[letter]}`).join('; ');
}

/** A setting of the paper's, as its sources give it. */
export interface PaperSetting {
  /** The same in every recipe that has it. */
  readonly key: string;
  /** For readers. */
  readonly label: string;
  /** As it is written here; two recipes agree where this text is the same. */
  readonly value: string;
  readonly sources: readonly PaperSource[];
  /** True if it is a value to compare with, false if the source leaves it open. */
  readonly exact: boolean;
}

/** A setting for readers: small numbers as powers of ten, e.g. `1e-4`. */
export function formatSetting(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential();
  return value.toLocaleString('en', { maximumSignificantDigits: 6 });
}

function setting(key: string, label: string, known: string | number, sources: string): PaperSetting {
  const value = typeof known === 'string' ? known : formatSetting(known);
  return { key, label, value, sources: Array.from(sources) as PaperSource[], exact: true };
}

/** A setting that a source gives roughly, or only in part. */
function open(key: string, label: string, known: string, sources: string): PaperSetting {
  return { ...setting(key, label, known, sources), exact: false };
}

/** The paper's configurations and recipes, as far as they are known. */
export const paperRecipes = {
  model: [
    setting('numLayers', 'Layers', 12, 'CH'),
    setting('hiddenSize', 'Hidden size', 768, 'CH'),
    setting('numHeads', 'Heads', 12, 'CH'),
    setting('headSize', 'Size of a head', 64, 'CH'),
    setting('feedForward', 'Feed-forward', 'SwiGLU, 3,072', 'CH'),
    setting('vocabulary', 'Vocabulary', '32,000 (Llama 2)', 'CH'),
    setting('norm', 'Normalization', 'RMSNorm, eps 1e-5', 'CH'),
    setting('biases', 'Biases', 'none', 'CH'),
    setting('head', 'Head', 'untied', 'CH'),
    setting('initializer', 'Initial deviation', 0.02, 'CH'),
    setting('intraRows', 'Rows of the intra-segment table', 1024, 'C'),
    setting('slopeFactor', 'BiPE-ALiBi slopes, times those of ALiBi', 96, 'C'),
    setting('ropeBase', 'RoPE base', 10_000, 'C'),
    open('parameters', 'Parameters without positions', 'about 151 million', 'CH'),
  ],
  training: [
    setting('length', 'Length', 1024, 'CH'),
    setting('optimizer', 'Optimizer', 'AdamW', 'CH'),
    setting('learningRate', 'Learning rate', 1e-4, 'CH'),
    setting('weightDecay', 'Weight decay', 0.01, 'CH'),
    setting('dropout', 'Dropout', 0, 'CH'),
    setting('schedule', 'Schedule', 'linear decay', 'CH'),
    setting('warmupSteps', 'Warm-up steps', 10_000, 'CH'),
    setting('steps', 'Steps', 1_000_000, 'CH'),
    setting('batchSize', 'Sequences of a step', 256, 'CH'),
    setting('precision', 'Precision', 'fp16', 'CH'),
  ],
  arithmetic: [
    setting('operators', 'Operators', 6, 'FN'),
    setting('modulus', 'Modulus', 11, 'FN'),
    setting('vocabulary', 'Vocabulary', 21, 'F'),
    setting('numLayers', 'Layers', 3, 'F'),
    setting('numHeads', 'Heads', 4, 'F'),
    open('hiddenSize', 'Hidden size', '48 and others', 'N'),
    setting('instances', 'Training instances', 1_000_000, 'F'),
    setting('questions', 'Test instances', 100_000, 'F'),
    setting('optimizer', 'Optimizer', 'AdamW', 'F'),
    setting('learningRate', 'Learning rate', 1e-4, 'F'),
    setting('weightDecay', 'Weight decay', 0.01, 'F'),
    setting('dropout', 'Dropout', 0.1, 'F'),
    setting('batchSize', 'Instances of a step', 512, 'F'),
    setting('epochs', 'Epochs', 100, 'F'),
    setting('warmupEpochs', 'Warm-up epochs', 5, 'F'),
  ],
  scrolls: [
    open('tasks', 'Tasks', 'Qasper, NarrativeQA, QuALITY, ContractNLI, QMSum, SummScreenFD, GovReport', 'H'),
    setting('length', 'Length', 8192, 'H'),
    setting('batchSize', 'Sequences of a step', 64, 'H'),
    setting('steps', 'Steps', 5000, 'H'),
    setting('optimizer', 'Optimizer', 'AdamW', 'H'),
    setting('learningRate', 'Learning rate', 1e-5, 'H'),
    setting('weightDecay', 'Weight decay', 0.01, 'H'),
    setting('dropout', 'Dropout', 0, 'H'),
  ],
  evaluation: [
    setting('lengths', 'Block lengths', '1,024, 2,048, 3,072, 4,096, 5,120, 6,144', 'C'),
    setting('blocks', 'Blocks', 'without overlap', 'C'),
    open('sources', 'Sources', 'PG-19, ArXiv and GitHub, validation sets', 'C'),
    setting('measure', 'Measure', 'exp(mean loss)', 'C'),
  ],
} satisfies Readonly<Record<string, readonly PaperSetting[]>>;
