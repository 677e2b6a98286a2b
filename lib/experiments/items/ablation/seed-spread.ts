// Seed-to-seed variation: how much two trained models can differ by their seeds alone.

import { mean } from '../../../report/over-seeds';

/** How far apart trainings are that differ in their seed alone. */
export interface SeedSpread {
  /** Standard deviation of the loss between seeds, in nats. */
  readonly deviation: number;
  /** Degrees of freedom that it is known with. */
  readonly freedom: number;
}

/**
 * The spread of losses between seeds, pooled over models that were trained with several.
 *
 * @param losses of each model, one for each of its seeds
 * @returns undefined where no model has two seeds
 */
export function seedSpread(losses: readonly (readonly number[])[]): SeedSpread | undefined {
  let [squares, freedom] = [0, 0];
  for (const ofModel of losses) {
    if (ofModel.length < 2) continue;
    const centre = mean(ofModel);
    squares += ofModel.reduce((sum, loss) => sum + (loss - centre) ** 2, 0);
    freedom += ofModel.length - 1;
  }
  return freedom === 0 ? undefined : { deviation: Math.sqrt(squares / freedom), freedom };
}

/** 97.5 % quantiles of Student's t with 1, 2, ... degrees of freedom. */
const quantilesOfT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * The smallest difference of two models' mean losses, in nats, that seeds alone make in fewer than
 * 5 % of cases: Student's t test, with the variance of other models' seeds.
 *
 * @param first seeds of the one model
 * @param second seeds of the other
 */
export function smallestTold({ deviation, freedom }: SeedSpread, first: number, second: number): number {
  // Beyond the table the last one is kept, which is on the safe side.
  const quantile = quantilesOfT[Math.min(freedom, quantilesOfT.length) - 1] ?? Infinity;
  return quantile * deviation * Math.sqrt(1 / first + 1 / second);
}
