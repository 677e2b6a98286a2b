// How long segments are and how many a sequence holds: what Figure 1 counts, for any text, tokenizer and
// separators. One document at a time is in memory.

import { linearRegression } from 'simple-statistics';
import { Histogram } from '../base/histogram';
import { type TextDocument } from '../data/sources/source';
import { type Tokenizer } from '../data/tokenizers/tokenizer';
import { segmentLengths } from '../segment/lengths';

/** Segments of at most this many tokens less one are what the paper's caption calls most of them. */
export const shortSegment = 50;

/** Quantiles that describe a distribution in a table or a band. */
export interface Quantiles {
  readonly p5: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
}

/** A distribution of whole numbers: exact, and in summary. */
export interface Distribution extends Quantiles {
  readonly total: number;
  readonly mean: number;
  /** Distinct values and how often each occurred. */
  readonly histogram: readonly (readonly [value: number, count: number])[];
}

/** The sequences of one length, cut from the documents without overlap; a document's rest is dropped. */
export interface SequenceStatistics {
  /** Tokens. */
  readonly sequenceLength: number;
  readonly sequences: number;
  readonly tokensPerSegment: Distribution;
  readonly segmentsPerSequence: Distribution;
  /** Share of segments shorter than `shortSegment` tokens, 0 to 1. */
  readonly shareShort: number;
}

/** A body of text under one set of separators. */
export interface SegmentStatistics {
  readonly separators: string;
  /** Whole documents. */
  readonly tokensPerSegment: Distribution;
  readonly shareShort: number;
  /** In order of length; lengths that no document reaches are absent. */
  readonly sequences: readonly SequenceStatistics[];
  /**
   * Exponent a of `segments = c * length^a`, fitted by least squares to the logarithms of the medians; null with
   * fewer than three lengths.
   */
  readonly growthExponent: number | null;
}

/** What was read. */
export interface TextStatistics {
  readonly documents: number;
  readonly tokens: number;
  readonly longestDocument: number;
  readonly bySeparators: readonly SegmentStatistics[];
}

/** What to count. */
export interface SegmentMeasurement {
  readonly tokenizer: Tokenizer;
  /** Sets of separator ids by name. */
  readonly separators: ReadonlyMap<string, readonly number[]>;
  /** Tokens, ascending. */
  readonly sequenceLengths: readonly number[];
  /** Reading stops when so many tokens are reached; the last document is cut there. */
  readonly maxTokens: number;
  /** Called with the number of tokens read so far. */
  readonly onProgress?: (tokens: number) => void;
}

class Accumulator {
  readonly lengths = new Histogram();
  readonly perSequence: Map<number, { lengths: Histogram; counts: Histogram }>;

  constructor(
    readonly separators: readonly number[],
    sequenceLengths: readonly number[],
  ) {
    this.perSequence = new Map(
      sequenceLengths.map((length) => [length, { lengths: new Histogram(), counts: new Histogram() }]),
    );
  }

  add(ids: Int32Array): void {
    const segments = segmentLengths(ids, this.separators);
    this.lengths.addAll(segments);
    for (const [sequenceLength, { lengths, counts }] of this.perSequence) {
      cutIntoSequences(segments, ids.length, sequenceLength, lengths, counts);
    }
  }
}

/**
 * The segments of each whole sequence of a document. A sequence starts a segment of its own, as positions do in a
 * model: a segment that crosses its start or end is cut there.
 */
function cutIntoSequences(
  segments: Int32Array,
  tokens: number,
  sequenceLength: number,
  lengths: Histogram,
  counts: Histogram,
): void {
  let sequencesLeft = Math.floor(tokens / sequenceLength);
  let room = sequenceLength;
  let pieces = 0;
  for (const segment of segments) {
    for (let left = segment; left > 0;) {
      if (sequencesLeft === 0) return;
      const piece = Math.min(left, room);
      lengths.add(piece);
      pieces += 1;
      left -= piece;
      room -= piece;
      if (room > 0) continue;
      counts.add(pieces);
      pieces = 0;
      room = sequenceLength;
      sequencesLeft -= 1;
    }
  }
}

/** Counts segments in the documents, in the order in which they come. */
export async function measureSegments(
  documents: AsyncIterable<TextDocument>,
  measurement: SegmentMeasurement,
): Promise<TextStatistics> {
  const accumulators = [...measurement.separators].map(
    ([name, ids]) => [name, new Accumulator(ids, measurement.sequenceLengths)] as const,
  );
  let [count, tokens, longestDocument] = [0, 0, 0];
  for await (const document of documents) {
    const ids = measurement.tokenizer.encode(document.text).subarray(0, measurement.maxTokens - tokens);
    for (const [, accumulator] of accumulators) accumulator.add(ids);
    count += 1;
    tokens += ids.length;
    longestDocument = Math.max(longestDocument, ids.length);
    measurement.onProgress?.(tokens);
    if (tokens >= measurement.maxTokens) break;
  }
  return {
    documents: count,
    tokens,
    longestDocument,
    bySeparators: accumulators.map(([name, accumulator]) => summarise(name, accumulator)),
  };
}

function summarise(separators: string, accumulator: Accumulator): SegmentStatistics {
  const sequences = [...accumulator.perSequence]
    .filter(([, { counts }]) => counts.total > 0)
    .map(([sequenceLength, { lengths, counts }]) => ({
      sequenceLength,
      sequences: counts.total,
      tokensPerSegment: distribution(lengths),
      segmentsPerSequence: distribution(counts),
      shareShort: lengths.shareBelow(shortSegment),
    }));
  return {
    separators,
    tokensPerSegment: distribution(accumulator.lengths),
    shareShort: accumulator.lengths.shareBelow(shortSegment),
    sequences,
    growthExponent: growthExponent(
      sequences.map((entry) => [entry.sequenceLength, entry.segmentsPerSequence.median]),
    ),
  };
}

function distribution(histogram: Histogram): Distribution {
  return {
    total: histogram.total,
    mean: histogram.mean,
    p5: histogram.quantile(0.05),
    p25: histogram.quantile(0.25),
    median: histogram.quantile(0.5),
    p75: histogram.quantile(0.75),
    p95: histogram.quantile(0.95),
    max: histogram.quantile(1),
    histogram: histogram.pairs,
  };
}

/** The slope of log(count) over log(length); null with fewer than three points. */
export function growthExponent(points: readonly (readonly [length: number, count: number])[]): number | null {
  if (points.length < 3) return null;
  return linearRegression(points.map(([length, count]) => [Math.log(length), Math.log(count)])).m;
}
