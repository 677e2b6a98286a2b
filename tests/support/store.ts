// Runs of the store that say something else than what was computed.

import { fromJson, toJson } from '../../lib/base/json';
import { present } from '../../lib/base/present';
import { type FinishedRun, type RunConfiguration, type RunStore } from '../../lib/experiments/run/store';

/**
 * Keeps another result, or another provenance, for a finished run, as if that had been computed.
 */
export async function replaceRun(
  store: RunStore,
  configuration: RunConfiguration,
  change: (text: string) => string,
): Promise<void> {
  const found = present(await store.find(configuration), 'the run');
  await store.forget(configuration);
  const other = fromJson(change(toJson(found))) as FinishedRun<unknown>;
  await store.findOrRun(configuration, () => Promise.resolve(other));
}
