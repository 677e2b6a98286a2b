// Trained models by encoding and size, a run for each seed, and what is said of several seeds.

import { type Measure } from '../../report/measures';
import { mean } from '../../report/over-seeds';
import { encodingStyle, type SeriesStyle } from '../../report/style';
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

/** The sizes of some groups, ascending. */
export function sizesOf(groups: readonly { readonly hiddenSize: number }[]): number[] {
  return [...new Set(groups.map(({ hiddenSize }) => hiddenSize))].sort((a, b) => a - b);
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

/** The size of a group's models. */
export const hiddenSize: Measure<{ readonly hiddenSize: number }> = {
  key: 'hiddenSize',
  label: 'Hidden size',
  format: 'integer',
  of: (group) => group.hiddenSize,
};

type Trained = SeedGroup<Pick<TrainingFigures, 'parameters' | 'tokensPerSecond'>>;

/** The columns that tables of trained models have: parameters, and the speed of training. */
export const trainingMeasures: readonly [parameters: Measure<Trained>, speed: Measure<Trained>] = [
  {
    key: 'parameters',
    label: 'Parameters',
    format: 'integer',
    of: ({ runs }) => runs[0]?.parameters,
  },
  {
    key: 'tokensPerSecond',
    label: 'Tokens/s',
    format: 'integer',
    ofMachine: true,
    of: ({ runs }) => mean(runs.map(({ tokensPerSecond }) => tokensPerSecond)),
  },
];
