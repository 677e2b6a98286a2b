// The definition of a paper item: its question, the paper's claim, its presets, how it is computed
// and how it is drawn.

import { type z } from 'zod';
import { type Reporter } from '../../base/progress';
import { type DataSource, type Provenance } from '../../report/provenance';
import { type TidyRow } from '../../report/rows';
import { type Drawing, type Report } from './report';
import { type PresetName } from '../settings/preset-names';
import { type MeasuringContext } from './measured';
import { type WorkerPool } from './pool';
import { type RunConfiguration, type RunStore } from './store';
import { type TrainedRunOptions } from './trained-run';

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
  /**
   * Trains models in other processes, so that they are found in the store afterwards, and gives
   * true; false if that is not worth the start of a process.
   */
  readonly elsewhere?: (pieces: readonly Piece[]) => Promise<boolean>;
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
  /** Trains the model, or finds it trained. */
  readonly run: (options: TrainedRunOptions) => Promise<unknown>;
}

/** Ends the work of a process that was to train one model of an item. */
export class PieceDone extends Error {}

/** How a process computes for another one: the item as a whole, or one model. */
export type PerformOptions = Omit<RunContext, 'elsewhere'>;

/** The definition of a paper item. `Result` must survive JSON: the run store keeps it so. */
export interface ExperimentSpec<Settings, Input, Result, Row extends TidyRow = TidyRow> {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Which finding answers the question, by its claim; default: the first. */
  readonly answer?: RegExp;
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

/** Options of a plan. */
export type PlanOptions = Pick<ExecuteOptions, 'preset' | 'settings' | 'reporter'> & {
  readonly store: RunStore;
};

/** A job of an item: one of its models, or the item as a whole. */
export interface PlannedJob {
  /** null for the item as a whole. */
  readonly piece: Pick<Piece, 'title' | 'index'> | null;
  readonly name: string;
  /** About how long it takes beside others of the item. */
  readonly cost: number;
  /** The store has its result. */
  readonly isDone: boolean;
  /** Seconds that the training of a done one took, where it is known. */
  readonly seconds: number | null;
  /** What is to be computed first for one that is not done. */
  readonly next: RunConfiguration | null;
}

/** The jobs that an item is made of. */
export interface Plan {
  /** Complete. */
  readonly settings: object;
  /**
   * In the order in which they are to begin. Those that need the results of others are in it as
   * soon as these are done.
   */
  readonly jobs: readonly PlannedJob[];
}

/** What the run of an item that ended last shows. */
export interface LatestRun extends Drawing {
  /** The preset that has its settings, or the most of them; then it ends in `, changed`. */
  readonly preset: string;
  /** Its scale is the preset's description: what was missing is not known without the data. */
  readonly provenance: Provenance;
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
  /** Which finding answers the question, by its claim; without it the first does. */
  readonly answer?: RegExp;
  readonly claim: string;
  readonly notebook: string;
  readonly presets: readonly NamedPreset[];
  /** True if it trains models that may each have a process of their own. */
  readonly inPieces: boolean;
  /** Meanings of the fields of the settings, by name. */
  readonly meanings: Readonly<Record<string, string>>;
  // A method: an item with settings of its own is an item.
  execute(options: ExecuteOptions<Settings>): Promise<Report<Settings, Result, Row>>;
  /** Computes for another process: the whole item, or one model; the store has it afterwards. */
  perform(settings: object, options: PerformOptions): Promise<void>;
  /** The jobs of which the item is made, and which of them are done. Nothing is computed. */
  plan(options: PlanOptions): Promise<Plan>;
  /**
   * The run that ended last, of this revision and library, and of one of these presets if some are
   * given; undefined if there is none.
   */
  readonly latest: (store?: RunStore, presets?: readonly PresetName[]) => Promise<LatestRun | undefined>;
}
