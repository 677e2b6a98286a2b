// Running an item: its settings are checked, its data made ready, its result found or computed, by
// this process or by others, drawn, and compared with the reference.

import { setTimeout as sleep } from 'node:timers/promises';
import { DataError, LockedError, NotRunError, UsageError } from '../../base/errors';
import { unknownName } from '../../base/suggest';
import { type Reporter } from '../../base/progress';
import { withStopAdvice } from '../../base/interrupt';
import { present } from '../../base/present';
import { parseWith } from '../../base/schema';
import { libraryVersion } from '../../base/version';
import { needsThisProcess } from '../../positional/registry';
import { type DataSource, labelled } from '../../report/provenance';
import { type TidyRow } from '../../report/rows';
import { type Compared, compareWith } from './compare';
import { type ReferenceComparison, type Report } from './report';
import { changed, type PresetName, unchanged } from '../settings/preset-names';
import { answerOf } from './findings';
import { readReference } from './reference';
import { measured } from './measured';
import { adviceAfterStop } from './trained-run';
import { type FinishedRun, RememberingStore, type RunConfiguration, RunStore } from './store';
import {
  type ExecuteOptions,
  type ExperimentSpec,
  type PerformOptions,
  type Piece,
  PieceDone,
  type PreparedInput,
} from './definition';

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

/**
 * The settings of a run: those of the preset, with what replaces them.
 *
 * @throws UsageError if the item has no such preset; ConfigError for settings that are not right
 */
export function choose<Settings extends object>(
  spec: Pick<ExperimentSpec<Settings, never, never>, 'id' | 'presets' | 'schema'>,
  names: readonly PresetName[],
  options: Pick<ExecuteOptions<Settings>, 'preset' | 'settings'>,
): Chosen<Settings> {
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
  return { preset, isChanged, settings };
}

/**
 * The report of an item.
 *
 * @throws as `choose`
 */
export async function execute<Settings extends object, Input, Result, Row extends TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
  names: readonly PresetName[],
  options: ExecuteOptions<Settings>,
): Promise<Report<Settings, Result, Row>> {
  const chosen = choose(spec, names, options);
  const prepared = await prepare(spec, chosen.settings, options);
  try {
    return await report(spec, chosen, prepared, options);
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

/**
 * Computes the whole item, or one of its models; the store has it afterwards.
 *
 * @param given complete settings, which are checked again
 */
export async function perform<Settings extends object, Input, Result, Row extends TidyRow>(
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
  { store, reporter, fresh, pool: given }: Omit<PerformOptions, 'piece'> & Pick<ExecuteOptions, 'pool'>,
): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
  const configuration = configurationOf(spec, settings, data);
  const about = {
    seeds: spec.seeds?.(settings) ?? [],
    steps: spec.steps?.(settings) ?? null,
    usesEngine: spec.usesEngine === true,
  };
  const job = { item: spec.id, settings, fresh, store: store.folder };
  const pool = needsThisProcess(settings) ? undefined : given;
  if (pool !== undefined && spec.inPieces !== true) {
    // One that is damaged is told by the process that computes it anew.
    const earlier = fresh ? undefined : await store.find<Result>(configuration).catch(() => undefined);
    if (earlier !== undefined) return { ...earlier, reused: true };
    await pool.run({ ...job, piece: null }, { label: spec.id, reporter, cost: 0 });
    return { ...present(await store.find<Result>(configuration), `result of ${spec.id}`), reused: false };
  }
  return measured({ store, reporter, fresh }, configuration, about, async () => {
    const remembering = new RememberingStore(store.folder);
    let secondsElsewhere = 0;
    const elsewhere =
      pool &&
      (async (pieces: readonly Piece[]): Promise<boolean> => {
        if (!pool.isWorth(pieces.map(({ cost }) => cost))) return false;
        const startedAt = Date.now();
        const runs = pieces.map(({ title, index, name, cost, onCurve }) =>
          pool.run(
            { ...job, piece: { title, index } },
            { label: `${spec.id}: ${name}`, reporter, cost, onCurve },
          ),
        );
        await withStopAdvice(adviceAfterStop(fresh), () => Promise.all(runs));
        secondsElsewhere += (Date.now() - startedAt) / 1000;
        return true;
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

/** @throws UsageError if an item that needs data has none */
export function checkData(item: string, data: readonly DataSource[], missing: readonly string[]): void {
  if (data.length === 0 && missing.length > 0)
    throw new UsageError(`${item}: none of its data is here: ${missing.join('; ')}`);
}

/** Everything that the item's own result depends on. */
export function configurationOf<Settings>(
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
  checkData(spec.id, data, missing);
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
    answer: answerOf(spec, drawing.findings),
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
