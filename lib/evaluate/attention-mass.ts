// Distribution of attention: the mass of a query's attention on keys by the distance of their
// segment, by their place inside their segment relative to the query's (the two levels of a bilevel
// encoding), and by the distance in tokens. Segments are those of given separators for any
// encoding, so that models of one and of two levels are measured alike. Weights become sums chunk
// by chunk.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { attentionWeights } from '../model/attention';
import { type Decoder } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';
import { watchAttention } from '../model/watch-attention';
import { type Span } from '../positional/encoding';
import { chunksOf } from '../positional/spans';
import { nestedPositions } from '../segment/levels';

/** Groups of keys that are counted together. */
export interface AttentionBins {
  /**
   * Number of segment distances with a group of their own, from 0, the query's own segment; larger
   * ones share one more group.
   */
  readonly segments: number;
  /**
   * Largest offset with a group of its own in both directions: the key's place in its segment minus
   * the query's in its own; the outermost groups include everything beyond.
   */
  readonly offsets: number;
  /**
   * Number of places in a segment with a group of their own, from 0; larger ones share one more
   * group.
   */
  readonly places: number;
  /**
   * Smallest token distance of each group but the first, which is the token itself: ascending, from
   * 1.
   */
  readonly distances: readonly number[];
}

/** Bins for text in sentences; distances by powers of two. */
export const defaultAttentionBins: AttentionBins = {
  segments: 16,
  offsets: 16,
  places: 48,
  distances: Array.from({ length: 14 }, (_, power) => 2 ** power),
};

/** Options of a measurement. */
export interface AttentionMassOptions {
  /** Ids that end a segment, for any encoding. */
  readonly separators: readonly number[];
  /** Queries to measure; default: every token. */
  readonly queries?: Span;
  readonly bins?: AttentionBins;
  /** Queries of a chunk; default 64. */
  readonly queryChunk?: number;
  /** Positions of a randomized encoding: [time or more] int32. */
  readonly drawnPositions?: tf.Tensor1D;
}

/**
 * Distribution of the attention of some queries: shares of a query's mass, averaged over queries.
 * The first token of a sequence, on which models park unused attention, is counted separately:
 * `first` and any one of the lists sum to 1.
 */
export interface AttentionMass {
  /** Share on the sequence's first token. */
  readonly first: number;
  /** Share on tokens that end a segment, without the first token. */
  readonly separators: number;
  /** Shares by the segment's distance. */
  readonly bySegment: readonly number[];
  /** Shares by the segment's distance and, within it, by the offset from -offsets to offsets. */
  readonly joint: readonly (readonly number[])[];
  /** Shares by the distance in tokens, in groups. */
  readonly byDistance: readonly number[];
  /** Shares by the key's place in its segment. */
  readonly byPlace: readonly number[];
  /** Entropy of all weights, the first token's included, in nats. */
  readonly entropy: number;
  /** Sum of weight x distance in tokens, without the first token; see `meanDistance`. */
  readonly reach: number;
}

/** Attention in one sequence. */
export interface SequenceAttention {
  /** Distribution of each head, [layers][heads]. */
  readonly heads: readonly (readonly AttentionMass[])[];
  /**
   * Distribution of uniform attention over all visible keys: the effect of the text and the bins
   * alone.
   */
  readonly uniform: AttentionMass;
}

/**
 * Measures attention over a batch of sequences.
 *
 * @param parameters stay the caller's
 * @param ids        [batch, time] int32
 * @returns one for each sequence
 * @throws ConfigError if there are no queries, or bins make no sense
 */
export async function attentionMass(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: tf.Tensor2D,
  options: AttentionMassOptions,
): Promise<SequenceAttention[]> {
  const [batch, time] = ids.shape;
  const { separators, bins = defaultAttentionBins, queryChunk = 64, drawnPositions } = options;
  const { queries = { start: 0, end: time } } = options;
  checkMeasure(queries, time, bins);
  const sums = tf.tidy(() => {
    const places = placesOf(ids, separators);
    const summed = (weights: tf.Tensor4D, chunk: Span): tf.Tensor3D =>
      chunkSums(weights, chunk, places, bins);
    const watched = { queries, queryChunk, ...(drawnPositions && { drawnPositions }) };
    const layers = watchAttention(decoder, parameters, ids, summed, watched);
    const uniform = chunksOf(queries, queryChunk).map((chunk) =>
      tf.tidy(() => summed(uniformWeights(decoder, [batch, time], chunk), chunk)),
    );
    return tf.concat(
      [...layers, uniform].map((chunks) => tf.addN(chunks)),
      1,
    );
  });
  try {
    const values = (await sums.data()) as Float32Array;
    return sequencesOf(values, batch, queries.end - queries.start, decoder, bins);
  } finally {
    sums.dispose();
  }
}

/** Measures sequences of any lengths, one after another. */
export async function attentionMassOfEach(
  decoder: Decoder,
  parameters: ModelParameters,
  sequences: readonly Int32Array[],
  options: Omit<AttentionMassOptions, 'queries'>,
): Promise<SequenceAttention[]> {
  const found: SequenceAttention[] = [];
  for (const values of sequences) {
    const ids = tf.tensor2d(values, [1, values.length], 'int32');
    try {
      found.push(...(await attentionMass(decoder, parameters, ids, options)));
    } finally {
      ids.dispose();
    }
  }
  return found;
}

/** The mean of several sequences or heads with equally many queries. */
export function meanMass(masses: readonly AttentionMass[]): AttentionMass {
  const mean = (numbers: (mass: AttentionMass) => number): number =>
    masses.reduce((sum, mass) => sum + numbers(mass), 0) / masses.length;
  const means = (list: (mass: AttentionMass) => readonly number[]): number[] =>
    Array.from({ length: list(present(masses[0], 'a mass')).length }, (_, index) =>
      mean((mass) => list(mass)[index] ?? Number.NaN),
    );
  return {
    first: mean(({ first }) => first),
    separators: mean((mass) => mass.separators),
    bySegment: means(({ bySegment }) => bySegment),
    joint: (masses[0]?.joint ?? []).map((_, segment) => means(({ joint }) => joint[segment] ?? [])),
    byDistance: means(({ byDistance }) => byDistance),
    byPlace: means(({ byPlace }) => byPlace),
    entropy: mean(({ entropy }) => entropy),
    reach: mean(({ reach }) => reach),
  };
}

/**
 * Mean distance in tokens from queries to keys, over attention outside the first token; 0 if there
 * is none.
 */
export function meanDistance({ reach, first }: Pick<AttentionMass, 'reach' | 'first'>): number {
  return first < 1 ? reach / (1 - first) : 0;
}

/**
 * The total variation between two distributions by segment distance and on the first token: the
 * smallest share of mass to move to make them equal, from 0 to 1.
 */
export function totalVariation(
  one: Pick<AttentionMass, 'first' | 'bySegment'>,
  other: Pick<AttentionMass, 'first' | 'bySegment'>,
): number {
  const apart = one.bySegment.reduce(
    (sum, share, segment) => sum + Math.abs(share - (other.bySegment[segment] ?? Number.NaN)),
    Math.abs(one.first - other.first),
  );
  return apart / 2;
}

function checkMeasure({ start, end }: Span, time: number, bins: AttentionBins): void {
  if (!(start >= 0 && start < end && end <= time))
    throw new ConfigError(`queries ${start} to ${end}: give a part of the ${time} tokens of a sequence`);
  const { segments, offsets, places, distances } = bins;
  const counts = { segments, offsets, places };
  for (const [name, value] of Object.entries(counts))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`bins.${name} ${value}: must be an integer above 0`);
  distances.forEach((distance, index) => {
    if (distance <= (distances[index - 1] ?? 0))
      throw new ConfigError(`bins.distances ${distance}: must be above ${distances[index - 1] ?? 0}`);
  });
}

/** Places of the tokens of sequences, each [batch, time] float32. */
interface Places {
  /** Place in the segment. */
  readonly intra: tf.Tensor2D;
  readonly segment: tf.Tensor2D;
  /** 1 where a token ends its segment. */
  readonly ends: tf.Tensor2D;
}

function placesOf(ids: tf.Tensor2D, separators: readonly number[]): Places {
  const [batch, time] = ids.shape;
  // One token more, with any id: if its segment differs from that of the token before, that token
  // has ended a segment.
  const longer = tf.pad2d(ids, [
    [0, 0],
    [0, 1],
  ]);
  const [intra, segment] = nestedPositions(longer, [separators]).map((level) => level.toFloat()) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const own = segment.slice([0, 0], [batch, time]);
  const ends = tf.sub<tf.Tensor2D>(segment.slice([0, 1], [batch, time]), own);
  return { intra: intra.slice([0, 0], [batch, time]), segment: own, ends };
}

/** Uniform weights over all keys that a query sees: [batch, 1, queries, keys]. */
function uniformWeights(
  { architecture: { window } }: Decoder,
  [batch, time]: readonly [number, number],
  queries: Span,
): tf.Tensor4D {
  const alike = tf.zeros<tf.Rank.R4>([batch, 1, time, 1]);
  return attentionWeights({ queries: alike, keys: alike }, queries, { window });
}

/** Number of cells of each list, in the order of their sums; four single numbers follow. */
function cellsOf({ segments, offsets, places, distances }: AttentionBins): [number, number, number] {
  return [(segments + 1) * (2 * offsets + 1), distances.length + 1, places + 1];
}

/** Weights below this are ignored in the entropy. */
const leastWeight = 1e-30;

/**
 * Sums over the queries of a chunk.
 *
 * @param weights [batch, heads, queries, keys]
 * @returns [batch, heads, statistics]: the cells of `cellsOf`, then first, separators, entropy and
 *   reach
 */
function chunkSums(weights: tf.Tensor4D, chunk: Span, places: Places, bins: AttentionBins): tf.Tensor3D {
  const [batch, heads, queries, keys] = weights.shape;
  const [jointCells, distanceCells, placeCells] = cellsOf(bins);
  const upTo = (x: tf.Tensor2D): tf.Tensor2D => x.slice([0, 0], [batch, keys]);
  const back = tokensBack(chunk, keys);
  const rest = tf.mul<tf.Tensor4D>(weights, tf.minimum(tf.range(0, keys), 1));
  const flat = rest.reshape<tf.Tensor3D>([batch, heads, queries * keys]);
  const byKey = tf.sum<tf.Tensor3D>(rest, 2);
  const single = (x: tf.Tensor): tf.Tensor3D => x.reshape([batch, heads, 1]);
  return tf.concat(
    [
      sumByCell(flat, jointCell(places, chunk, keys, bins), jointCells),
      sumByCell(flat, distanceCell(back, bins), distanceCells),
      sumByCell(byKey, tf.minimum(upTo(places.intra), bins.places), placeCells),
      single(tf.sum(weights.slice([0, 0, 0, 0], [batch, heads, queries, 1]), [2, 3])),
      single(tf.sum(tf.mul(byKey, upTo(places.ends).expandDims(1)), 2)),
      single(tf.neg(tf.sum(tf.mul(weights, tf.log(tf.maximum(weights, leastWeight))), [2, 3]))),
      single(tf.sum(tf.mul(rest, back), [2, 3])),
    ],
    2,
  );
}

/**
 * The distance in tokens of each key before each query; 0 for later keys, which have no weight:
 * [queries, keys].
 */
function tokensBack({ start, end }: Span, keys: number): tf.Tensor2D {
  return tf.relu(tf.sub<tf.Tensor2D>(tf.range(start, end).expandDims(1), tf.range(0, keys)));
}

/** The cell of each query and key, by segment distance and offset: [batch, queries x keys]. */
function jointCell(
  { intra, segment }: Places,
  { start, end }: Span,
  keys: number,
  { segments, offsets }: AttentionBins,
): tf.Tensor2D {
  const [batch] = intra.shape;
  /** Keys minus queries: [batch, queries, keys] */
  const difference = (x: tf.Tensor2D): tf.Tensor =>
    tf.sub(
      x.slice([0, 0], [batch, keys]).expandDims(1),
      x.slice([0, start], [batch, end - start]).expandDims(2),
    );
  const segmentsBack = tf.clipByValue(tf.neg(difference(segment)), 0, segments);
  const offset = tf.clipByValue(difference(intra), -offsets, offsets);
  const cell = tf.add(tf.mul(segmentsBack, 2 * offsets + 1), tf.add(offset, offsets));
  return cell.reshape([batch, (end - start) * keys]);
}

/** The group of each query and key by their distance: [1, queries x keys]. */
function distanceCell(back: tf.Tensor2D, { distances }: AttentionBins): tf.Tensor2D {
  const passed = tf.greaterEqual(back.expandDims(2), tf.tensor1d([...distances]));
  return tf.sum(passed.toFloat(), 2).reshape([1, back.size]);
}

/**
 * Sums of values by their cell.
 *
 * @param values [batch, heads, n]
 * @param cells  [batch or 1, n], whole numbers below `count`
 * @returns [batch, heads, count]
 */
function sumByCell(values: tf.Tensor3D, cells: tf.Tensor2D, count: number): tf.Tensor3D {
  const [batch, heads] = values.shape;
  const rows = tf
    .range(0, batch * heads)
    .mul(count)
    .reshape([batch, heads, 1]);
  const ids: tf.Tensor1D = tf.add(rows, cells.expandDims(1)).toInt().reshape([-1]);
  return tf
    .unsortedSegmentSum(values.reshape([-1]), ids, batch * heads * count)
    .reshape([batch, heads, count]);
}

/** Means from sums [batch, layers x heads and the uniform one, statistics]. */
function sequencesOf(
  sums: Float32Array,
  batch: number,
  queries: number,
  { architecture: { numLayers, numHeads } }: Decoder,
  bins: AttentionBins,
): SequenceAttention[] {
  const width = sums.length / (batch * (numLayers * numHeads + 1));
  const massAt = (row: number): AttentionMass =>
    massOf(
      Array.from(sums.subarray(row * width, (row + 1) * width), (sum) => sum / queries),
      bins,
    );
  return Array.from({ length: batch }, (_, sequence) => {
    const row = sequence * (numLayers * numHeads + 1);
    return {
      heads: Array.from({ length: numLayers }, (__, layer) =>
        Array.from({ length: numHeads }, (___, head) => massAt(row + layer * numHeads + head)),
      ),
      uniform: massAt(row + numLayers * numHeads),
    };
  });
}

function massOf(means: readonly number[], bins: AttentionBins): AttentionMass {
  const [jointCells, distanceCells, placeCells] = cellsOf(bins);
  const across = 2 * bins.offsets + 1;
  const joint = Array.from({ length: bins.segments + 1 }, (_, segment) =>
    means.slice(segment * across, (segment + 1) * across),
  );
  const [first = 0, separators = 0, entropy = 0, reach = 0] = means.slice(-4);
  return {
    first,
    separators,
    bySegment: joint.map((row) => row.reduce((sum, mass) => sum + mass, 0)),
    joint,
    byDistance: means.slice(jointCells, jointCells + distanceCells),
    byPlace: means.slice(jointCells + distanceCells, jointCells + distanceCells + placeCells),
    entropy,
    reach,
  };
}
