// Perplexity by length, the measure of length extrapolation (Figure 4): documents are cut into blocks of a length, as the released code
// does it, or read through a window that slides on by a stride. What is left of a document after its last whole window does not count.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { type Reporter, silentReporter } from '../base/progress';
import { type Interval } from '../base/statistics';
import { lastAtMost, type TokenSequence } from '../data/tokens/blocks';
import { capture, type CapturedStep } from '../engine/graph/capture';
import { type ProductType } from '../engine/graph/program';
import { type NamedTensors } from '../engine/graph/specs';
import { Random } from '../engine/random';
import { type Decoder } from '../model/decoder';
import { nextTokenLosses } from '../model/loss';
import { type ModelParameters } from '../model/parameters';
import { meanOfParts, type Part } from './intervals';
import {
  beginsOf,
  chooseWindows,
  documentsInMemory,
  type TokenDocuments,
  type Window,
  windowStarts,
} from './windows';

/** How to evaluate. */
export interface PerplexityOptions {
  /**
   * Tokens from one window to the next, at most the length. Each window after the first counts only tokens that no window before it
   * held, and never its own first token, which has nothing before it. Left out: the length, that is blocks side by side.
   */
  readonly stride?: number;
  /**
   * Where blocks begin in the documents' sequence instead, [blocks], ascending and none within another: such as those of the released
   * code, which go on from one document to the next. A token's loss is its own document's.
   */
  readonly blocks?: Float64Array;
  /** At most so many tokens are read, in windows spread evenly over all there are; default: all. */
  readonly maxTokens?: number;
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

/** What a model says of documents, read at one length. */
export interface PerplexityByLength {
  readonly length: number;
  readonly stride: number;
  /** Windows read. */
  readonly windows: number;
  /** Predicted tokens. */
  readonly tokens: number;
  /** Documents of which a token was predicted. */
  readonly documents: number;
  /** Mean cross-entropy of the predicted tokens, in nats. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
  /** Of the perplexity, by the bootstrap over documents; undefined where there are too few to tell. */
  readonly interval: Interval | undefined;
  /** Ascending; groups without a token are left out. */
  readonly byPosition: readonly PositionLoss[];
}

/** Tokens that go through the blocks at once. */
const tokensAtOnce = 4096;

/**
 * A model's perplexity at one length.
 *
 * @param parameters stay the caller's
 * @param documents  token ids of each, in memory or in a file, of which no more than a batch of windows is read at once
 * @param length     tokens of a window, at least 2
 * @throws ConfigError if length, stride or bins make no sense, no document is as long as a window, or the encoding has not that many
 *   positions
 */
export async function evaluatePerplexity(
  decoder: Decoder,
  parameters: ModelParameters,
  documents: readonly Int32Array[] | TokenDocuments,
  length: number,
  options: PerplexityOptions = {},
): Promise<PerplexityByLength> {
  const { stride = length, bins = 8, level, maxTokens = Infinity, reporter = silentReporter } = options;
  const { random = Random.fromSeed(0).fork('perplexity') } = options;
  checkWindow(length, stride, bins);
  const text = 'sequence' in documents ? documents : documentsInMemory(documents);
  const windows = chooseWindows(
    options.blocks ?? windowStarts(text.documents, length, stride),
    length,
    maxTokens,
  );
  const tally = new LossTally(text.documents, length);
  const batch = Math.min(windows.length, options.batch ?? Math.max(1, Math.floor(tokensAtOnce / length)));
  const task = reporter.task(`perplexity at ${length}`, windows.length, 'windows');
  const step = captureLosses(decoder, parameters, options);
  try {
    for (let begin = 0; begin < windows.length; begin += batch) {
      const some = windows.slice(begin, begin + batch);
      const losses = await lossesOf(step, decoder, text.sequence, some, [batch, length], random);
      some.forEach((window, row) => {
        tally.add(window, losses.subarray(row * (length - 1), (row + 1) * (length - 1)));
      });
      task.update(begin + some.length);
    }
  } finally {
    step.dispose();
  }
  const parts = tally.byDocument();
  const tokens = parts.reduce((sum, { count }) => sum + count, 0);
  const loss = parts.reduce((sum, part) => sum + part.sum, 0) / tokens;
  task.finish(Math.exp(loss).toPrecision(4));
  return {
    length,
    stride,
    windows: windows.length,
    tokens,
    documents: parts.length,
    loss,
    perplexity: Math.exp(loss),
    interval: perplexityInterval(parts, random.fork('bootstrap'), level),
    byPosition: tally.byPosition(bins),
  };
}

/**
 * The perplexity of documents with its interval: that of the mean loss (`meanOfParts`), taken to perplexities. Documents are drawn anew,
 * since the tokens of one are not independent of each other.
 *
 * @param documents the sum of the losses of each, and of how many tokens
 * @returns undefined for fewer than five documents
 */
export function perplexityInterval(
  documents: readonly Part[],
  random: Random,
  level = 0.95,
): Interval | undefined {
  const loss = meanOfParts(documents, { random, level });
  return loss && { estimate: Math.exp(loss.mean), low: Math.exp(loss.low), high: Math.exp(loss.high) };
}

/** Sums of losses, by document and by place in the window. */
class LossTally {
  readonly #begins: Float64Array;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #sumsAt: Float64Array;
  readonly #countsAt: Float64Array;

  constructor(documents: TokenDocuments['documents'], length: number) {
    this.#begins = beginsOf(documents);
    this.#sums = new Float64Array(documents.length);
    this.#counts = new Float64Array(documents.length);
    this.#sumsAt = new Float64Array(length);
    this.#countsAt = new Float64Array(length);
  }

  /** A window's losses, [length - 1]: of each token but the first, for the document that has it. */
  add({ start, first }: Window, losses: Float32Array): void {
    let document = lastAtMost(this.#begins, start + first);
    for (let place = first; place <= losses.length; place += 1) {
      while ((this.#begins[document + 1] ?? Infinity) <= start + place) document += 1;
      const loss = losses[place - 1] ?? Number.NaN;
      this.#sums[document] = (this.#sums[document] ?? 0) + loss;
      this.#counts[document] = (this.#counts[document] ?? 0) + 1;
      this.#sumsAt[place] = (this.#sumsAt[place] ?? 0) + loss;
      this.#countsAt[place] = (this.#countsAt[place] ?? 0) + 1;
    }
  }

  /** Of each document of which a token was predicted. */
  byDocument(): Part[] {
    return Array.from(this.#sums, (sum, document) => ({ sum, count: this.#counts[document] ?? 0 })).filter(
      ({ count }) => count > 0,
    );
  }

  byPosition(bins: number): PositionLoss[] {
    const places = this.#sumsAt.length - 1;
    const used = Math.min(bins, places);
    return Array.from({ length: used }, (_, bin) => {
      const from = 1 + Math.floor((bin * places) / used);
      const to = Math.floor(((bin + 1) * places) / used);
      const tokens = total(this.#countsAt.subarray(from, to + 1));
      return { from, to, loss: total(this.#sumsAt.subarray(from, to + 1)) / tokens, tokens };
    }).filter(({ tokens }) => tokens > 0);
  }
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

/** The losses of a batch, [batch, length - 1]; rows without a window have no meaning. */
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
    values.set(sequence.read(start, length), row * length);
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

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
