// Whether an item would run with some settings, found out without running it.

import { type Reporter, silentReporter } from '../../lib/base/progress';
import { type Experiment } from '../../lib/experiments/run/definition';
import { type FinishedRun, RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from './command';

class Ready extends Error {}

/** A store that ends a run where it would begin: settings are checked and data is ready by then. */
class StoreOfNothing extends RunStore {
  override findOrRun(): Promise<FinishedRun<never> & { readonly reused: boolean }> {
    return Promise.reject(new Ready());
  }
}

/** Ends a run where its data would take long: settings are checked by then. */
const impatient: Reporter = {
  note: () => undefined,
  task: () => {
    throw new Ready();
  },
};

/**
 * Does what comes before a run of an item, with its data or up to there. Fails with what refuses
 * the settings.
 */
export async function prepare(
  item: Experiment,
  preset: string,
  settings: object,
  data: 'with data' | 'without data' = 'with data',
): Promise<void> {
  const store = new StoreOfNothing(temporaryFolder());
  const reporter = data === 'with data' ? silentReporter : impatient;
  try {
    await item.execute({ preset, settings: { ...settings }, reporter, store });
  } catch (error) {
    if (!(error instanceof Ready)) throw error;
  }
}
