// Trained models by encoding and size, a run for each seed: what is known of a group, and how it is
// drawn.

import { type Range } from '../../base/format';
import { type AxisSpec, lineTrace, type PlotlyObject } from '../../report/figure';
import { encodingStyle, type SeriesStyle } from '../../report/style';
import { mean } from '../../report/over-seeds';
import { type PointWords, whiskers } from '../../report/whiskers';
import { type TrainingFigures } from '../run/trained-run';

/** The runs of one encoding at one size: a run for each seed. */
export interface SeedGroup<Run> {
  readonly encoding: string;
  readonly style: SeriesStyle;
  readonly hiddenSize: number;
  readonly runs: readonly Run[];
}

/** Runs in groups, in the order in which each group begins. */
export function groupsOf<Run extends { readonly encoding: string; readonly hiddenSize: number }>(
  runs: readonly Run[],
): SeedGroup<Run>[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.encoding} ${run.hiddenSize}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const encodings = [...new Set(runs.map(({ encoding }) => encoding))];
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { encoding, hiddenSize } = first;
    return [{ encoding, style: encodingStyle(encoding, encodings), hiddenSize, runs: members }];
  });
}

/** How many seeds each group of a comparison has. */
export function seedsOf(groups: readonly { readonly runs: readonly unknown[] }[]): number {
  return groups[0]?.runs.length ?? 1;
}

/** Says what a value rests on, e.g. `mean of 3 seeds`. */
export function seedsWord(seeds: number): string {
  return seeds === 1 ? 'one seed' : `mean of ${seeds} seeds`;
}

/** Says what whiskers are, e.g. `mean of 3 seeds; whiskers: least and most`. */
export function whiskersWord(seeds: number, interval: string): string {
  return `${seedsWord(seeds)}; whiskers: ${seeds === 1 ? interval : 'least and most'}`;
}

/** Says what the ends of a range are in a table, e.g. `least and most of 3 seeds`. */
export function rangeWord(seeds: number, interval: string): string {
  return seeds === 1 ? `${interval}, one seed` : `least and most of ${seeds} seeds`;
}

/**
 * A line with a marker and a whisker at each point; `at` is the place of a point in words, e.g.
 * `at 4,096 tokens`.
 */
export function whiskeredLine(
  style: SeriesStyle,
  x: readonly number[],
  ranges: readonly Range[],
  words: Omit<PointWords, 'points'> & { readonly at: (x: number) => string },
  { panel, legend }: { readonly panel: number; readonly legend: boolean },
): PlotlyObject {
  const y = ranges.map(({ centre }) => centre);
  const points = x.map((place) => `${style.name} ${words.at(place)}`);
  return {
    ...lineTrace({ x, y, style, panel, legend, markers: true }),
    ...whiskers(ranges, { ...words, points }),
  };
}

/** The axis of training losses. */
export const lossAxis: AxisSpec = { title: 'Loss (nats)' };

/** The training loss of a group, in the mean over its seeds. */
export function lossTrace(
  { style, runs }: SeedGroup<Pick<TrainingFigures, 'curve'>>,
  { panel, legend }: { readonly panel: number; readonly legend: boolean } = { panel: 0, legend: true },
): PlotlyObject {
  const steps = (runs[0]?.curve ?? []).map(({ step }) => step);
  return lineTrace({
    x: steps,
    y: steps.map((_, index) => mean(runs.flatMap((run) => run.curve[index]?.loss ?? []))),
    style,
    panel,
    legend,
  });
}
