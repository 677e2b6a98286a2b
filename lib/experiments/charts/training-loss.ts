// The figure of training losses, which all items that train have.

import { axisOf } from '../../report/axes';
import { type Figure, makeFigure } from '../../report/figure';
import { mean } from '../../report/over-seeds';
import { type FigureSpec } from '../../report/spec';
import { lineTrace } from '../../report/traces';
import { type TrainingFigures } from '../run/trained-run';
import { type SeedGroup, sizesOf } from './seed-groups';

/** The texts of an item's figure. */
export interface TrainingLossTexts extends Pick<FigureSpec, 'id' | 'title' | 'subtitle' | 'caption'> {
  /** The loss a perfect model would have is 0, so the axis begins there; default false. */
  readonly fromZero?: boolean;
}

/** Loss over steps: a panel for each size, a curve for each encoding in the mean over its seeds. */
export function trainingLossFigure(
  groups: readonly SeedGroup<Pick<TrainingFigures, 'curve'>>[],
  { fromZero = false, caption, ...texts }: TrainingLossTexts,
): Figure {
  const sizes = sizesOf(groups);
  return makeFigure({
    ...texts,
    caption: `Mean over the seeds. ${caption}`,
    alt: `Falling curves for ${[...new Set(groups.map(({ style }) => style.name))].join(', ')}.`,
    columns: Math.min(3, sizes.length),
    sharedY: true,
    panels: sizes.map((size) => ({
      title: `Hidden size ${size}`,
      x: axisOf({ label: 'Step', format: 'integer' }),
      y: axisOf({ label: 'Loss', unit: 'nats' }, fromZero ? { rangemode: 'tozero' } : {}),
      data: groups
        .filter(({ hiddenSize }) => hiddenSize === size)
        .map(({ style, runs }) => {
          const steps = (runs[0]?.curve ?? []).map(({ step }) => step);
          const y = steps.map((_, index) => mean(runs.flatMap((run) => run.curve[index]?.loss ?? [])));
          return lineTrace({ x: steps, y, style });
        }),
    })),
  });
}
