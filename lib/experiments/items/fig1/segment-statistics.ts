// How long segments are and how many a sequence holds: what Figure 1 counts, for any text,
// tokenizer and separators. One document at a time is in memory.

import { linearRegression } from 'simple-statistics';
import { Histogram } from '../../../base/histogram';
import { heedStop } from '../../../base/interrupt';
import { type TextDocument } from '../../../data/sources/source';
import { type Tokenizer } from '../../../data/tokenizers/tokenizer';
import { segmentLengths } from '../../../segment/lengths';

/**
 * Segments of at most this many tokens less one are what the paper's caption calls most of them.
 */
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

/**
 * The sequences of one length, cut without overlap from the long documents: those that reach the
 * longest length that any document reaches. So every length is measured on the same text, and a
 * difference between lengths is one of length. A document's rest is dropped.
 */
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
  /**
   * In order of length, all from the same long documents; lengths that no document reaches are
   * absent.
   */
  readonly sequences: readonly SequenceStatistics[];
  /**
   * Exponent a of `segments = c * length^a`, fitted by least squares to the logarithms of the
   * medians; null with fewer than three lengths.
   */
  readonly growthExponent: number | null;
}

/** What was read. */
export interface TextStatistics {
  readonly documents: number;
  readonly tokens: number;
  readonly longestDocument: number;
  /** How many documents `sequences` are cut from. */
  readonly longDocuments: number;
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

/** Lengths and counts of the segments of the sequences of one length. */
interface SequenceCounts {
  readonly lengths: Histogram;
  readonly counts: Histogram;
}

class Accumulator {
  readonly lengths = new Histogram();
  /** By the longest sequence length that a document reaches, then by sequence length. */
  private readonly byReach = new Map<number, Map<number, SequenceCounts>>();

  constructor(
    readonly separators: readonly number[],
    private readonly sequenceLengths: readonly number[],
  ) {}

  add(ids: Int32Array, reach: number): void {
    const segments = segmentLengths(ids, this.separators);
    this.lengths.addAll(segments);
    for (const [sequenceLength, { lengths, counts }] of this.countsOf(reach)) {
      cutIntoSequences(segments, ids.length, sequenceLength, lengths, counts);
    }
  }

  /** What was counted in documents of that reach. */
  countsOf(reach: number): Map<number, SequenceCounts> {
    let counts = this.byReach.get(reach);
    if (counts === undefined) {
      const reached = this.sequenceLengths.filter((length) => length <= reach);
      counts = new Map(
        reached.map((length) => [length, { lengths: new Histogram(), counts: new Histogram() }]),
      );
      this.byReach.set(reach, counts);
    }
    return counts;
  }
}

/**
 * The segments of each whole sequence of a document. A sequence starts a segment of its own, as
 * positions do in a model: a segment that crosses its start or end is cut there.
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
  const documentsByReach = new Histogram();
  for await (const document of documents) {
    await heedStop();
    const ids = measurement.tokenizer.encode(document.text).subarray(0, measurement.maxTokens - tokens);
    const reach = measurement.sequenceLengths.findLast((length) => length <= ids.length) ?? 0;
    documentsByReach.add(reach);
    for (const [, accumulator] of accumulators) accumulator.add(ids, reach);
    count += 1;
    tokens += ids.length;
    longestDocument = Math.max(longestDocument, ids.length);
    measurement.onProgress?.(tokens);
    if (tokens >= measurement.maxTokens) break;
  }
  const [longestReach, longDocuments] = documentsByReach.pairs.at(-1) ?? [0, 0];
  return {
    documents: count,
    tokens,
    longestDocument,
    longDocuments,
    bySeparators: accumulators.map(([name, accumulator]) => summarise(name, accumulator, longestReach)),
  };
}

function summarise(separators: string, accumulator: Accumulator, reach: number): SegmentStatistics {
  const sequences = [...accumulator.countsOf(reach)].map(([sequenceLength, { lengths, counts }]) => ({
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
