// The models of a comparison: which there are, and how they are trained, one after the other or in
// processes beside each other.

import { present } from '../../base/present';
import { liveCurves } from '../../report/notebook/live';
import { type SeriesStyle } from '../../report/style';
import { PieceDone, type RunContext } from './definition';
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
  /** About how long it takes beside others, as `trainingCost` counts. */
  readonly cost: number;
  readonly run: (options: TrainedRunOptions) => Promise<Run>;
}

/** Sizes of a training. */
export interface TrainingSizes {
  readonly steps: number;
  readonly batchSize: number;
  /** Tokens of a sequence. */
  readonly time: number;
  readonly hiddenSize: number;
  readonly layers: number;
}

/** About how long a training takes beside others: the multiplications of its matrices. */
export function trainingCost({ steps, batchSize, time, hiddenSize, layers }: TrainingSizes): number {
  return steps * batchSize * time * layers * hiddenSize * (hiddenSize + time);
}

/**
 * Trains models, or finds them trained, with live curves of their losses: one after the other, or
 * in other processes, where there are some. A process that was to train one of them does no more.
 *
 * @param title of the curves
 */
export async function runEach<Run>(
  planned: readonly PlannedRun<Run>[],
  { reporter, store, fresh, piece, elsewhere }: RunContext,
  title = 'Training loss',
): Promise<Run[]> {
  if (piece?.title === title) {
    const { run } = present(planned[piece.index], 'model of the item');
    await run({ store, reporter, fresh, onCurve: piece.onCurve });
    throw new PieceDone();
  }
  const curves = liveCurves(title, 'step', 'loss');
  const pieces = planned.map(({ style, which, cost, run }, index) => {
    const name = `${style.name}, ${which}`;
    const onCurve = (step: number, loss: number): void => {
      curves.add(name, style, step, loss);
    };
    return { title, index, name, cost, onCurve, run };
  });
  const areTrained = (await elsewhere?.(pieces)) ?? false;
  const runs: Run[] = [];
  for (const { index, name, onCurve, run } of pieces) {
    if (!areTrained) reporter.note(`run ${index + 1} of ${planned.length}: ${name}`);
    runs.push(await run({ store, reporter, fresh: fresh && !areTrained, onCurve }));
  }
  curves.finish();
  return runs;
}
