// What a row's measurements come to: medians, spreads, ratios.

import { ConfigError } from '../../lib/base/errors';
import { quantiles } from '../../lib/base/statistics';
import { type BenchRow, flopsOf, type PeerWay, tokensOf } from './rows';

/** Who did the work. */
export type Way = 'ours' | PeerWay;

/** What one side measured. */
export interface WayMeasurement {
  readonly way: Way;
  /** Steps of one measurement. */
  readonly steps: number;
  /** Seconds a step, one for each pair. */
  readonly seconds: readonly number[];
  /** The most physical memory of the process, bytes. */
  readonly peakBytes: number;
  /** What was compared before anything was timed. */
  readonly losses: readonly number[];
}

/** A row that was measured. */
export interface RowMeasurement {
  readonly row: BenchRow;
  /** Ours first. */
  readonly ways: readonly WayMeasurement[];
  /** The peer's ways that could not be had, and why. */
  readonly missing: readonly { readonly way: PeerWay; readonly why: string }[];
}

/** The middle of several numbers, and between which they lie. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Median, least and greatest.
 *
 * @throws ConfigError if there are no values or one is NaN
 */
export function spreadOf(values: readonly number[]): Spread {
  const [low = 0, median = 0, high = 0] = quantiles(values, [0, 0.5, 1]);
  return { median, low, high };
}

/**
 * The ratio of two measurements that were made in turns: each pair has one.
 *
 * @throws ConfigError if there are not as many of the one as of the other
 */
export function pairedRatio(over: readonly number[], under: readonly number[]): Spread {
  if (over.length !== under.length)
    throw new ConfigError(`${over.length} and ${under.length} measurements: give pairs`);
  return spreadOf(over.map((value, pair) => value / (under[pair] ?? Number.NaN)));
}

/**
 * Matrix products of this machine, operations a second, by library; the peer's only where there is
 * one.
 */
export interface MachinePeak {
  readonly ours: number;
  readonly pytorch: number | null;
}

/** The faster library's products: what this machine has been seen to do. */
export function peakOf({ ours, pytorch }: MachinePeak): number {
  return Math.max(ours, pytorch ?? 0);
}

/** One side of a row in numbers to read. */
export interface WaySummary {
  readonly way: Way;
  readonly tokensPerSecond: Spread;
  readonly flopsPerSecond: number;
  /** Of the machine's peak in float32. */
  readonly shareOfPeak: number;
  readonly peakBytes: number;
}

/** A row in numbers to read; null where there is nothing to compare with. */
export interface RowSummary {
  readonly row: BenchRow;
  readonly ours: WaySummary;
  readonly peers: readonly WaySummary[];
  /** PyTorch's fastest way but `plain`, and the ratio of speeds to it. */
  readonly fastest: WaySummary | null;
  readonly speed: Spread | null;
  readonly overPlain: Spread | null;
  /** The least memory of PyTorch's ways but `plain`, and the ratio to it. */
  readonly leanestBytes: number | null;
  readonly memory: number | null;
  /** Whether all targets of the row hold; null where it has none or they cannot be judged. */
  readonly holds: boolean | null;
}

/**
 * Summarizes a row. PyTorch's best is its fastest way for the speed, and its leanest for the
 * memory.
 */
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

/** How the cost of evaluating one model grows with the length. */
export interface CostGrowth {
  readonly lengths: readonly number[];
  /**
   * Time per token over causal operations per token, as a multiple of the shortest length's: 1
   * follows them.
   */
  readonly timeOverFlops: readonly number[];
  /**
   * Memory at the longest length over what a line through the two shortest has there; at most about
   * 1 is linear.
   */
  readonly memoryOverLine: number;
  /** Time within 20 % of the operations, memory not 20 % above the line. */
  readonly holds: boolean;
}

/** How far cost may be from what it should follow. */
const growthTolerance = 0.2;

/**
 * The growth over rows that evaluate the same model at several lengths; null for fewer than three.
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
