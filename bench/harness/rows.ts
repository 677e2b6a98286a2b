// The rows that `bipe bench` measures, each with its target ratio to PyTorch on two cores.

import { unknownName } from '../../lib/base/suggest';
import { arithmeticIds } from '../../lib/data/arithmetic/vocabulary';
import {
  arithmeticModelSize,
  languageModelSize,
  type ModelConfig,
  type ModelSize,
} from '../../lib/model/config';
import { separatorSets } from '../../lib/segment/separators';

/**
 * The ways in which PyTorch does a row's work; `plain` is the formulation of the paper's released
 * code.
 */
export type PeerWay = 'eager' | 'compiled' | 'plain';

/**
 * The work of a row. A step is a pass over the sequences, an update, or a generation for all
 * prompts.
 */
export interface BenchWork {
  readonly kind: 'evaluate' | 'train' | 'decode';
  readonly model: ModelConfig;
  /** Number of sequences or prompts. */
  readonly batch: number;
  /** Tokens of each sequence or prompt. */
  readonly time: number;
  /** Tokens generated for each prompt; 0 except for `decode`. */
  readonly newTokens: number;
  /** The type of matrix products; the peer uses PyTorch's autocast. */
  readonly products: 'float32' | 'bfloat16';
  /** The activations kept for the backward pass; the peer keeps all. */
  readonly remember: 'all' | 'block-inputs';
}

/** Target ratios, ours to PyTorch's best. */
export interface BenchTarget {
  /** Least ratio of tokens a second. */
  readonly speed?: number;
  /** Least ratio of tokens a second to `plain`. */
  readonly overPlain?: number;
  /** Largest ratio of peak resident memory. */
  readonly memory?: number;
}

/** A row of the bench. */
export interface BenchRow {
  readonly name: string;
  readonly title: string;
  readonly work: BenchWork;
  /** The peer's ways; none to measure ours alone. */
  readonly peerWays: readonly PeerWay[];
  readonly target: BenchTarget;
}

/** The suites of rows. */
export const rowSuites = ['evaluate', 'train', 'decode'] as const;
/** The suites that are scripts in `bench/`. */
export const scriptSuites = ['tokenize', 'segment'] as const;

/** The token id that ends a sequence. */
export const endOfSequence = arithmeticIds.eos;

const seventeenMillion: ModelSize = {
  ...languageModelSize,
  hiddenSize: 384,
  intermediateSize: 1024,
  numLayers: 6,
  numHeads: 6,
  trainLength: 256,
};

const inter = {
  rope: { kind: 'rope' },
  alibi: { kind: 'alibi', slopeFactor: 96 },
} as const;

/** A model with bilevel positions. */
function model(
  size: ModelSize,
  vocabSize: number,
  between: keyof typeof inter,
  separators: readonly number[],
): ModelConfig {
  const encoding = {
    kind: 'bipe',
    intra: { kind: 'learned', rows: size.trainLength },
    inter: inter[between],
  } as const;
  return { ...size, vocabSize, encoding, separators: [separators] };
}

const of151M = (between: keyof typeof inter): ModelConfig =>
  model(languageModelSize, 32_000, between, separatorSets.released);
const of17M = (): ModelConfig => model(seventeenMillion, 8192, 'rope', separatorSets.released);
const ofArithmetic = (between: keyof typeof inter, time: number): ModelConfig =>
  model(arithmeticModelSize(48, time), 21, between, [arithmeticIds.equals]);

const usual = { batch: 1, newTokens: 0, products: 'float32', remember: 'all' } as const;
const fused: readonly PeerWay[] = ['eager', 'compiled'];

const evaluation = (
  time: number,
  peerWays: readonly PeerWay[],
  target: BenchTarget,
  between: keyof typeof inter = 'alibi',
): BenchRow => ({
  name: `evaluate-151m-${time}${between === 'alibi' ? '' : `-${between}`}`,
  title: `evaluation, 151 M, ${between === 'alibi' ? 'BiPE-ALiBi' : 'BiPE-RoPE'}, ${time.toLocaleString('en')}`,
  work: { ...usual, kind: 'evaluate', model: of151M(between), time },
  peerWays,
  target,
});

const training = (
  name: string,
  title: string,
  work: Pick<BenchWork, 'model' | 'time'> & Partial<BenchWork>,
  target: BenchTarget,
): BenchRow => ({
  name: `train-${name}`,
  title: `training, ${title}`,
  work: { ...usual, kind: 'train', ...work },
  peerWays: fused,
  target,
});

const decoding = (batch: number, speed: number): BenchRow => ({
  name: `decode-${batch}`,
  title: `greedy decoding, hidden 48, batch ${batch.toLocaleString('en')}`,
  // The questions of six operators and their longest answers.
  work: { ...usual, kind: 'decode', model: ofArithmetic('alibi', 86), batch, time: 24, newTokens: 62 },
  peerWays: fused,
  target: { speed, memory: 2 },
});

/** All rows, in the order of the table. */
export const benchRows: readonly BenchRow[] = [
  evaluation(1024, [...fused, 'plain'], { speed: 1.9, memory: 1.2 }),
  evaluation(2048, [], {}),
  evaluation(4096, [...fused, 'plain'], { speed: 1.8, memory: 1.2 }),
  evaluation(4096, fused, { speed: 1.8, memory: 1.2 }, 'rope'),
  evaluation(8192, [...fused, 'plain'], { speed: 1.7, overPlain: 8, memory: 1.2 }),
  evaluation(16_384, [], {}),
  training('151m', '151 M, 1 x 1,024', { model: of151M('rope'), time: 1024 }, { speed: 1.8, memory: 1.2 }),
  training(
    '151m-checkpointed',
    '151 M, 1 x 1,024, gradient checkpointing (PyTorch without)',
    { model: of151M('rope'), time: 1024, remember: 'block-inputs' },
    { memory: 0.7 },
  ),
  training(
    '151m-bfloat16',
    '151 M, 1 x 1,024, bfloat16',
    { model: of151M('rope'), time: 1024, products: 'bfloat16' },
    { speed: 1.2, memory: 1.2 },
  ),
  training('17m', '17 M, 8 x 256', { model: of17M(), batch: 8, time: 256 }, { speed: 1.7, memory: 1.5 }),
  training(
    '17m-bfloat16',
    '17 M, 8 x 256, bfloat16',
    { model: of17M(), batch: 8, time: 256, products: 'bfloat16' },
    { speed: 1.2, memory: 1.2 },
  ),
  ...(
    [
      [512, 88, 1.5],
      [64, 256, 1.2],
      [16, 88, 1.2],
    ] as const
  ).map(([batch, time, speed]) =>
    training(
      `arithmetic-${batch}x${time}`,
      `hidden 48, ${batch} x ${time}`,
      { model: ofArithmetic('rope', time), batch, time },
      { speed, memory: 2 },
    ),
  ),
  decoding(1, 1),
  decoding(256, 1.3),
  decoding(1024, 1.5),
];

/**
 * Chooses rows by name or by suite; without either, all rows.
 *
 * @throws UsageError for an unknown row or suite
 */
export function chooseRows(suite: string | undefined, names: readonly string[]): readonly BenchRow[] {
  const known = benchRows.map(({ name }) => name);
  for (const name of names) if (!known.includes(name)) throw unknownName('row', name, known);
  if (suite !== undefined && !rowSuites.some((one) => one === suite))
    throw unknownName('suite', suite, [...rowSuites, ...scriptSuites]);
  return benchRows.filter(
    ({ name, work }) =>
      (suite === undefined || work.kind === suite) && (names.length === 0 || names.includes(name)),
  );
}

/** Shrinks a row to a size that takes seconds, to check that it runs; its numbers mean nothing. */
export function quickRow(row: BenchRow): BenchRow {
  const { model: config, batch, time, newTokens } = row.work;
  const vocabSize = Math.min(config.vocabSize, 64);
  return {
    ...row,
    target: {},
    work: {
      ...row.work,
      batch: Math.min(batch, 3),
      time: Math.min(time, 40),
      newTokens: Math.min(newTokens, 6),
      model: {
        ...config,
        vocabSize,
        hiddenSize: 32,
        intermediateSize: 64,
        numLayers: 2,
        numHeads: 4,
        separators: [[9]],
      },
    },
  };
}

/** The tokens of a step: those computed, or those generated. */
export function tokensOf({ kind, batch, time, newTokens }: BenchWork): number {
  return batch * (kind === 'decode' ? newTokens : time);
}

/**
 * Counts the floating-point operations of a step's matrix products; a multiplication and an
 * addition are two. Attention counts the keys up to the query's own. A backward pass counts twice
 * the forward pass; recomputation is not counted.
 */
export function flopsOf({ kind, model: config, batch, time, newTokens }: BenchWork): number {
  const { hiddenSize: d, intermediateSize: f, numLayers, vocabSize } = config;
  // The last generated token passes through no block.
  const tokens = kind === 'decode' ? time + newTokens - 1 : time;
  const predictions = kind === 'decode' ? newTokens : time;
  const blocks = numLayers * (tokens * (8 * d * d + 6 * d * f) + 2 * d * tokens * (tokens + 1));
  const forward = batch * (blocks + predictions * 2 * d * vocabSize);
  return kind === 'train' ? 3 * forward : forward;
}
