// Reports measured rows as a table, a figure, and lines for the terminal.

import { formatBytes, formatCount } from '../../lib/base/format';
import { axes } from '../../lib/report/axes';
import { barTrace } from '../../lib/report/traces';
import { type Figure, makeFigure } from '../../lib/report/figure';
import { type PlotlyObject } from '../../lib/report/spec';
import { ink, orderedStyles } from '../../lib/report/style';
import { type Cell, type Table } from '../../lib/report/tables';
import {
  type CostGrowth,
  costGrowth,
  peakOf,
  type RowSummary,
  type Spread,
  summarize,
  type Way,
} from './measurement';
import { type StoredRow } from './store';

const gigaflops = (flops: number): string => `${formatCount(flops / 1e9)} GFLOP/s`;
const verdict = (holds: boolean | null): Cell => (holds === null ? null : holds ? 'yes' : 'no');
const range = (spread: Spread | null): Cell =>
  spread === null ? null : `${spread.low.toFixed(2)} to ${spread.high.toFixed(2)}`;

/** The table of all numbers, for Markdown, LaTeX and CSV. */
export function benchTable(rows: readonly StoredRow[]): Table {
  return {
    id: 'bench-table',
    title: 'Side by side with PyTorch',
    caption: captionOf(rows),
    columns: [
      { key: 'work', label: 'Work' },
      { key: 'ours', label: 'Ours', unit: 'tokens/s', format: 'integer' },
      { key: 'oursRange', label: 'Least to most' },
      { key: 'pytorch', label: 'PyTorch’s best', unit: 'tokens/s', format: 'integer' },
      { key: 'way', label: 'Which' },
      { key: 'speed', label: 'Speed ratio', format: 'fixed2' },
      { key: 'speedRange', label: 'Least to most ratio' },
      { key: 'speedTarget', label: 'At least', format: 'fixed2' },
      { key: 'overPlain', label: 'Over plain', format: 'fixed2' },
      { key: 'overPlainTarget', label: 'Over plain, at least', format: 'fixed2' },
      { key: 'memory', label: 'Peak memory, ours', unit: 'GB', format: 'fixed2' },
      { key: 'memoryPytorch', label: 'PyTorch’s least', unit: 'GB', format: 'fixed2' },
      { key: 'memoryRatio', label: 'Memory ratio', format: 'fixed2' },
      { key: 'memoryTarget', label: 'At most', format: 'fixed2' },
      { key: 'gigaflops', label: 'Ours', unit: 'GFLOP/s', format: 'integer' },
      { key: 'share', label: 'Of the peak, ours', format: 'percent' },
      { key: 'sharePytorch', label: 'Of the peak, PyTorch', format: 'percent' },
      { key: 'holds', label: 'Holds' },
      { key: 'commit', label: 'Commit' },
    ],
    rows: rows.map((stored) => tableRow(stored)),
  };
}

function tableRow({ measurement, setting, provenance }: StoredRow): Record<string, Cell> {
  const summary = summarize(measurement, setting.peak);
  const { row, ours, fastest, speed, overPlain, leanestBytes, memory, holds } = summary;
  const { missing } = measurement;
  return {
    work: row.title,
    ours: ours.tokensPerSecond.median,
    oursRange: `${formatCount(ours.tokensPerSecond.low)} to ${formatCount(ours.tokensPerSecond.high)}`,
    pytorch: fastest?.tokensPerSecond.median ?? null,
    way: fastest === null ? null : [fastest.way, ...missing.map(({ way }) => `no ${way}`)].join(', '),
    speed: speed?.median ?? null,
    speedRange: range(speed),
    speedTarget: row.target.speed ?? null,
    overPlain: overPlain?.median ?? null,
    overPlainTarget: row.target.overPlain ?? null,
    memory: ours.peakBytes / 1e9,
    memoryPytorch: leanestBytes === null ? null : leanestBytes / 1e9,
    memoryRatio: memory,
    memoryTarget: row.target.memory ?? null,
    gigaflops: ours.flopsPerSecond / 1e9,
    share: ours.shareOfPeak,
    sharePytorch: fastest?.shareOfPeak ?? null,
    holds: verdict(holds),
    commit: provenance.commit === null ? null : provenance.commit.slice(0, 7) + (provenance.dirty ? '+' : ''),
  };
}

function captionOf(rows: readonly StoredRow[]): string {
  const settings = [...new Set(rows.map(({ setting }) => describeSetting(setting)))];
  return `Medians of alternating measurements. Ratios are taken within a pair: speed to PyTorch’s fastest way, memory to its leanest, without plain. The peak is the faster library’s float32 matrix products, for bfloat16 rows too. ${settings.join(' ')}`;
}

function describeSetting({ threads, pairs, ours, pytorch, peak }: StoredRow['setting']): string {
  const peaks =
    peak.pytorch === null
      ? gigaflops(peak.ours)
      : `${gigaflops(peak.ours)} ours, ${gigaflops(peak.pytorch)} PyTorch: the peak is ${peak.ours >= peak.pytorch ? 'ours' : 'PyTorch’s'}`;
  return `${threads} threads each, ${pairs} pairs; ${ours}${pytorch === null ? '' : `; ${pytorch}`}; products of 2,048 x 2,048: ${peaks}.`;
}

/**
 * The growth of evaluation cost with length, from rows that evaluate one model; null for too few.
 */
export function growthOf(rows: readonly StoredRow[]): CostGrowth | null {
  const evaluations = rows
    .filter(({ measurement: { row } }) => /^evaluate-151m-\d+$/.test(row.name))
    .map(({ measurement, setting }) => summarize(measurement, setting.peak));
  return costGrowth(evaluations);
}

/** Describes the growth in a sentence. */
export function describeGrowth({ lengths, timeOverFlops, memoryOverLine, holds }: CostGrowth): string {
  const points = lengths.map(
    (length, index) => `${formatCount(length)}: ${(timeOverFlops[index] ?? Number.NaN).toFixed(2)}`,
  );
  return `cost growth of evaluation, time per token over causal operations per token (${points.join(', ')}; target 0.80 to 1.20), memory over a straight line ${memoryOverLine.toFixed(2)} (target at most 1.20): ${holds ? 'holds' : 'does not hold'}`;
}

/** The header of the terminal's table. */
export function terminalHeader(): string[] {
  return [
    'row',
    'ours',
    'PyTorch',
    'ratio',
    'target',
    'memory',
    'PyTorch',
    'ratio',
    'target',
    'of peak',
    'holds',
  ];
}

/** A row of the terminal's table. */
export function terminalRow(summary: RowSummary): string[] {
  const { row, ours, fastest, speed, overPlain, leanestBytes, memory, holds } = summary;
  const rate = ({ median }: Spread): string => `${formatCount(median)}/s`;
  const { target } = row;
  const plain = overPlain === null ? '' : `, plain ${overPlain.median.toFixed(2)}`;
  const plainTarget = target.overPlain === undefined ? '' : `, plain ${target.overPlain}`;
  return [
    row.name,
    rate(ours.tokensPerSecond),
    fastest === null ? '-' : `${rate(fastest.tokensPerSecond)} ${fastest.way}`,
    speed === null
      ? '-'
      : `${speed.median.toFixed(2)} (${speed.low.toFixed(2)}-${speed.high.toFixed(2)})${plain}`,
    target.speed === undefined ? '-' : `${target.speed}${plainTarget}`,
    formatBytes(ours.peakBytes),
    leanestBytes === null ? '-' : formatBytes(leanestBytes),
    memory === null ? '-' : memory.toFixed(2),
    target.memory === undefined ? '-' : String(target.memory),
    `${(100 * ours.shareOfPeak).toFixed(0)} %`,
    holds === null ? '-' : holds ? 'yes' : 'no',
  ];
}

const wayNames: Readonly<Record<Way, string>> = {
  plain: 'PyTorch, plain',
  eager: 'PyTorch, eager',
  compiled: 'PyTorch, compiled',
  ours: 'this workbench',
};
const wayOrder: readonly Way[] = ['plain', 'eager', 'compiled', 'ours'];

/**
 * Draws speed and memory of each way as multiples of PyTorch's best; undefined if no row has a
 * peer.
 */
export function benchFigure(rows: readonly StoredRow[]): Figure | undefined {
  const summaries = rows
    .map(({ measurement, setting }) => summarize(measurement, setting.peak))
    .filter(({ fastest }) => fastest !== null);
  if (summaries.length === 0) return undefined;
  const labels = summaries.map(({ row }) => row.name.replaceAll('-', '<br>'));
  const styles = orderedStyles(wayOrder.map((way) => wayNames[way]));
  const speedOf = (summary: RowSummary, way: Way): number | null => {
    const median = waysOf(summary).find((one) => one.way === way)?.tokensPerSecond.median;
    return median === undefined || summary.fastest === null
      ? null
      : median / summary.fastest.tokensPerSecond.median;
  };
  const memoryOf = (summary: RowSummary, way: Way): number | null => {
    const bytes = waysOf(summary).find((one) => one.way === way)?.peakBytes;
    return bytes === undefined || summary.leanestBytes === null ? null : bytes / summary.leanestBytes;
  };
  const bars = (valueOf: typeof speedOf, target: 'speed' | 'memory'): PlotlyObject[] => [
    ...wayOrder.flatMap((way, index) => {
      const style = styles[index];
      const y = summaries.map((summary) => valueOf(summary, way));
      if (style === undefined || y.every((value) => value === null)) return [];
      return [barTrace({ x: labels, y, style })];
    }),
    targetTrace(
      labels,
      summaries.map(({ row }) => row.target[target] ?? null),
    ),
  ];
  const ahead = summaries.filter(({ speed }) => speed !== null && speed.median > 1).length;
  return makeFigure({
    id: 'bench-pytorch',
    title: 'Side by side with PyTorch',
    subtitle: 'Speed and peak memory as multiples of PyTorch’s best; a dash is the target',
    caption: captionOf(rows),
    alt: `Bars for ${summaries.length} kinds of work; in ${ahead} of them the workbench is faster than PyTorch’s fastest way.`,
    panels: [
      {
        title: 'Tokens a second: more is better',
        y: { ...axes.count('multiple of the fastest'), tickformat: '' },
        data: bars(speedOf, 'speed'),
      },
      {
        title: 'Peak memory: less is better',
        y: { ...axes.count('multiple of the leanest'), tickformat: '' },
        data: bars(memoryOf, 'memory'),
      },
    ],
    columns: 1,
    sharedX: true,
    panelHeight: 260,
    layout: { barmode: 'group' },
  });
}

const waysOf = ({ ours, peers }: RowSummary): RowSummary['peers'] => [ours, ...peers];

/** Draws a dash at each target. */
function targetTrace(x: readonly string[], y: readonly (number | null)[]): PlotlyObject {
  return {
    type: 'scatter',
    mode: 'markers',
    name: 'target',
    legendgroup: 'target',
    x,
    y,
    marker: { symbol: 'line-ew-open', size: 34, color: ink.text, line: { width: 2.5, color: ink.text } },
  };
}

/** Describes the peak in a line for the terminal. */
export function describePeak(peak: StoredRow['setting']['peak']): string {
  const whose = peak.pytorch !== null && peak.pytorch > peak.ours ? 'PyTorch’s' : 'ours';
  return `matrix products: ours ${gigaflops(peak.ours)}${peak.pytorch === null ? '' : `, PyTorch ${gigaflops(peak.pytorch)}`}; shares are of ${whose}, ${gigaflops(peakOf(peak))}`;
}
