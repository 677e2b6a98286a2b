// The attention of one model over documents, each query read with less and with more text before
// it: as much as in training, and several times that. The queries are the same tokens every time,
// so any difference comes from the longer context.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../../../base/errors';
import { heedStop } from '../../../base/interrupt';
import { present } from '../../../base/present';
import { type Reporter } from '../../../base/progress';
import { Random } from '../../../engine/random/random';
import {
  type AttentionBins,
  type AttentionMass,
  attentionMass,
  meanMass,
  type SequenceAttention,
} from '../../../evaluate/attention-mass';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';
import {
  type Comparable,
  comparable,
  earlierMass,
  evenlySpread,
  type Measures,
  measuresOf,
  samePlace,
} from './statistics';

/** The settings that all models of a comparison are measured with. */
export interface ContextSettings {
  /** Tokens of a training block. */
  readonly trainLength: number;
  /** Contexts, as multiples of the training length: ascending, the first is 1. */
  readonly times: readonly number[];
  /** Token ids that end a segment. */
  readonly separators: readonly number[];
  readonly bins: AttentionBins;
}

/** One head, in the mean over documents. */
export interface HeadAttention extends Pick<AttentionMass, 'first' | 'bySegment' | 'byDistance'> {
  /**
   * Share of attention to earlier segments that lands on the query's own place there, relative to
   * uniform attention.
   */
  readonly samePlace: number;
}

/** One length of context, in the mean over documents. */
export interface ContextAttention {
  readonly times: number;
  /** Tokens read, the query's own included at the end. */
  readonly length: number;
  /** Over all layers and heads. */
  readonly mean: AttentionMass;
  /** Evenly spread attention, on the same queries and keys. */
  readonly uniform: AttentionMass;
  /** [layers][heads] */
  readonly heads: readonly (readonly HeadAttention[])[];
}

/** One model. */
export interface ModelAttention {
  readonly encoding: string;
  /** One for each context. */
  readonly contexts: readonly ContextAttention[];
  readonly measures: Measures;
}

/** A model that was measured. */
export interface ContextMeasurement extends Comparable {
  readonly model: ModelAttention;
  /** Evenly spread attention: the same for all models. */
  readonly evenly: Comparable;
}

/** Tokens that are computed at once. */
const tokensAtOnce = 4096;

/**
 * How many queries are measured in a document: those of the second half of a training block, which
 * have all of the other half before them.
 */
export function queriesOf({ trainLength }: Pick<ContextSettings, 'trainLength'>): number {
  return Math.floor(trainLength / 2);
}

/**
 * Measures a model.
 *
 * @param parameters stay the caller's
 * @param documents  token ids of each, as many as the longest context has
 * @throws ConfigError if there are none, or one is of another length
 */
export async function attentionInContexts(
  encoding: string,
  decoder: Decoder,
  parameters: ModelParameters,
  documents: readonly Int32Array[],
  settings: ContextSettings,
  reporter: Reporter,
): Promise<ContextMeasurement> {
  const { trainLength, times } = settings;
  checkDocuments(documents, trainLength * Math.max(...times));
  const task = reporter.task(`attention of ${encoding}`, times.length * documents.length, 'documents');
  const contexts: SequenceAttention[][] = [];
  for (const [index, factor] of times.entries())
    contexts.push(
      await attentionAt(decoder, parameters, documents, factor * trainLength, settings, (done) => {
        task.update(index * documents.length + done);
      }),
    );
  task.finish();
  const own = comparable(encoding, contexts, settings);
  return {
    ...own,
    model: {
      encoding,
      contexts: contexts.map((sequences, index) => contextOf(sequences, times[index] ?? 1, trainLength)),
      measures: measuresOf(own),
    },
    evenly: comparable(
      evenlySpread,
      contexts.map((sequences) => sequences.map(({ uniform }) => ({ heads: [[uniform]], uniform }))),
      settings,
    ),
  };
}

function checkDocuments(documents: readonly Int32Array[], length: number): void {
  if (documents.length === 0) throw new ConfigError(`attention: no document of ${length} tokens`);
  const odd = documents.find((ids) => ids.length !== length);
  if (odd !== undefined)
    throw new ConfigError(`attention: a document of ${odd.length} tokens; each must have ${length}`);
}

/** The documents' last queries, each document cut to its last `length` tokens. */
async function attentionAt(
  decoder: Decoder,
  parameters: ModelParameters,
  documents: readonly Int32Array[],
  length: number,
  settings: ContextSettings,
  onProgress: (documents: number) => void,
): Promise<SequenceAttention[]> {
  const { separators, bins } = settings;
  const queries = { start: length - queriesOf(settings), end: length };
  const atOnce = Math.max(1, Math.floor(tokensAtOnce / length));
  const random = Random.fromSeed(0).fork(`positions of attention at ${length}`);
  const found: SequenceAttention[] = [];
  for (let begin = 0; begin < documents.length; begin += atOnce) {
    await heedStop();
    const some = documents.slice(begin, begin + atOnce);
    const values = new Int32Array(some.length * length);
    some.forEach((ids, row) => {
      values.set(ids.subarray(ids.length - length), row * length);
    });
    const ids = tf.tensor2d(values, [some.length, length], 'int32');
    const drawn = decoder.encoding.drawPositions?.(length, () => random.uniform());
    const drawnPositions = drawn && { drawnPositions: tf.tensor1d(drawn, 'int32') };
    try {
      const options = { separators, bins, queries, ...drawnPositions };
      found.push(...(await attentionMass(decoder, parameters, ids, options)));
    } finally {
      tf.dispose([ids, { ...drawnPositions }]);
    }
    onProgress(found.length);
  }
  return found;
}

function contextOf(
  sequences: readonly SequenceAttention[],
  times: number,
  trainLength: number,
): ContextAttention {
  const uniform = meanMass(sequences.map((sequence) => sequence.uniform));
  const layers = present(sequences[0], 'sequence').heads;
  const heads = layers.map((layer, layerIndex) =>
    layer.map((_, head) =>
      meanMass(sequences.map((sequence) => present(sequence.heads[layerIndex]?.[head], 'head'))),
    ),
  );
  return rounded({
    times,
    length: times * trainLength,
    mean: meanMass(heads.flat()),
    uniform,
    heads: heads.map((layer) =>
      layer.map((mass) => ({
        first: mass.first,
        bySegment: mass.bySegment,
        byDistance: mass.byDistance,
        samePlace: samePlace(earlierMass(mass), earlierMass(uniform)),
      })),
    ),
  });
}

/**
 * The same with numbers of six digits, more than float32 sums are worth: what is stored is half as
 * long.
 */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return Number(value.toPrecision(6)) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rounded(inner)])) as T;
}
