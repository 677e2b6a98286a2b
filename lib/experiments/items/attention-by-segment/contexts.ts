// The attention of one model over documents, each query read with less and with more text before
// it: as much as in training, and several times that. The queries are the same tokens every time,
// so what differs is what the longer context does to them. What is said of a model comes with an
// interval over documents, and models are compared on the same ones.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../../../base/errors';
import { heedStop } from '../../../base/interrupt';
import { present } from '../../../base/present';
import { type Reporter } from '../../../base/progress';
import { type Interval } from '../../../base/statistics';
import { Random } from '../../../engine/random/random';
import {
  type AttentionBins,
  type AttentionMass,
  attentionMass,
  meanMass,
  type SequenceAttention,
} from '../../../evaluate/attention-mass';
import { studentizedInterval } from '../../../evaluate/intervals';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';

/** What all models of a comparison are looked at with. */
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
   * How many times as much of the mass on earlier segments lies on the query's own place there as
   * of evenly spread mass.
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

/** What is said of a model in one number each, with its interval over documents. */
export const measureNames = ['moved', 'far', 'samePlace'] as const;

/**
 * - `moved`: the share of mass that lies elsewhere with the longest context than with that of
 *   training, by segment distance and on the first token (total variation), in the mean over heads;
 * - `far`: the share of mass on tokens farther back than any of training, with the longest context;
 * - `samePlace`: see `HeadAttention`, over all heads, with the context of training.
 */
export type MeasureName = (typeof measureNames)[number];

/** One model. */
export interface ModelAttention {
  readonly encoding: string;
  /** One for each context. */
  readonly contexts: readonly ContextAttention[];
  readonly measures: Measures;
}

/** All measures of a model, or of evenly spread attention. */
export type Measures = Readonly<Record<MeasureName, MeasuredInterval>>;

/**
 * A number with its 95 % interval over documents (`studentizedInterval`); null where the documents
 * are too few to have one.
 */
export type MeasuredInterval = Interval | null;

/** Evenly spread attention, where a model may be named. */
export const evenlySpread = 'evenly spread';

/** How much more of a measure one model has than another, or than evenly spread attention. */
export interface MeasureDifference {
  readonly measure: MeasureName;
  readonly first: string;
  readonly second: string;
  /** How many times the second's the first's is compared with. */
  readonly times: number;
  /** The first's less so many times the second's, on the same documents. */
  readonly difference: MeasuredInterval;
}

/**
 * A number of a sample of documents, and how much each of them, by itself, pulls it away: in sum 0,
 * to first order.
 */
interface Sampled {
  readonly value: number;
  /** [documents of the sample] */
  readonly pulls: Float64Array;
}

/** A number of a sample of documents, given by their places. */
type Statistic = (documents: Int32Array) => Sampled;

/** What can be compared on the same documents. */
export interface Comparable {
  readonly name: string;
  readonly documents: number;
  readonly statistics: Readonly<Record<MeasureName, Statistic>>;
}

/** A model that has been looked at. */
export interface ContextMeasurement extends Comparable {
  readonly model: ModelAttention;
  /** What evenly spread attention comes to: the same for all models. */
  readonly evenly: Comparable;
}

/** Tokens that are computed at once. */
const tokensAtOnce = 4096;

/**
 * How many queries are looked at in a document: those of the second half of a training block, which
 * have all of the other half before them.
 */
export function queriesOf({ trainLength }: Pick<ContextSettings, 'trainLength'>): number {
  return Math.floor(trainLength / 2);
}

/**
 * Looks at a model.
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

function comparable(
  name: string,
  contexts: readonly (readonly SequenceAttention[])[],
  settings: ContextSettings,
): Comparable {
  const [short, long] = [present(contexts[0], 'context'), present(contexts.at(-1), 'context')];
  return {
    name,
    documents: short.length,
    statistics: {
      moved: movedStatistic(short, long),
      far: farStatistic(long, settings),
      samePlace: samePlaceStatistic(short),
    },
  };
}

/** The measures with their intervals. */
export function measuresOf({ statistics, documents }: Comparable): Measures {
  const { moved, far, samePlace } = statistics;
  return {
    moved: atLeast0(overDocuments(moved, documents)),
    far: atLeast0(overDocuments(far, documents)),
    samePlace: overDocuments(samePlace, documents),
  };
}

/** Compares what was looked at on the same documents: the first with so many times the second. */
export function measureDifference(
  measure: MeasureName,
  first: Comparable,
  second: Comparable,
  times = 1,
): MeasureDifference {
  const [one, other] = [first.statistics[measure], second.statistics[measure]];
  return {
    measure,
    first: first.name,
    second: second.name,
    times,
    difference: overDocuments((places) => difference(one(places), other(places), times), first.documents),
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

/**
 * Mass on segments before the query's own, and how much of it is on the query's own place there.
 */
interface EarlierMass {
  readonly all: number;
  readonly same: number;
}

function earlierMass(mass: Pick<AttentionMass, 'joint'>): EarlierMass {
  const byOffset = earlierByOffset(mass);
  return { all: sum(byOffset), same: present(byOffset[(byOffset.length - 1) / 2], 'offset 0') };
}

/** Mass on segments before the query's own by offset, from the least. */
function earlierByOffset({ joint }: Pick<AttentionMass, 'joint'>): number[] {
  return present(joint[0], 'a segment').map((_, offset) =>
    sum(joint.slice(1).map((row) => present(row[offset], 'an offset'))),
  );
}

function samePlace(mass: EarlierMass, uniform: EarlierMass): number {
  return mass.same / mass.all / (uniform.same / uniform.all);
}

/**
 * Which places of earlier segments a model prefers: `samePlace` for each offset from the least, not
 * only for 0.
 *
 * @returns null where there is no key
 */
export function placePreference(
  mass: Pick<AttentionMass, 'joint'>,
  uniform: Pick<AttentionMass, 'joint'>,
): (number | null)[] {
  const [own, even] = [earlierByOffset(mass), earlierByOffset(uniform)];
  const [all, evenAll] = [sum(own), sum(even)];
  return own.map((same, offset) => {
    const evenSame = even[offset] ?? 0;
    return evenSame > 0 ? samePlace({ all, same }, { all: evenAll, same: evenSame }) : null;
  });
}

function movedStatistic(short: readonly SequenceAttention[], long: readonly SequenceAttention[]): Statistic {
  const heads = short[0]?.heads.flat().length ?? 0;
  const goes = ({ heads: layers }: SequenceAttention): Float64Array =>
    Float64Array.from(layers.flat().flatMap(({ first, bySegment }) => [first, ...bySegment]));
  const gains = long.map((sequence, document) => {
    const before = goes(present(short[document], 'sequence'));
    return goes(sequence).map((share, index) => share - (before[index] ?? Number.NaN));
  });
  return (documents) => {
    const gain = new Float64Array(gains[0]?.length ?? 0);
    for (const document of documents)
      gains[document]?.forEach((share, cell) => {
        gain[cell] = (gain[cell] ?? 0) + share / documents.length;
      });
    const halves = 2 * heads;
    const own = Array.from(documents, (document) =>
      (gains[document] ?? gain).reduce((total, share, cell) => total + Math.sign(gain[cell] ?? 0) * share, 0),
    );
    const apart = gain.reduce((total, share) => total + Math.abs(share), 0);
    return {
      value: apart / halves,
      pulls: Float64Array.from(own, (one) => (one - apart) / (halves * documents.length)),
    };
  };
}

function farStatistic(
  long: readonly SequenceAttention[],
  { trainLength, bins: { distances } }: ContextSettings,
): Statistic {
  const near = distances.filter((least) => least < trainLength).length + 1;
  const shares = long.map(({ heads }) =>
    average(heads.flat().map(({ byDistance }) => sum(byDistance.slice(near)))),
  );
  return (documents) => {
    const own = Array.from(documents, (document) => shares[document] ?? Number.NaN);
    const value = average(own);
    return { value, pulls: Float64Array.from(own, (share) => (share - value) / own.length) };
  };
}

function samePlaceStatistic(short: readonly SequenceAttention[]): Statistic {
  const masses = short.map(({ heads, uniform }) => ({
    model: earlierMass(meanMass(heads.flat())),
    uniform: earlierMass(uniform),
  }));
  return (documents) => {
    const own = Array.from(documents, (document) => present(masses[document], 'document'));
    const total = (of: (mass: (typeof masses)[number]) => EarlierMass): EarlierMass => ({
      all: sum(own.map((mass) => of(mass).all)),
      same: sum(own.map((mass) => of(mass).same)),
    });
    const [model, uniform] = [total((mass) => mass.model), total((mass) => mass.uniform)];
    const value = samePlace(model, uniform);
    const pull = (mass: (typeof masses)[number]): number =>
      mass.model.same / model.same -
      mass.model.all / model.all -
      mass.uniform.same / uniform.same +
      mass.uniform.all / uniform.all;
    return { value, pulls: Float64Array.from(own, (mass) => value * pull(mass)) };
  };
}

/** The first less so many times the other, of the same documents. */
function difference(one: Sampled, other: Sampled, times: number): Sampled {
  return {
    value: one.value - times * other.value,
    pulls: one.pulls.map((pull, document) => pull - times * (other.pulls[document] ?? Number.NaN)),
  };
}

function overDocuments(statistic: Statistic, documents: number): MeasuredInterval {
  let unknown = 0;
  const known = (places: Int32Array): { mean: number; error: number } => {
    const { value, pulls } = statistic(places);
    const squares = pulls.reduce((total, pull) => total + pull * pull, 0);
    const error = Math.sqrt((squares * places.length) / (places.length - 1));
    if (Number.isFinite(value) && Number.isFinite(error)) return { mean: value, error };
    // Such as the share of a place that no earlier segment of these documents has.
    unknown += 1;
    return { mean: 0, error: 1 };
  };
  // The same draws for each statistic and model.
  const random = Random.fromSeed(0).fork('documents of attention');
  const interval = studentizedInterval(known, documents, { random, resamples: 1000 });
  if (interval === undefined || unknown > 0) return null;
  return { estimate: interval.mean, low: interval.low, high: interval.high };
}

/** A share is not below 0, however far its interval would reach. */
function atLeast0(interval: MeasuredInterval): MeasuredInterval {
  return interval && { ...interval, low: Math.max(0, interval.low) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function average(values: readonly number[]): number {
  return sum(values) / values.length;
}
