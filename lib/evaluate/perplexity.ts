// Perplexity by length, the measure of length extrapolation (Figure 4): each document is cut into
// consecutive blocks of equal length, or read through a window that slides by a stride; the rest
// after its last whole window is ignored. The released code's blocks, which run across documents,
// can be given by their starts.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { heedStop } from '../base/interrupt';
import { type Reporter, silentReporter } from '../base/progress';
import { type Interval } from '../base/statistics';
import { joined, type TokenSequence } from '../data/tokens/sequence';
import { capture, type CapturedStep } from '../engine/graph/capture';
import { type ProductType } from '../engine/graph/program';
import { type NamedTensors } from '../engine/graph/specs';
import { Random } from '../engine/random/random';
import { type Decoder } from '../model/decoder';
import { nextTokenLosses } from '../model/loss';
import { type ModelParameters } from '../model/parameters';
import { differenceOfMeans, type Mean, meanOfParts, type Part } from './intervals';
import { type DocumentLoss, LossTally, type PositionLoss } from './loss-tally';
import { chooseWindows, type Window, windowStarts } from './windows';

/** Options of an evaluation. */
export interface PerplexityOptions {
  /**
   * Tokens from one window to the next, at most the length. Each window after the first counts only
   * tokens that no earlier window had, and never its own first token, which has no context. Left
   * out: the length, that is, consecutive blocks.
   */
  readonly stride?: number;
  /**
   * Starts of blocks in the sequence of documents instead, [blocks], ascending and without overlap:
   * such as those of the released code, which run across documents. A token's loss belongs to its
   * own document.
   */
  readonly blocks?: Float64Array;
  /** Most tokens to read, in windows at equal distances over all there are; default: all. */
  readonly maxTokens?: number;
  /** Number of groups of positions with a loss of their own; default 8. */
  readonly bins?: number;
  /** Windows of a batch; default: as many as hold 4,096 tokens. */
  readonly batch?: number;
  /** Probability that an interval contains the true value; default 0.95. */
  readonly level?: number;
  /** Random numbers for intervals and randomized encodings. */
  readonly random?: Random;
  /** Runs operation by operation even where a graph is possible. */
  readonly eager?: boolean;
  /** Precision of matrix products in captured evaluations; default `float32`. */
  readonly products?: ProductType;
  readonly reporter?: Reporter;
}

/** Perplexity of documents, read at one length. */
export interface PerplexityByLength {
  readonly length: number;
  readonly stride: number;
  /** Windows read. */
  readonly windows: number;
  /** Predicted tokens. */
  readonly tokens: number;
  /** Documents with a predicted token. */
  readonly documents: number;
  /** Mean cross-entropy of the predicted tokens, in nats. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
  /**
   * Losses of each document, in their order, also of those without a predicted token: the data for
   * comparisons of models on the same documents.
   */
  readonly byDocument: readonly DocumentLoss[];
  /**
   * Interval of the perplexity, by the bootstrap over documents; undefined with too few documents.
   */
  readonly interval: Interval | undefined;
  /** Ascending; groups without a token are left out. */
  readonly byPosition: readonly PositionLoss[];
}

/** Groups of positions. */
const defaultBins = 8;

/** Tokens computed at once. */
const tokensAtOnce = 4096;

/**
 * Evaluates a model's perplexity at one length.
 *
 * @param parameters stay the caller's
 * @param documents  token ids of each, read a batch of windows at a time
 * @param length     tokens of a window, at least 2
 * @throws ConfigError if length, stride or bins are invalid, no document is as long as a window, or
 *   the encoding has fewer positions
 */
export async function evaluatePerplexity(
  decoder: Decoder,
  parameters: ModelParameters,
  documents: readonly TokenSequence[],
  length: number,
  options: PerplexityOptions = {},
): Promise<PerplexityByLength> {
  const {
    stride = length,
    bins = defaultBins,
    level,
    maxTokens = Infinity,
    reporter = silentReporter,
  } = options;
  const { random = Random.fromSeed(0).fork('perplexity') } = options;
  checkWindow(length, stride, bins);
  const windows = chooseWindows(options.blocks ?? windowStarts(documents, length, stride), length, maxTokens);
  const tally = new LossTally(documents, length);
  const batch = Math.min(windows.length, options.batch ?? Math.max(1, Math.floor(tokensAtOnce / length)));
  const sequence = joined(documents);
  const task = reporter.task(`perplexity at ${length}`, windows.length, 'windows');
  let step: LossStep | undefined;
  let note = 'stopped';
  try {
    step = captureLosses(decoder, parameters, options);
    for (let begin = 0; begin < windows.length; begin += batch) {
      await heedStop();
      const some = windows.slice(begin, begin + batch);
      const losses = await lossesOf(step, decoder, sequence, some, [batch, length], random);
      some.forEach((window, row) => {
        tally.add(window, losses.subarray(row * (length - 1), (row + 1) * (length - 1)));
      });
      task.update(begin + some.length);
    }
    const byDocument = tally.byDocument();
    const read = byDocument.filter((document) => document.tokens > 0);
    const tokens = total(read.map((document) => document.tokens));
    const loss = total(read.map(({ sum }) => sum)) / tokens;
    note = Math.exp(loss).toPrecision(4);
    return {
      length,
      stride,
      windows: windows.length,
      tokens,
      documents: read.length,
      byDocument,
      loss,
      perplexity: Math.exp(loss),
      interval: perplexityInterval(byDocument, random.fork('bootstrap'), level),
      byPosition: tally.byPosition(bins),
    };
  } finally {
    step?.dispose();
    task.finish(note);
  }
}

/**
 * Interval of the perplexity of documents: that of the mean loss (`meanOfParts`), converted to
 * perplexities. Documents are resampled, since the tokens of one are not independent of each other.
 *
 * @param documents the summed loss of each, and its number of tokens
 * @returns undefined for fewer than five documents
 */
export function perplexityInterval(
  documents: readonly DocumentLoss[],
  random: Random,
  level = 0.95,
): Interval | undefined {
  const parts = documents.filter(({ tokens }) => tokens > 0).map(partOf);
  return exponential(meanOfParts(parts, { random, level }));
}

/**
 * Ratio of the perplexities of two readings of the same documents, with its interval. Documents are
 * resampled with both their losses (`differenceOfMeans`), so that variation in difficulty that both
 * share cancels.
 *
 * @param first, second losses of the same documents in the same order; numbers of predicted tokens
 *   may differ, and documents without any in one of them are ignored
 * @returns undefined for fewer than five documents
 * @throws ConfigError if their numbers of documents differ
 */
export function perplexityRatio(
  first: readonly DocumentLoss[],
  second: readonly DocumentLoss[],
  random: Random,
  level = 0.95,
): Interval | undefined {
  if (first.length !== second.length)
    throw new ConfigError(
      `a ratio of perplexities on ${first.length} and ${second.length} documents; read the same ones with both`,
    );
  const inBoth = (_: DocumentLoss, place: number): boolean =>
    Math.min(first[place]?.tokens ?? 0, second[place]?.tokens ?? 0) > 0;
  const [one, other] = [first, second].map((losses) => losses.filter(inBoth).map(partOf));
  return exponential(differenceOfMeans(one ?? [], other ?? [], { random, level }));
}

function partOf({ sum, tokens }: DocumentLoss): Part {
  return { sum, count: tokens };
}

function exponential(mean: Mean | undefined): Interval | undefined {
  return mean && { estimate: Math.exp(mean.mean), low: Math.exp(mean.low), high: Math.exp(mean.high) };
}

/**
 * Makes sure that documents can be read at a length. For several lengths, check all of them first,
 * so that no hours are lost with the last.
 *
 * @throws ConfigError as `evaluatePerplexity`
 */
export function checkReading(
  { encoding }: Pick<Decoder, 'encoding'>,
  documents: readonly Pick<TokenSequence, 'length'>[],
  length: number,
  { stride = length, bins = defaultBins }: Pick<PerplexityOptions, 'stride' | 'bins'> = {},
): void {
  checkWindow(length, stride, bins);
  windowStarts(documents, length, stride);
  encoding.drawPositions?.(length, () => 0);
}

function checkWindow(length: number, stride: number, bins: number): void {
  if (!Number.isInteger(length) || length < 2)
    throw new ConfigError(`length ${length}: must be an integer of 2 or more`);
  if (!Number.isInteger(stride) || stride < 1 || stride > length)
    throw new ConfigError(`stride ${stride}: must be an integer from 1 to the length, ${length}`);
  if (!Number.isInteger(bins) || bins < 1) throw new ConfigError(`bins ${bins}: must be an integer above 0`);
}

type LossStep = CapturedStep<NamedTensors, NamedTensors, { readonly losses: tf.Tensor }>;

function captureLosses(
  decoder: Decoder,
  parameters: ModelParameters,
  { eager = false, products = 'float32' }: PerplexityOptions,
): LossStep {
  return capture(
    (state: NamedTensors, { ids, ...drawn }: NamedTensors) => ({
      outputs: {
        losses: nextTokenLosses(decoder, new Map(Object.entries(state)), ids as tf.Tensor2D, drawn),
      },
    }),
    { state: Object.fromEntries(parameters), name: 'perplexity', eager, products },
  );
}

/** The losses of a batch, [batch, length - 1]; rows without a window are meaningless. */
async function lossesOf(
  step: LossStep,
  decoder: Decoder,
  sequence: TokenSequence,
  windows: readonly Window[],
  [batch, length]: readonly [number, number],
  random: Random,
): Promise<Float32Array> {
  const values = new Int32Array(batch * length);
  windows.forEach(({ start }, row) => {
    values.set(sequence.subarray(start, start + length), row * length);
  });
  const drawn = decoder.encoding.drawPositions?.(length, () => random.uniform());
  const inputs: NamedTensors = {
    ids: tf.tensor2d(values, [batch, length], 'int32'),
    ...(drawn && { drawnPositions: tf.tensor1d(drawn, 'int32') }),
  };
  try {
    const { losses } = step.run(inputs);
    try {
      return (await losses.data()) as Float32Array;
    } finally {
      losses.dispose();
    }
  } finally {
    tf.dispose(inputs);
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
