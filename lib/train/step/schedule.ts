// The learning rate as a function of the step alone, so that a resumed run needs no state of it.

/** The course of the learning rate: linear during the warm-up, then by `kind`. */
export interface ScheduleSettings {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** The highest learning rate, reached by the last warm-up step. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** The share of the highest learning rate at which linear and cosine end. */
  readonly finalFraction: number;
}

/**
 * The learning rate of a step. No step has a rate of zero: the first of w warm-up steps has 1/w of
 * the highest rate, and a decay would reach its end one step after the last.
 *
 * @param step  counted from 1
 * @param steps number of steps in all
 */
export function learningRateAt(schedule: ScheduleSettings, step: number, steps: number): number {
  const { kind, learningRate, warmupSteps, finalFraction } = schedule;
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  const progress = Math.min(1, (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * (finalFraction + (1 - finalFraction) * decay[kind](progress));
}

/** From 1 at progress 0 to 0 at progress 1, or not at all. */
const decay: Readonly<Record<ScheduleSettings['kind'], (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};
