// Stops before the last step if a metric of the evaluations has reached its target, or no longer
// improves.

import { ConfigError } from '../../base/errors';
import { ownEntry } from '../../base/own';

/** Settings of an early stop. */
export interface EarlyStopSettings {
  /** A metric of the evaluation, e.g. `accuracy`. */
  readonly metric: string;
  /** Direction of improvement. */
  readonly better: 'larger' | 'smaller';
  /** Stop after this many evaluations in a row without an improvement. */
  readonly patience?: number;
  /** Stop as soon as the metric is at least as good as this. */
  readonly target?: number;
}

/** History of the metric; part of a checkpoint. */
export interface EarlyStopState {
  /** The best value, and the step it was measured at; absent before the first evaluation. */
  readonly best?: { readonly value: number; readonly step: number };
  /** Evaluations in a row that were not better. */
  readonly stale: number;
}

/** The state before the first evaluation. */
export const nothingSeen: EarlyStopState = { stale: 0 };

/**
 * Adds an evaluation to the state.
 *
 * @throws ConfigError if the evaluation lacks the metric
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

/** The reason to stop now, in words; undefined to continue. */
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
