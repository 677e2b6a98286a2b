// Perplexity by length, the measure of length extrapolation (Figure 4): documents are cut into blocks of a length, as the released code
// does it, or read through a window that slides on by a stride. What is left of a document after its last whole window does not count.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { type Reporter, silentReporter } from '../base/progress';
import { bootstrapInterval, type Interval } from '../base/statistics';
import { type TokenSequence } from '../data/tokens/sequence';
import { capture, type CapturedStep } from '../engine/graph/capture';
import { type ProductType } from '../engine/graph/program';
import { type NamedTensors } from '../engine/graph/specs';
import { Random } from '../engine/random';
import { type Decoder } from '../model/decoder';
import { nextTokenLosses } from '../model/loss';
import { type ModelParameters } from '../model/parameters';

/** How to evaluate. */
export interface PerplexityOptions {
  /**
   * Tokens from one window to the next, at most the length. Each window after the first counts only tokens that no window before it
   * held, and never its own first token, which has nothing before it. Left out: the length, that is blocks side by side.
   */
  readonly stride?: number;
  /** Groups of positions whose losses are told apart; default 8. */
  readonly bins?: number;
  /** Windows that go through the model at once; default: as many as hold 4,096 tokens. */
  readonly batch?: number;
  /** How often an interval holds the true value; default 0.95. */
  readonly level?: number;
  /** Draws what intervals and randomized encodings need. */
  readonly random?: Random;
  /** Runs operation by operation even where a graph could be captured. */
  readonly eager?: boolean;
  /** What a captured evaluation rounds matrix products to; default `float32`. */
  readonly products?: ProductType;
  readonly reporter?: Reporter;
}

/** The loss of the tokens at some positions of their windows. */
export interface PositionLoss {
  /** How many tokens of the window stand before the predicted one: at least `from`, at most `to`. */
  readonly from: number;
  readonly to: number;
  /** Mean, in nats. */
  readonly loss: number;
  readonly tokens: number;
}

/** The losses of a document's predicted tokens. */
export interface DocumentLoss {
  /** In nats. */
  readonly sum: number;
  readonly tokens: number;
}

/** What a model says of documents, read at one length. */
export interface PerplexityByLength {
  readonly length: number;
  readonly stride: number;
  /** Windows read. */
  readonly windows: number;
  /** Predicted tokens. */
  readonly tokens: number;
  /** Documents that hold a window. */
  readonly documents: number;
  /** Mean cross-entropy of the predicted tokens, in nats. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
  /** Of each document that holds a window, in their order: what comparisons of models read on the same documents are made of. */
  readonly byDocument: readonly DocumentLoss[];
  /** Of the perplexity, by the bootstrap over documents; undefined where there is only one. */
  readonly interval: Interval | undefined;
  /** Ascending; groups without a token are left out. */
  readonly byPosition: readonly PositionLoss[];
}

interface Window {
  readonly document: number;
  readonly start: number;
  /** Its first token that counts, from 1. */
  readonly first: number;
}

/** Tokens that go through the blocks at once. */
const tokensAtOnce = 4096;

/**
 * A model's perplexity at one length.
 *
 * @param parameters stay the caller's
 * @param documents  token ids of each, read as they are needed; for the released code's blocks, which go on from one document to the next, all texts as one
 * @param length     tokens of a window, at least 2
 * @throws ConfigError if length, stride or bins make no sense, no document is as long as a window, or the encoding has not that many
 *   positions
 */
export async function evaluatePerplexity(
  decoder: Decoder,
  parameters: ModelParameters,
  documents: readonly TokenSequence[],
  length: number,
  options: PerplexityOptions = {},
): Promise<PerplexityByLength> {
  const { stride = length, bins = 8, level, reporter = silentReporter } = options;
  const { random = Random.fromSeed(0).fork('perplexity') } = options;
  checkWindow(length, stride, bins);
  const windows = documents.flatMap((ids, document) => windowsOf(ids.length, document, length, stride));
  if (windows.length === 0) {
    const longest = documents.reduce((most, ids) => Math.max(most, ids.length), 0);
    throw new ConfigError(
      `length ${length}: the longest document has ${longest} tokens; give longer documents or a shorter length`,
    );
  }
  const sums = new Float64Array(documents.length);
  const counts = new Float64Array(documents.length);
  const sumsAt = new Float64Array(length);
  const countsAt = new Float64Array(length);
  const batch = Math.min(windows.length, options.batch ?? Math.max(1, Math.floor(tokensAtOnce / length)));
  const task = reporter.task(`perplexity at ${length}`, windows.length, 'windows');
  const step = captureLosses(decoder, parameters, options);
  try {
    for (let begin = 0; begin < windows.length; begin += batch) {
      const some = windows.slice(begin, begin + batch);
      const losses = await lossesOf(step, decoder, documents, some, [batch, length], random);
      some.forEach(({ document, first }, row) => {
        for (let place = first; place < length; place += 1) {
          const loss = losses[row * (length - 1) + place - 1] ?? Number.NaN;
          sums[document] = (sums[document] ?? 0) + loss;
          counts[document] = (counts[document] ?? 0) + 1;
          sumsAt[place] = (sumsAt[place] ?? 0) + loss;
          countsAt[place] = (countsAt[place] ?? 0) + 1;
        }
      });
      task.update(begin + some.length);
    }
  } finally {
    step.dispose();
  }
  const byDocument = Array.from(counts, (count, document) => ({
    sum: sums[document] ?? 0,
    tokens: count,
  })).filter((document) => document.tokens > 0);
  const tokens = total(counts);
  const loss = total(sums) / tokens;
  task.finish(Math.exp(loss).toPrecision(4));
  const interval = perplexityInterval(byDocument, random.fork('bootstrap'), level);
  return {
    length,
    stride,
    windows: windows.length,
    tokens,
    documents: byDocument.length,
    byDocument,
    loss,
    perplexity: Math.exp(loss),
    interval,
    byPosition: binned(sumsAt, countsAt, bins),
  };
}

/**
 * The perplexity of documents with its interval: documents are drawn anew, since the tokens of one are not independent of each other.
 *
 * @param documents the sum of the losses of each, and of how many tokens
 * @returns undefined for fewer than two documents
 */
export function perplexityInterval(
  documents: readonly DocumentLoss[],
  random: Random,
  level = 0.95,
): Interval | undefined {
  if (documents.length < 2) return undefined;
  const perplexity = (places: Float64Array): number => Math.exp(meanLoss(documents, places));
  return bootstrapInterval([...documents.keys()], perplexity, { random: () => random.uniform(), level });
}

/**
 * How many times the perplexity of one reading is that of another on the same documents, with its interval: documents are drawn anew,
 * each with both its losses, so that what makes a document easy or hard for both does not count.
 *
 * @param first, second losses of the same documents in the same order; how many tokens of each were predicted may differ
 * @throws ConfigError if there are not as many of both, or none
 */
export function perplexityRatio(
  first: readonly DocumentLoss[],
  second: readonly DocumentLoss[],
  random: Random,
  level = 0.95,
): Interval {
  if (first.length !== second.length)
    throw new ConfigError(
      `a ratio of perplexities on ${first.length} and ${second.length} documents; read the same ones with both`,
    );
  const ratio = (places: Float64Array): number =>
    Math.exp(meanLoss(first, places) - meanLoss(second, places));
  return bootstrapInterval([...first.keys()], ratio, { random: () => random.uniform(), level });
}

function meanLoss(documents: readonly DocumentLoss[], places: Float64Array): number {
  let [sum, tokens] = [0, 0];
  for (const place of places) {
    sum += documents[place]?.sum ?? 0;
    tokens += documents[place]?.tokens ?? 0;
  }
  return sum / tokens;
}

function checkWindow(length: number, stride: number, bins: number): void {
  if (!Number.isInteger(length) || length < 2)
    throw new ConfigError(`length ${length}: must be an integer of 2 or more`);
  if (!Number.isInteger(stride) || stride < 1 || stride > length)
    throw new ConfigError(`stride ${stride}: must be an integer from 1 to the length, ${length}`);
  if (!Number.isInteger(bins) || bins < 1) throw new ConfigError(`bins ${bins}: must be an integer above 0`);
}

function windowsOf(tokens: number, document: number, length: number, stride: number): Window[] {
  const count = tokens < length ? 0 : 1 + Math.floor((tokens - length) / stride);
  return Array.from({ length: count }, (_, index) => ({
    document,
    start: index * stride,
    first: index === 0 ? 1 : Math.max(1, length - stride),
  }));
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

/** The losses of a batch, [batch, length - 1]; rows without a window have no meaning. */
async function lossesOf(
  step: LossStep,
  decoder: Decoder,
  documents: readonly TokenSequence[],
  windows: readonly Window[],
  [batch, length]: readonly [number, number],
  random: Random,
): Promise<Float32Array> {
  const values = new Int32Array(batch * length);
  windows.forEach(({ document, start }, row) => {
    const ids = present(documents[document], 'document');
    values.set(ids.subarray(start, start + length), row * length);
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

function binned(sums: Float64Array, counts: Float64Array, bins: number): PositionLoss[] {
  const places = sums.length - 1;
  const used = Math.min(bins, places);
  return Array.from({ length: used }, (_, bin) => {
    const from = 1 + Math.floor((bin * places) / used);
    const to = Math.floor(((bin + 1) * places) / used);
    const tokens = total(counts.subarray(from, to + 1));
    return { from, to, loss: total(sums.subarray(from, to + 1)) / tokens, tokens };
  }).filter(({ tokens }) => tokens > 0);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
