// The measures of a model's attention with their intervals over documents, and comparisons of
// models on the same documents.

import { present } from '../../../base/present';
import { type Interval } from '../../../base/statistics';
import { Random } from '../../../engine/random/random';
import {
  type AttentionBins,
  type AttentionMass,
  meanMass,
  type SequenceAttention,
} from '../../../evaluate/attention-mass';
import { studentizedInterval } from '../../../evaluate/intervals';

/** The settings that the measures depend on. */
export interface MeasureSettings {
  /** Tokens of a training block. */
  readonly trainLength: number;
  readonly bins: AttentionBins;
}

/** The measures of a model, each one number with its interval over documents. */
export const measureNames = ['moved', 'far', 'samePlace'] as const;

/**
 * - `moved`: the share of mass that lies elsewhere with the longest context than with that of
 *   training, by segment distance and on the first token (total variation), in the mean over heads;
 * - `far`: the share of mass on tokens farther back than any of training, with the longest context;
 * - `samePlace`: share of attention to earlier segments that lands on the query's own place there,
 *   relative to uniform attention, over all heads, with the context of training.
 */
export type MeasureName = (typeof measureNames)[number];

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

/** A model that can be compared on the same documents. */
export interface Comparable {
  readonly name: string;
  readonly documents: number;
  readonly statistics: Readonly<Record<MeasureName, Statistic>>;
}

/**
 * A model, or evenly spread attention, for comparisons.
 *
 * @param contexts [contexts][documents], from the shortest
 */
export function comparable(
  name: string,
  contexts: readonly (readonly SequenceAttention[])[],
  settings: MeasureSettings,
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

/** Compares two on the same documents: the first with so many times the second. */
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

/**
 * Mass on segments before the query's own, and how much of it is on the query's own place there.
 */
interface EarlierMass {
  readonly all: number;
  readonly same: number;
}

/** Of attention, or of evenly spread attention. */
export function earlierMass(mass: Pick<AttentionMass, 'joint'>): EarlierMass {
  const byOffset = earlierByOffset(mass);
  return { all: sum(byOffset), same: present(byOffset[(byOffset.length - 1) / 2], 'offset 0') };
}

/** Mass on segments before the query's own by offset, from the least. */
function earlierByOffset({ joint }: Pick<AttentionMass, 'joint'>): number[] {
  return present(joint[0], 'a segment').map((_, offset) =>
    sum(joint.slice(1).map((row) => present(row[offset], 'an offset'))),
  );
}

/** The share on the query's own place, relative to evenly spread attention. */
export function samePlace(mass: EarlierMass, uniform: EarlierMass): number {
  return mass.same / mass.all / (uniform.same / uniform.all);
}

/**
 * Preference of a model for places of earlier segments: `samePlace` for each offset from the least,
 * not only for 0.
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
  { trainLength, bins: { distances } }: MeasureSettings,
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
