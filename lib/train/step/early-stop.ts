// When to stop before the last step: a metric of the evaluations has reached its target, or no
// longer improves.

import { ConfigError } from '../../base/errors';
import { ownEntry } from '../../base/own';

/** What to watch. */
export interface EarlyStopSettings {
  /** A number that the evaluation gives, e.g. `accuracy`. */
  readonly metric: string;
  /** Whether a larger or a smaller value is the better one. */
  readonly better: 'larger' | 'smaller';
  /** Stop after this many evaluations in a row without an improvement. */
  readonly patience?: number;
  /** Stop as soon as the metric is at least as good as this. */
  readonly target?: number;
}

/** How the metric has done so far; part of a checkpoint. */
export interface EarlyStopState {
  /** The best value, and the step it was measured at; absent before the first evaluation. */
  readonly best?: { readonly value: number; readonly step: number };
  /** Evaluations in a row that were not better. */
  readonly stale: number;
}

/** Before the first evaluation. */
export const nothingSeen: EarlyStopState = { stale: 0 };

/**
 * The state after an evaluation.
 *
 * @throws ConfigError if the evaluation does not give the metric
 */
export function observe(
  settings: EarlyStopSettings,
  state: EarlyStopState,
  step: number,
  metrics: Readonly<Record<string, number>>,
): EarlyStopState {
  const value = ownEntry(metrics, settings.metric);
  if (value === undefined) {
    throw new ConfigError(
      `earlyStop.metric: the evaluation gives no '${settings.metric}'; it gives ${Object.keys(metrics).join(', ')}`,
    );
  }
  const improved =
    state.best === undefined ? !Number.isNaN(value) : isBetter(settings, value, state.best.value);
  return improved ? { best: { value, step }, stale: 0 } : { ...state, stale: state.stale + 1 };
}

/** Why to stop now, in words; undefined to go on. */
export function reasonToStop(
  settings: EarlyStopSettings,
  { best, stale }: EarlyStopState,
): string | undefined {
  if (best === undefined) return undefined;
  const { metric, patience, target } = settings;
  if (target !== undefined && !isBetter(settings, target, best.value))
    return `${metric} has reached ${best.value}, the target is ${target}`;
  if (patience !== undefined && stale >= patience)
    return `${metric} has not improved on ${best.value} of step ${best.step} in ${stale} evaluations`;
  return undefined;
}

function isBetter({ better }: EarlyStopSettings, value: number, than: number): boolean {
  return better === 'larger' ? value > than : value < than;
}
