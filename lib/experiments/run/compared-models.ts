// The models of a comparison: which there are, and how they are trained one after the other.

import { liveCurves } from '../../report/notebook/live';
import { type SeriesStyle } from '../../report/style';
import { type RunContext } from './experiment';
import { type TrainedRunOptions } from './trained-run';

/** Coordinates of a model in a comparison. */
export interface ModelPoint {
  /** A name of the encodings' registry, or of the variants. */
  readonly encoding: string;
  readonly hiddenSize: number;
  readonly seed: number;
}

/** The axes of a comparison. */
export interface ComparedModels {
  readonly encodings: readonly string[];
  readonly hiddenSizes: readonly number[];
  readonly seeds: readonly number[];
}

/**
 * A model of each encoding and size for each seed. One seed of everything comes before the next
 * seed, so that an interrupted comparison is a comparison already.
 */
export function modelPoints({ encodings, hiddenSizes, seeds }: ComparedModels): ModelPoint[] {
  return seeds.flatMap((seed) =>
    hiddenSizes.flatMap((hiddenSize) => encodings.map((encoding) => ({ encoding, hiddenSize, seed }))),
  );
}

/** A model that is to be trained, and how readers know it. */
export interface PlannedRun<Run> {
  /** The style of its curve; its name is the model's. */
  readonly style: SeriesStyle;
  /** The rest of the run's name, e.g. `hidden size 48, seed 1`. */
  readonly which: string;
  readonly run: (options: TrainedRunOptions) => Promise<Run>;
}

/**
 * Trains models one after the other, or finds them trained, with live curves of their losses.
 *
 * @param title of the curves
 */
export async function runEach<Run>(
  planned: readonly PlannedRun<Run>[],
  { reporter, store, fresh }: RunContext,
  title = 'Training loss',
): Promise<Run[]> {
  const curves = liveCurves(title, 'step', 'loss');
  const runs: Run[] = [];
  for (const [index, { style, which, run }] of planned.entries()) {
    const name = `${style.name}, ${which}`;
    reporter.note(`run ${index + 1} of ${planned.length}: ${name}`);
    const onCurve = (step: number, loss: number): void => {
      curves.add(name, style, step, loss);
    };
    runs.push(await run({ store, reporter, fresh, onCurve }));
  }
  curves.finish();
  return runs;
}
