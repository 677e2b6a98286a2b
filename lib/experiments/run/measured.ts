// The one way in which something is measured: found in the run store, or done now and kept, with
// its provenance.

import { type Reporter } from '../../base/progress';
import { type Engine, startEngine } from '../../engine/engine';
import {
  collectStoredProvenance,
  currentOrigin,
  type Origin,
  type ProvenancePart,
} from '../../report/provenance';
import { type FinishedRun, type RunConfiguration, type RunStore } from './store';

/** The store of measurements, and who is told. */
export interface MeasuringContext {
  readonly store: RunStore;
  readonly reporter: Reporter;
  /** Measure anew, even if it is there. */
  readonly fresh?: boolean;
}

/** Properties of a measurement beside its configuration. */
export interface MeasurementLabels {
  /** Its name as a part of a larger result. Default: its item. */
  readonly label?: string;
  readonly seeds?: readonly number[];
  /** Optimizer steps; null or left out where nothing is trained. */
  readonly steps?: number | null;
  /** True if tensors are computed, the default. */
  readonly usesEngine?: boolean;
}

/**
 * A result, with the parts of it that were measured by themselves and may be of other code or
 * another machine.
 */
export interface Measured<Result> {
  readonly result: Result;
  readonly parts?: readonly ProvenancePart[];
  /** Seconds of this measurement that went into the parts. */
  readonly secondsInParts?: number;
}

/** The code, machine and engine that compute now. */
export function originNow(engine?: Engine): Origin {
  return currentOrigin({ engine: engine?.description ?? null, captured: engine?.captures ?? null });
}

/**
 * The finished run of a configuration, or `work` done now and kept.
 *
 * @param work gets what computes, as it was when the work began: long work may end beside other
 *   files than it began with
 * @throws MachineError if there is no engine, or the store cannot be written; and as `work`
 */
export async function measured<Result>(
  { store, reporter, fresh = false }: MeasuringContext,
  configuration: RunConfiguration,
  { label = configuration.item, seeds = [], steps = null, usesEngine = true }: MeasurementLabels,
  work: (origin: Origin) => Promise<Measured<Result>>,
): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
  if (fresh) await store.forget(configuration);
  const run = async (): Promise<FinishedRun<Result>> => {
    const startedAt = Date.now();
    const engine = usesEngine ? await startEngine({ reporter }) : undefined;
    const origin = originNow(engine);
    const { result, ...parts } = await work(origin);
    const { item, data } = configuration;
    return {
      result,
      provenance: collectStoredProvenance({ item, startedAt, data, seeds, steps, origin, ...parts }),
    };
  };
  return store.findOrRun(configuration, run, { label, reporter });
}
