// A paper item: one value with its question, the paper's claim, its presets, how it is computed and
// how it is drawn. Notebook, command line and sweeps all go through it.

import { setTimeout as sleep } from 'node:timers/promises';
import { type z } from 'zod';
import { DataError, LockedError, NotRunError, UsageError } from '../../base/errors';
import { unknownName } from '../../base/suggest';
import { type Reporter } from '../../base/progress';
import { canonicalJson } from '../../base/json';
import { present } from '../../base/present';
import { parseWith } from '../../base/schema';
import { libraryVersion } from '../../base/version';
import { type DataSource, labelled } from '../../report/provenance';
import { type TidyRow } from '../../report/rows';
import { type Compared, compareWith } from './compare';
import { type ReferenceComparison, type Drawing, type Finding, type Report } from './report';
import { changed, type PresetName, presetOrder, unchanged } from '../settings/preset-names';
import { meaningsOf } from '../settings/fields';
import { readReference } from './reference';
import { measured, type MeasuringContext } from './measured';
import { PieceDone } from './piece-done';
import { type WorkerPool } from './pool';
import { type FinishedRun, RememberingStore, type RunConfiguration, RunStore } from './store';

/** One scale of an item. */
export interface Preset<Settings> {
  /**
   * Says what is computed. Its numbers come from the settings, so that the two cannot contradict
   * each other. (A method: an item with two kinds of settings has presets that describe one of
   * them.)
   */
  description(settings: Settings): string;
  /** The time it takes on two CPU cores, in words; no other place says it. */
  readonly time: string;
  readonly settings: Settings;
}

/** The scales that an item has, by name. */
export type Presets<Settings> = Readonly<Partial<Record<PresetName, Preset<Settings>>>>;

/** Sources that an item asked for, and which of them are not to be had on this machine. */
export interface PreparedInput<Input> {
  readonly input: Input;
  readonly data: readonly DataSource[];
  /** One line for each missing thing: why, and how to mend it. */
  readonly missing: readonly string[];
  /** Gives back the files that the input holds open, if any. */
  readonly close?: () => void;
}

/** The `prepare` of an item that needs no data. */
export function prepareNothing(): Promise<PreparedInput<null>> {
  return Promise.resolve({ input: null, data: [], missing: [] });
}

/**
 * The store and the reporter of a computation. The store is for runs of its own, too, e.g. one for
 * each model of a comparison.
 */
export interface RunContext extends MeasuringContext {
  readonly fresh: boolean;
  /** The one model that this process is to train, of those that `runEach` is given. */
  readonly piece?: Pick<Piece, 'title' | 'index' | 'onCurve'>;
  /** Trains models in other processes, so that they are found in the store afterwards. */
  readonly elsewhere?: (pieces: readonly Piece[]) => Promise<void>;
}

/** One model of an item, for a process of its own. */
export interface Piece {
  /** The title of the curves of those that are trained together. */
  readonly title: string;
  /** Its place among them. */
  readonly index: number;
  readonly name: string;
  /** About how long it takes beside others. */
  readonly cost: number;
  /** Told each point of the training's curve. */
  readonly onCurve: (step: number, loss: number) => void;
}

/** How a process computes for another one. */
export interface PerformOptions {
  readonly piece: Pick<Piece, 'title' | 'index' | 'onCurve'> | undefined;
  readonly store: RunStore;
  readonly reporter: Reporter;
  readonly fresh: boolean;
}

/** The definition of a paper item. `Result` must survive JSON: the run store keeps it so. */
export interface ExperimentSpec<Settings, Input, Result, Row extends TidyRow = TidyRow> {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** The paper's statement, with its source. */
  readonly claim: string;
  readonly notebook: string;
  /**
   * Raise it when the computation changes, so that stored results of before are not taken for it.
   */
  readonly revision: number;
  /** Checks settings; it describes each field that it has. */
  readonly schema: z.ZodType<Settings>;
  /** Schemas that have the fields, where `schema` chooses one of them by the value. */
  readonly fieldsOf?: z.ZodType;
  readonly presets: Presets<Settings> & { readonly quick: Preset<Settings> };
  /** Makes the data ready and says what it is. */
  readonly prepare: (settings: Settings, reporter: Reporter) => Promise<PreparedInput<Input>>;
  readonly run: (settings: Settings, input: Input, context: RunContext) => Promise<Result>;
  /** Seeds of what is drawn; none if left out. */
  readonly seeds?: (settings: Settings) => readonly number[];
  /** Optimizer steps of each model; left out, or null, where nothing is trained. */
  readonly steps?: (settings: Settings) => number | null;
  /** True if `run` trains models by `runEach`, so that each may have a process of its own. */
  readonly inPieces?: boolean;
  /** True if tensors are computed, so that the provenance names the engine. */
  readonly usesEngine?: boolean;
  /**
   * A sentence: at which scale this is measured, and how that differs from the paper's. What was
   * prepared may be less than was asked for.
   */
  readonly scale: (settings: Settings, missing: readonly string[], input: Input) => string;
  readonly draw: (result: Result, settings: Settings) => Drawing;
  /**
   * The result as tidy rows, one for each thing that was measured; left out, those of the first
   * table.
   */
  readonly rows?: (result: Result) => readonly Row[];
}

/** Options of a run. */
export interface ExecuteOptions<Settings extends object = object> {
  /** Default `quick`. */
  readonly preset?: string;
  /** Fields of the preset's settings to replace; `variants` are added to the preset's. */
  readonly settings?: Partial<Settings>;
  readonly reporter: Reporter;
  /** Default: `runs/` of the repository. */
  readonly store?: RunStore;
  /** Compute anew even if the store has the run. */
  readonly fresh?: boolean;
  /** Compute what the store does not have; default true. */
  readonly computes?: boolean;
  /** Processes that compute beside this one; left out, this one does. */
  readonly pool?: WorkerPool;
}

/** Findings of the run of an item that ended last. */
export interface LatestRun {
  /** The preset that has its settings, or the most of them; then it ends in `, changed`. */
  readonly preset: string;
  readonly findings: readonly Finding[];
}

/** A preset of an item, whatever the item's settings are. */
export interface NamedPreset extends Preset<object> {
  readonly name: PresetName;
}

/** A paper item as the registry, the command line and the notebooks see it. */
export interface Experiment<
  Settings extends object = object,
  Result = unknown,
  Row extends TidyRow = TidyRow,
> {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly claim: string;
  readonly notebook: string;
  readonly presets: readonly NamedPreset[];
  /** Meanings of the fields of the settings, by name. */
  readonly meanings: Readonly<Record<string, string>>;
  // A method: an item with settings of its own is an item.
  execute(options: ExecuteOptions<Settings>): Promise<Report<Settings, Result, Row>>;
  /** Computes for another process: the whole item, or one model; the store has it afterwards. */
  perform(settings: object, options: PerformOptions): Promise<void>;
  /**
   * The run that ended last, of this revision and library, and of one of these presets if some are
   * given; undefined if there is none.
   */
  readonly latest: (store?: RunStore, presets?: readonly PresetName[]) => Promise<LatestRun | undefined>;
}

/** Closes a definition over its types. */
export function defineExperiment<Settings extends object, Input, Result, Row extends TidyRow = TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
): Experiment<Settings, Result, Row> {
  const names = presetOrder.filter((name) => spec.presets[name] !== undefined);
  return {
    id: spec.id,
    title: spec.title,
    question: spec.question,
    claim: spec.claim,
    notebook: spec.notebook,
    presets: names.flatMap((name) => {
      const preset = spec.presets[name];
      return preset === undefined ? [] : [{ ...preset, name }];
    }),
    meanings: meaningsOf(spec.fieldsOf ?? spec.schema),
    execute: (options) => execute(spec, names, options),
    perform: (settings, options) => perform(spec, settings, options),
    latest: (store, presets) => latest(spec, store, presets),
  };
}

async function latest<Settings extends object, Input, Result>(
  spec: ExperimentSpec<Settings, Input, Result>,
  store = new RunStore(),
  presets?: readonly PresetName[],
): Promise<LatestRun | undefined> {
  const stored = await store.latest<Result>(
    spec.id,
    (configuration) =>
      configuration.revision === spec.revision &&
      configuration.libraryVersion === libraryVersion &&
      (presets === undefined || presets.some((name) => hasSettings(spec, name, configuration.settings))),
  );
  if (stored === undefined) return undefined;
  const settings = spec.schema.safeParse(stored.configuration.settings);
  if (!settings.success) return undefined;
  const preset = nearestPreset(spec, settings.data);
  return {
    preset: hasSettings(spec, preset, settings.data) ? preset : changed(preset),
    findings: spec.draw(stored.result, settings.data).findings,
  };
}

/** A reference that is damaged is said to be, and costs nobody a run. */
async function compared(report: Compared, reporter: Reporter): Promise<ReferenceComparison | null> {
  try {
    const reference = await readReference(report);
    if (reference === undefined) return null;
    const comparison = compareWith(report, reference);
    // Whoever changes a preset wants other numbers.
    const isOwn = report.preset !== unchanged(report.preset) && comparison.obstacle !== undefined;
    return isOwn ? null : comparison;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    reporter.note(`not compared with the reference: ${error.message}`, 'warning');
    return null;
  }
}

type AnySpec<Settings extends object> = Pick<ExperimentSpec<Settings, never, never>, 'presets' | 'schema'>;

/** The settings of a preset, as a run's configuration has them. */
function settingsOf<Settings extends object>(
  { presets, schema }: AnySpec<Settings>,
  name: PresetName,
): object {
  const preset = presets[name];
  return preset === undefined ? {} : { ...schema.parse(preset.settings) };
}

function hasSettings<Settings extends object>(
  spec: AnySpec<Settings>,
  name: PresetName,
  settings: unknown,
): boolean {
  return (
    spec.presets[name] !== undefined && canonicalJson(settingsOf(spec, name)) === canonicalJson(settings)
  );
}

/** The preset that has most of these settings: by which one a run was asked for it does not say. */
function nearestPreset<Settings extends object>(spec: AnySpec<Settings>, settings: Settings): PresetName {
  const fields = new Map(Object.entries(settings).map(([name, value]) => [name, canonicalJson(value)]));
  const alike = (name: PresetName): number =>
    Object.entries(settingsOf(spec, name)).filter(
      ([field, value]) => fields.get(field) === canonicalJson(value),
    ).length;
  return presetOrder.reduce((best, name) => (alike(name) > alike(best) ? name : best), 'quick');
}

/**
 * A preset's settings with some fields replaced. Variants join those of the preset, which stay:
 * else a comparison that is given one more encoding would take other settings for the preset's own
 * (a sinusoidal one without its scale, say), under the same names.
 */
function withChanges(preset: object, changes: object = {}): Readonly<Record<string, unknown>> {
  const fields: Readonly<Record<string, unknown>> = { ...preset };
  const replaced: Readonly<Record<string, unknown>> = { ...fields, ...changes };
  const [own, more] = [fields['variants'], 'variants' in changes ? changes.variants : undefined];
  return isRecord(own) && isRecord(more) ? { ...replaced, variants: { ...own, ...more } } : replaced;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function execute<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  names: readonly PresetName[],
  options: ExecuteOptions<Settings>,
): Promise<Report<Settings, Result, Row>> {
  const preset = options.preset ?? 'quick';
  const chosen = spec.presets[names.find((name) => name === preset) ?? 'quick'];
  if (chosen === undefined || !names.some((name) => name === preset)) {
    throw unknownName(`preset of ${spec.id}`, preset, names);
  }
  const isChanged = options.settings !== undefined && Object.keys(options.settings).length > 0;
  const settings = parseWith(
    spec.schema,
    withChanges(chosen.settings, options.settings),
    `${spec.id} settings`,
  );
  const prepared = await prepare(spec, settings, options);
  try {
    return await report(spec, { preset, isChanged, settings }, prepared, options);
  } finally {
    prepared.close?.();
  }
}

/** Where other processes work, too, one of them may be making the same data. */
async function prepare<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  settings: Settings,
  { reporter, pool }: ExecuteOptions<Settings>,
): Promise<PreparedInput<Input>> {
  for (;;) {
    try {
      return await spec.prepare(settings, reporter);
    } catch (error) {
      if (pool === undefined || !(error instanceof LockedError)) throw error;
      await sleep(1000);
    }
  }
}

async function perform<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  given: object,
  { piece, ...context }: PerformOptions,
): Promise<void> {
  const settings = parseWith(spec.schema, given, `${spec.id} settings`);
  const { input, data, close } = await spec.prepare(settings, context.reporter);
  try {
    if (piece === undefined) await compute(spec, settings, { input, data }, context);
    else await spec.run(settings, input, { ...context, piece });
  } catch (error) {
    if (!(error instanceof PieceDone)) throw error;
  } finally {
    close?.();
  }
}

/** A result that is found, or computed now, by this process or by those of the pool. */
async function compute<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  settings: Settings,
  { input, data }: Pick<PreparedInput<Input>, 'input' | 'data'>,
  {
    store,
    reporter,
    fresh,
    pool,
  }: Required<Pick<ExecuteOptions, 'reporter' | 'store' | 'fresh'>> & Pick<ExecuteOptions, 'pool'>,
): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
  const configuration = configurationOf(spec, settings, data);
  const about = {
    seeds: spec.seeds?.(settings) ?? [],
    steps: spec.steps?.(settings) ?? null,
    usesEngine: spec.usesEngine === true,
  };
  const job = { item: spec.id, settings, fresh, store: store.folder };
  if (pool !== undefined && spec.inPieces !== true) {
    const earlier = fresh ? undefined : await store.find(configuration).catch(() => undefined);
    if (earlier === undefined)
      await pool.run({ ...job, piece: null }, { label: spec.title, reporter, cost: 0 });
    const finished = present(await store.find<Result>(configuration), `result of ${spec.id}`);
    return { ...finished, reused: earlier !== undefined };
  }
  return measured({ store, reporter, fresh }, configuration, about, async () => {
    const remembering = new RememberingStore(store.folder);
    let secondsElsewhere = 0;
    const elsewhere =
      pool &&
      (async (pieces: readonly Piece[]): Promise<void> => {
        const startedAt = Date.now();
        const runs = pieces.map(({ title, index, name, cost, onCurve }) =>
          pool.run(
            { ...job, piece: { title, index } },
            { label: `${spec.id}: ${name}`, reporter, cost, onCurve },
          ),
        );
        await Promise.all(runs);
        secondsElsewhere += (Date.now() - startedAt) / 1000;
      });
    const result = await spec.run(settings, input, {
      reporter,
      store: remembering,
      fresh,
      ...(elsewhere && { elsewhere }),
    });
    return { result, parts: remembering.parts, secondsInParts: remembering.seconds + secondsElsewhere };
  });
}

function configurationOf<Settings>(
  { id: item, revision }: Pick<ExperimentSpec<Settings, never, never>, 'id' | 'revision'>,
  settings: Settings,
  data: readonly DataSource[],
): RunConfiguration {
  return { item, revision, libraryVersion, settings, data };
}

/** Settings, and the preset that they are of. */
interface Chosen<Settings> {
  readonly preset: string;
  readonly isChanged: boolean;
  readonly settings: Settings;
}

/** @throws NotRunError if there is none */
async function finishedRun<Result>(
  store: RunStore,
  configuration: RunConfiguration,
  preset: string,
): Promise<FinishedRun<Result> & { readonly reused: true }> {
  const finished = await store.find<Result>(configuration);
  if (finished === undefined)
    throw new NotRunError(`${configuration.item}: no finished run of preset ${preset}; run it first`);
  return { ...finished, reused: true };
}

/** The report of prepared settings: its result is found, or computed now. */
async function report<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  { preset, isChanged, settings }: Chosen<Settings>,
  { input, data, missing }: PreparedInput<Input>,
  options: ExecuteOptions<Settings>,
): Promise<Report<Settings, Result, Row>> {
  if (data.length === 0 && missing.length > 0) {
    throw new UsageError(`${spec.id}: none of its data is here: ${missing.join('; ')}`);
  }
  const { store = new RunStore(), reporter, fresh = false, computes = true, pool } = options;
  const { result, provenance, reused } = computes
    ? await compute(spec, settings, { input, data }, { store, reporter, fresh, ...(pool && { pool }) })
    : await finishedRun<Result>(store, configurationOf(spec, settings, data), preset);
  const labels = {
    preset: isChanged ? changed(preset) : preset,
    scale: spec.scale(settings, missing, input),
  };
  const drawing = spec.draw(result, settings);
  const uncompared = {
    item: spec.id,
    title: spec.title,
    question: spec.question,
    preset: labels.preset,
    settings,
    numbers: result,
    // Of an item without rows of its own, the first table's are of no narrower kind.
    rows: spec.rows?.(result) ?? ((drawing.tables[0]?.rows ?? []) as readonly Row[]),
    missing,
    provenance: labelled(provenance, labels),
    reused,
    ...drawing,
  };
  return { ...uncompared, comparison: await compared(uncompared, reporter) };
}
