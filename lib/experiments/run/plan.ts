// The jobs of which an item is made: its models, or the item as a whole. They are found by running
// the item beside a store in which nothing can be computed: what is there is found, and the first
// run that is not says what is missing.

import { silentReporter } from '../../base/progress';
import { type PresetName } from '../settings/preset-names';
import { type ExperimentSpec, type Piece, type Plan, type PlannedJob, type PlanOptions } from './definition';
import { checkData, choose, configurationOf } from './execute';
import { type RunConfiguration, RunStore } from './store';

/** Says that a run is not in the store. */
class NeededRun extends Error {
  constructor(readonly configuration: RunConfiguration) {
    super(`${configuration.item} is to be computed`);
  }
}

class FindingStore extends RunStore {
  override folderToCompute(configuration: RunConfiguration): never {
    throw new NeededRun(configuration);
  }
}

/** Ends the run of an item whose next models need those that are not done. */
class StageOpen extends Error {}

/**
 * The jobs of an item, and which of them are done.
 *
 * @throws UsageError if it has no such preset; ConfigError for settings that are not right; and as
 *   the item's `prepare`
 */
export async function planOf<Settings extends object, Input>(
  spec: Pick<
    ExperimentSpec<Settings, Input, unknown>,
    'id' | 'title' | 'revision' | 'presets' | 'schema' | 'prepare' | 'run' | 'inPieces'
  >,
  names: readonly PresetName[],
  { store: { folder }, reporter, ...options }: PlanOptions,
): Promise<Plan> {
  const { settings } = choose<Settings>(spec, names, options);
  const store = new FindingStore(folder);
  const { input, data, missing, close } = await spec.prepare(settings, reporter);
  const jobs: PlannedJob[] = [];
  const whole = async (): Promise<PlannedJob> => {
    const configuration = configurationOf(spec, settings, data);
    // One that is damaged is computed anew.
    const found = await store.find(configuration).catch(() => undefined);
    const isDone = found !== undefined;
    return { ...isWhole(spec.title), isDone, seconds: null, next: isDone ? null : configuration };
  };
  const elsewhere = async (pieces: readonly Piece[]): Promise<true> => {
    const stage: PlannedJob[] = [];
    for (const piece of pieces) stage.push(await jobOf(piece, store));
    jobs.push(...stage);
    if (stage.some(({ isDone }) => !isDone)) throw new StageOpen();
    return true;
  };
  try {
    checkData(spec.id, data, missing);
    if (spec.inPieces !== true) return { settings, jobs: [await whole()] };
    await spec.run(settings, input, { store, reporter: silentReporter, fresh: false, elsewhere });
    return { settings, jobs };
  } catch (error) {
    if (error instanceof StageOpen) return { settings, jobs };
    // Something beside the models: it is computed with the item.
    if (error instanceof NeededRun) return { settings, jobs: jobs.length > 0 ? jobs : [await whole()] };
    throw error;
  } finally {
    close?.();
  }
}

function isWhole(name: string): Pick<PlannedJob, 'piece' | 'name' | 'cost'> {
  return { piece: null, name, cost: 0 };
}

async function jobOf({ title, index, name, cost, run }: Piece, store: RunStore): Promise<PlannedJob> {
  const job = { piece: { title, index }, name, cost };
  try {
    const found = await run({ store, reporter: silentReporter, fresh: false });
    return { ...job, isDone: true, seconds: secondsOf(found), next: null };
  } catch (error) {
    if (!(error instanceof NeededRun)) throw error;
    return { ...job, isDone: false, seconds: null, next: error.configuration };
  }
}

/** Those of a training that took any; a model that was found elsewhere has none. */
function secondsOf(found: unknown): number | null {
  const isTimed = typeof found === 'object' && found !== null && 'seconds' in found;
  return isTimed && typeof found.seconds === 'number' && found.seconds > 0 ? found.seconds : null;
}
