// Summarizes a row's measurements: medians, ranges, ratios.

import { ConfigError } from '../../lib/base/errors';
import { quantiles } from '../../lib/base/statistics';
import { type BenchRow, flopsOf, type PeerWay, tokensOf } from './rows';

/** Our side, or a way of the peer. */
export type Way = 'ours' | PeerWay;

/** The measurements of one side. */
export interface WayMeasurement {
  readonly way: Way;
  /** Steps in one measurement. */
  readonly steps: number;
  /** Seconds a step, one for each pair. */
  readonly seconds: readonly number[];
  /** Peak physical memory of the process, bytes. */
  readonly peakBytes: number;
  /** The losses, which were compared before anything was timed. */
  readonly losses: readonly number[];
}

/** The measurements of a row. */
export interface RowMeasurement {
  readonly row: BenchRow;
  /** Ours first. */
  readonly ways: readonly WayMeasurement[];
  /** The peer's ways that failed to start, and why. */
  readonly missing: readonly { readonly way: PeerWay; readonly why: string }[];
}

/** The median of several numbers and their range. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Computes the median, the least and the greatest value.
 *
 * @throws ConfigError if there are no values or one is NaN
 */
export function spreadOf(values: readonly number[]): Spread {
  const [low = 0, median = 0, high = 0] = quantiles(values, [0, 0.5, 1]);
  return { median, low, high };
}

/**
 * Computes the ratio of two measurements made in alternation, one for each pair.
 *
 * @throws ConfigError if the numbers of measurements differ
 */
export function pairedRatio(over: readonly number[], under: readonly number[]): Spread {
  if (over.length !== under.length)
    throw new ConfigError(`${over.length} and ${under.length} measurements: give pairs`);
  return spreadOf(over.map((value, pair) => value / (under[pair] ?? Number.NaN)));
}

/** Operations a second of matrix products on this machine, by library; null without a peer. */
export interface MachinePeak {
  readonly ours: number;
  readonly pytorch: number | null;
}

/** The machine's peak: the products of the faster library. */
export function peakOf({ ours, pytorch }: MachinePeak): number {
  return Math.max(ours, pytorch ?? 0);
}

/** The summary of one side of a row. */
export interface WaySummary {
  readonly way: Way;
  readonly tokensPerSecond: Spread;
  readonly flopsPerSecond: number;
  /** Share of the machine's peak in float32. */
  readonly shareOfPeak: number;
  readonly peakBytes: number;
}

/** The summary of a row; null where there is nothing to compare with. */
export interface RowSummary {
  readonly row: BenchRow;
  readonly ours: WaySummary;
  readonly peers: readonly WaySummary[];
  /** PyTorch's fastest way except `plain`. `speed` is the ratio to it. */
  readonly fastest: WaySummary | null;
  readonly speed: Spread | null;
  readonly overPlain: Spread | null;
  /** The least memory of PyTorch's ways except `plain`. `memory` is the ratio to it. */
  readonly leanestBytes: number | null;
  readonly memory: number | null;
  /** Whether all targets of the row hold; null if it has none or they cannot be judged. */
  readonly holds: boolean | null;
}

/** Summarizes a row. PyTorch's best is its fastest way for speed, and its leanest for memory. */
export function summarize({ row, ways }: RowMeasurement, peak: MachinePeak): RowSummary {
  const [ours, ...others] = ways;
  if (ours?.way !== 'ours') throw new Error(`row ${row.name} has no measurement of ours`);
  const summaries = others.map((one) => summarizeWay(row, one, peak));
  const fused = summaries.filter(({ way }) => way !== 'plain');
  const fastest = fused.toSorted((a, b) => b.tokensPerSecond.median - a.tokensPerSecond.median).at(0) ?? null;
  const ratioTo = (way: Way | undefined): Spread | null => {
    const other = others.find((one) => one.way === way);
    return other === undefined ? null : pairedRatio(other.seconds, ours.seconds);
  };
  const leanestBytes = fused.length === 0 ? null : Math.min(...fused.map(({ peakBytes }) => peakBytes));
  const speed = ratioTo(fastest?.way);
  const overPlain = ratioTo('plain');
  const memory = leanestBytes === null ? null : ours.peakBytes / leanestBytes;
  return {
    row,
    ours: summarizeWay(row, ours, peak),
    peers: summaries,
    fastest,
    speed,
    overPlain,
    leanestBytes,
    memory,
    holds: judge(row, { speed, overPlain, memory }),
  };
}

function summarizeWay(
  row: BenchRow,
  { way, seconds, peakBytes }: WayMeasurement,
  peak: MachinePeak,
): WaySummary {
  const tokensPerSecond = spreadOf(seconds.map((each) => tokensOf(row.work) / each));
  const flopsPerSecond = flopsOf(row.work) / spreadOf(seconds).median;
  return { way, tokensPerSecond, flopsPerSecond, shareOfPeak: flopsPerSecond / peakOf(peak), peakBytes };
}

function judge(
  { target }: BenchRow,
  { speed, overPlain, memory }: Pick<RowSummary, 'speed' | 'overPlain' | 'memory'>,
): boolean | null {
  const verdicts = [
    target.speed === undefined ? undefined : speed && speed.median >= target.speed,
    target.overPlain === undefined ? undefined : overPlain && overPlain.median >= target.overPlain,
    target.memory === undefined ? undefined : memory === null ? null : memory <= target.memory,
  ].filter((verdict) => verdict !== undefined);
  if (verdicts.includes(false)) return false;
  return verdicts.length === 0 || verdicts.includes(null) ? null : true;
}

/** The growth of a model's evaluation cost with the length. */
export interface CostGrowth {
  readonly lengths: readonly number[];
  /**
   * Time per token over causal operations per token, relative to the shortest length; 1 means that
   * time follows operations.
   */
  readonly timeOverFlops: readonly number[];
  /** Memory at the longest length over a line through the two shortest; up to about 1 is linear. */
  readonly memoryOverLine: number;
  /** Whether time is within 20 % of operations, and memory at most 20 % above the line. */
  readonly holds: boolean;
}

/** Allowed deviation of cost. */
const growthTolerance = 0.2;

/**
 * Computes the growth over rows that evaluate one model at several lengths; null for fewer than
 * three.
 */
export function costGrowth(rows: readonly RowSummary[]): CostGrowth | null {
  const sorted = rows.toSorted((a, b) => a.row.work.time - b.row.work.time);
  const [first, second] = sorted;
  const last = sorted.at(-1);
  if (sorted.length < 3 || first === undefined || second === undefined || last === undefined) return null;
  const rate = ({ ours }: RowSummary): number => 1 / ours.flopsPerSecond;
  const timeOverFlops = sorted.map((row) => rate(row) / rate(first));
  const at = ({ row }: RowSummary): number => row.work.time;
  const slope = (second.ours.peakBytes - first.ours.peakBytes) / (at(second) - at(first));
  const line = first.ours.peakBytes + Math.max(0, slope) * (at(last) - at(first));
  const memoryOverLine = last.ours.peakBytes / line;
  const follows = timeOverFlops.every((ratio) => Math.abs(ratio - 1) <= growthTolerance);
  return {
    lengths: sorted.map(at),
    timeOverFlops,
    memoryOverLine,
    holds: follows && memoryOverLine <= 1 + growthTolerance,
  };
}
