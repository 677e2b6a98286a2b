// The training loop: steps, accumulation, measurements, evaluations, early stop, checkpoints. It
// knows no model and no task, only parameters, a loss and batches. A run that is interrupted at any
// step, killed too, and resumed measures the same numbers bit for bit (on one machine and backend)
// as one that was not.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { bipe } from '../base/command';
import {
  CheckpointError,
  ConfigError,
  DamagedRunError,
  DataError,
  systemCode,
  TrainingError,
  UsageError,
} from '../base/errors';
import {
  makeFolder,
  readTextFile,
  removeLeftovers,
  sha256,
  writeError,
  writeFileAtomic,
} from '../base/files';
import { formatCount, formatDuration } from '../base/format';
import { cellInterrupt, withStopAdvice } from '../base/interrupt';
import { canonicalJson, fromJson, toJson } from '../base/json';
import { displayPath } from '../base/paths';
import { present } from '../base/present';
import { type Reporter, silentReporter } from '../base/progress';
import { errorAt } from '../base/schema';
import { withLock } from '../data/io/lock';
import { capture, type CapturedStep } from '../engine/graph/capture';
import { bfloat16IsSlow } from '../engine/native/bfloat16';
import { nativeBackend } from '../engine/native/binding';
import { type ProductType } from '../engine/graph/program';
import { type NamedTensors } from '../engine/graph/specs';
import { memoryReport } from '../engine/memory';
import { type AdamWSettings, type ParameterShape, planBundles } from './step/adamw';
import { type BatchSource, batchTensors } from './step/batches';
import { readState, type RunPosition, statePath, writeState } from './checkpoint';
import {
  type EarlyStopSettings,
  type EarlyStopState,
  nothingSeen,
  observe,
  reasonToStop,
} from './step/early-stop';
import { type EvaluationMetrics, type MachineFigures, type MetricsLine, MetricsLog } from './metrics';
import { learningRateAt, type ScheduleSettings } from './step/schedule';
import {
  type LossFunction,
  type Parameters,
  runningLossKey,
  type StepDesign,
  trainingStep,
  updateScalars,
  zeroState,
} from './step/step';

/** How long and how to train. */
export interface TrainingPlan {
  /** Updates of the parameters. */
  readonly steps: number;
  /** Batches whose gradients make one update. Default 1. */
  readonly accumulation?: number;
  readonly optimizer: AdamWSettings;
  readonly schedule: ScheduleSettings;
  /** The largest global norm of the gradient. Default: no clipping. */
  readonly clipNorm?: number;
  /**
   * What a step rounds the factors and results of its matrix products to. Everything else, and
   * every evaluation, is float32. `bfloat16` needs an engine that captures steps. Default
   * `float32`.
   */
  readonly products?: ProductType;
  /** Steps between two lines of metrics. The loss is read from the device this often only. */
  readonly logEvery: number;
  /** Steps between two checkpoints; there is one at the end in any case. */
  readonly checkpointEvery: number;
  /** Steps between two evaluations; there is one after the last step in any case. */
  readonly evaluateEvery?: number;
  readonly earlyStop?: EarlyStopSettings;
}

/** What is trained, on what, and where the run is kept. */
export interface TrainingRun {
  /** The run's folder: `config.json`, `metrics.jsonl`, TensorBoard events, `checkpoint/`. */
  readonly folder: string;
  /** All that the run's numbers depend on, as JSON: kept, and compared on resuming. */
  readonly config: unknown;
  /**
   * What messages about the settings begin with, e.g. the file they are from. Default `training`.
   */
  readonly where?: string;
  /**
   * Go on where the run in the folder stopped, if there is one. Default: a run that is there is an
   * error.
   */
  readonly resume?: boolean;
  readonly plan: TrainingPlan;
  /** What is trained, in the order of a checkpoint. */
  readonly parameters: readonly ParameterShape[];
  /**
   * Its values before training: asked for once, unless the folder's checkpoint has others, and
   * disposed here.
   */
  readonly initial: () => Parameters;
  readonly loss: LossFunction;
  readonly batches: BatchSource;
  /**
   * Numbers by name. It must dispose what it makes, and depend on nothing but the parameters and
   * the step.
   */
  readonly evaluate?: (parameters: Parameters, step: number) => Promise<Readonly<Record<string, number>>>;
  /**
   * Writes the model alone, for those who use it, into `checkpoint/` and, with an early stop,
   * `best/`. A resumed run calls it at once: the run's state decides what its models are, not what
   * a killed process left of them.
   */
  readonly exportModel?: (folder: string, parameters: Parameters) => Promise<void>;
  /** Default `captured`: whole steps run as one native graph where the backend can do that. */
  readonly execution?: 'captured' | 'eager';
  readonly reporter?: Reporter;
  /**
   * Told where it stands before it takes a step, also when it goes on; not where there is nothing
   * left to do.
   */
  readonly onBegin?: (position: TrainingPosition) => Promise<void>;
  /** Told each line of metrics as it is written, e.g. to draw a live curve. */
  readonly onMetrics?: (line: MetricsLine) => void;
  /**
   * Stops after the current batch, with a checkpoint of the last whole step. Default: the
   * notebook's stop button.
   */
  readonly signal?: AbortSignal;
}

/** How much of a training is done. */
export interface TrainingPosition {
  readonly step: number;
  /** Of training and evaluation until here, pauses left out. */
  readonly seconds: number;
}

/** How a training ended. */
export interface TrainingResult {
  readonly outcome: 'finished' | 'stopped early' | 'interrupted';
  /** Why, in words. */
  readonly reason: string;
  /** Steps done in all. */
  readonly step: number;
  /** Of the metric that early stop watches, where it does. */
  readonly best?: { readonly value: number; readonly step: number };
  /** The trained parameters, the caller's to dispose. */
  readonly parameters: Parameters;
}

/**
 * Trains, or goes on training.
 *
 * @throws UsageError if the folder holds a run and `resume` is not set
 * @throws ConfigError if the folder's run has another configuration, or a setting does not fit the
 *   parameters or the engine
 * @throws TrainingError if the loss is no number any more; the last checkpoint is kept
 * @throws DamagedRunError if the state or the metrics of the run to resume are not what it wrote
 * @throws MachineError if the folder cannot be written, is moved or deleted, or another process
 *   trains in it
 */
export async function train(run: TrainingRun): Promise<TrainingResult> {
  // Before anything is written: a configuration that is not right leaves no folder behind.
  const design = designOf(run);
  checkProducts(run);
  await makeFolder(run.folder).catch((error: unknown) => {
    throw writeError(run.folder, error);
  });
  return withLock(join(run.folder, lockName), 'this run', async () => {
    // With the lock, nobody else writes here: what a killed process had begun is nobody's.
    for (const part of ['', ...modelFolders]) await removeLeftovers(join(run.folder, part));
    await checkFolder(run);
    const loop = await Loop.begin(run, design);
    try {
      return await withStopAdvice(adviceAfterStop(run), () => loop.run());
    } finally {
      loop.close();
    }
  });
}

function adviceAfterStop({ folder, resume = false }: TrainingRun): string {
  const how = resume ? 'run the cell again' : `resume the run in ${displayPath(folder)}`;
  return `what was trained is kept; to go on, ${how}`;
}

const lockName = 'training.lock';
/** Of the run's state, and with an early stop of the best evaluation. */
const modelFolders = ['checkpoint', 'best'] as const;

function designOf({ plan, parameters, loss, where = 'training' }: TrainingRun): StepDesign {
  try {
    return {
      loss,
      parameters,
      bundles: planBundles(parameters, plan.optimizer),
      optimizer: plan.optimizer,
      clipNorm: plan.clipNorm,
      accumulation: plan.accumulation ?? 1,
    };
  } catch (error) {
    throw errorAt(where, error);
  }
}

/**
 * Steps that run operation by operation would silently compute in float32; what is only slow is
 * said.
 */
function checkProducts({ plan, execution, where = 'training', reporter }: TrainingRun): void {
  if (plan.products !== 'bfloat16') return;
  if (execution === 'eager' || nativeBackend() === undefined)
    throw new ConfigError(
      `${where}: products: bfloat16 is for captured steps, and here they run operation by operation; leave it out, or see ${bipe('doctor')} for the native engine`,
    );
  if (bfloat16IsSlow())
    reporter?.note(
      `${where}: products: bfloat16 takes several times as long as float32 on this processor, which has no instructions for it; leave it out unless you want its rounding`,
      'warning',
    );
}

/** The file of a run's configuration. */
function configPath(folder: string): string {
  return join(folder, 'config.json');
}

/** What a run reads of its own: what is wrong with it, if it can be read at all, is damage. */
async function ofTheRun<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const isWrong = error instanceof CheckpointError || error instanceof DataError;
    if (!isWrong || systemCode(error.cause) !== undefined) throw error;
    throw new DamagedRunError(error.message, { cause: error });
  }
}

async function writeConfig({ folder, config }: TrainingRun): Promise<void> {
  const path = configPath(folder);
  if (!existsSync(path)) await writeFileAtomic(path, `${toJson(config, 2)}\n`);
}

/** Makes sure that the folder is this run's. */
async function checkFolder({ folder, config, resume = false }: TrainingRun): Promise<void> {
  const path = configPath(folder);
  const isThere = existsSync(path);
  if (!resume && (isThere || existsSync(statePath(folder)))) {
    throw new UsageError(
      `${displayPath(folder)}: holds a run already; resume it (--resume), or choose another folder`,
    );
  }
  if (!isThere) return;
  let earlier: unknown;
  try {
    earlier = fromJson(await readTextFile(path));
  } catch (error) {
    throw new ConfigError(`${displayPath(path)}: damaged; choose another folder`, { cause: error });
  }
  if (configHash(earlier) !== configHash(config)) throw anotherConfiguration(path);
}

/** What a state knows of its configuration: `config.json` may be gone. */
function configHash(config: unknown): string {
  return sha256(canonicalJson(fromJson(toJson(config))));
}

function anotherConfiguration(path: string): ConfigError {
  return new ConfigError(
    `${displayPath(path)}: the run there has another configuration; resume with that one, or choose another folder`,
  );
}

/** What a loop counts while it runs. */
interface Progress {
  step: number;
  tokens: number;
  seconds: number;
  runningWeight: number;
  earlyStop: EarlyStopState;
}

type Step = CapturedStep<NamedTensors, NamedTensors, NamedTensors>;

/** The numbers of an evaluation that are none, or infinite, by name. */
function notFinite(line: MetricsLine): [name: string, value: number][] {
  return line.kind === 'evaluation'
    ? Object.entries(line.metrics).filter(([, value]) => !Number.isFinite(value))
    : [];
}

class Loop {
  /** The norm of the last step's gradient, a scalar. */
  private norm: tf.Tensor | undefined;
  /** Since the last line of metrics: tokens, and seconds of steps alone. */
  private pace = { tokens: 0, seconds: 0 };
  private readonly signal: AbortSignal | undefined;
  /** Metrics that were said to be no finite numbers. */
  private readonly saidOf: Set<string>;

  private constructor(
    private readonly job: TrainingRun,
    private readonly design: StepDesign,
    private readonly step: Step,
    private readonly progress: Progress,
    private readonly log: MetricsLog,
    /** Whether it goes on from a state in the folder. */
    private readonly resumed: boolean,
    /** The parameters of the best evaluation, where an early stop has seen one. */
    private best: Parameters | undefined,
  ) {
    this.signal = job.signal ?? cellInterrupt();
    this.saidOf = new Set(log.earlier.flatMap(notFinite).map(([name]) => name));
  }

  /** At the run's checkpoint, or before its first step. */
  static async begin(job: TrainingRun, design: StepDesign): Promise<Loop> {
    const { folder, batches } = job;
    let state: NamedTensors = {};
    let best: Parameters | undefined;
    let measured: RunPosition['metrics'] | undefined;
    let progress: Progress = { step: 0, tokens: 0, seconds: 0, runningWeight: 0, earlyStop: nothingSeen };
    const resumed = existsSync(statePath(folder));
    try {
      if (resumed) {
        const stored = await ofTheRun(readState(folder, design));
        ({ tensors: state, best } = stored);
        const { batches: place, config, metrics, ...counts } = stored.position;
        measured = metrics;
        if (config !== configHash(job.config)) throw anotherConfiguration(statePath(folder));
        batches.restore(place);
        progress = counts;
      } else {
        state = Object.fromEntries(job.initial());
      }
      state = { ...state, ...zeroState(design, state) };
      await writeConfig(job);
      const log = await ofTheRun(MetricsLog.open(folder, measured));
      if ((measured?.lines ?? 0) > log.earlier.length)
        job.reporter?.note(
          `${displayPath(folder)}: its metrics are gone; they begin anew after step ${formatCount(progress.step)}`,
          'warning',
        );
      const eager = job.execution === 'eager';
      const { products = 'float32' } = job.plan;
      const step = capture(trainingStep(design), {
        state,
        name: 'the training step',
        eager,
        products,
      });
      const loop = new Loop(job, design, step, progress, log, resumed, best);
      best = undefined;
      return loop;
    } finally {
      tf.dispose([...(best?.values() ?? [])]);
      // The step has its own.
      tf.dispose(state);
    }
  }

  async run(): Promise<TrainingResult> {
    const { plan, reporter = silentReporter } = this.job;
    const { progress } = this;
    reporter.note(
      `training: ${this.step.captured ? 'each step is one captured graph' : 'steps run operation by operation'}`,
    );
    const task = reporter.task('training', plan.steps, 'steps');
    task.update(progress.step);
    let ended = this.ended();
    let note = 'stopped by an error';
    try {
      if (this.resumed) await this.exportModels();
      if (ended === undefined) await this.job.onBegin?.({ step: progress.step, seconds: progress.seconds });
      while (ended === undefined) {
        if (this.owedEvaluation() === undefined && (await this.advance()) && this.isDue(plan.logEvery))
          task.update(progress.step, await this.measure());
        const evaluate = this.owedEvaluation();
        const saves = evaluate !== undefined || this.isDue(plan.checkpointEvery);
        if (saves) await this.checkpoint();
        // It may take long, and be stopped or killed: the training is kept, and goes on with the
        // evaluation.
        if (evaluate !== undefined) await this.evaluate(evaluate);
        ended = this.ended();
        if (ended !== undefined && (evaluate !== undefined || !saves)) await this.checkpoint();
        task.update(progress.step);
      }
      note = `${ended.reason}; ${formatDuration(progress.seconds)}`;
    } finally {
      task.finish(note);
    }
    const { best } = progress.earlyStop;
    return { ...ended, step: progress.step, ...(best && { best }), parameters: this.parameters() };
  }

  close(): void {
    this.norm?.dispose();
    tf.dispose([...(this.best?.values() ?? [])]);
    this.step.dispose();
    this.log.close();
  }

  /** Whether something that is done every so many steps, and at the end, is done at this step. */
  private isDue(every: number | undefined): boolean {
    const { step } = this.progress;
    return step === this.job.plan.steps || (every !== undefined && step % every === 0);
  }

  /** The evaluation, where one is due at this step and its line is not there. */
  private owedEvaluation(): TrainingRun['evaluate'] {
    const { plan, evaluate } = this.job;
    const { step } = this.progress;
    return step > 0 && this.isDue(plan.evaluateEvery) && this.log.evaluatedAt !== step ? evaluate : undefined;
  }

  /** Whether the run is over, and why. */
  private ended(): Pick<TrainingResult, 'outcome' | 'reason'> | undefined {
    const { plan } = this.job;
    const { step, earlyStop } = this.progress;
    const enough = plan.earlyStop && reasonToStop(plan.earlyStop, earlyStop);
    if (enough !== undefined) return { outcome: 'stopped early', reason: enough };
    if (step >= plan.steps && this.owedEvaluation() === undefined)
      return { outcome: 'finished', reason: `${formatCount(step)} steps done` };
    if (this.signal?.aborted === true)
      return { outcome: 'interrupted', reason: `interrupted after step ${formatCount(step)}` };
    return undefined;
  }

  /**
   * One update of the parameters. @returns false if it was given up between two of its batches, as
   * if not begun
   */
  private async advance(): Promise<boolean> {
    const { plan, batches } = this.job;
    const { design, progress } = this;
    const started = performance.now();
    const step = progress.step + 1;
    // What the batches before the last change, but for the sum of gradients, which no state keeps.
    const before =
      design.accumulation > 1 ? { loss: this.runningLoss(), batches: batches.state() } : undefined;
    let [weight, tokens] = [0, 0];
    try {
      for (let left = design.accumulation; left > 0; left--) {
        if (before !== undefined && left < design.accumulation && (await this.isStopped())) {
          this.step.writeState({ [runningLossKey]: before.loss });
          batches.restore(before.batches);
          return false;
        }
        const batch = await batches.next();
        weight += batch.weight;
        tokens += batch.tokens;
        const learningRate = learningRateAt(plan.schedule, step, plan.steps);
        const scalars = left === 1 ? updateScalars(design, { step, weight, learningRate }) : {};
        const inputs = { ...batchTensors(batch), ...scalars };
        const { gradientNorm } = this.step.run(inputs);
        tf.dispose(inputs);
        if (gradientNorm === undefined) continue;
        this.norm?.dispose();
        this.norm = gradientNorm;
      }
    } finally {
      before?.loss.dispose();
    }
    progress.step = step;
    progress.tokens += tokens;
    progress.runningWeight += weight;
    const seconds = (performance.now() - started) / 1000;
    progress.seconds += seconds;
    this.pace = { tokens: this.pace.tokens + tokens, seconds: this.pace.seconds + seconds };
    await nextTurn();
    return true;
  }

  /**
   * Whether to stop, after signals, timers and a notebook's display had their turn: a batch does
   * not give them any.
   */
  private async isStopped(): Promise<boolean> {
    await nextTurn();
    return this.signal?.aborted === true;
  }

  /** A scalar, the caller's to dispose. */
  private runningLoss(): tf.Tensor {
    return this.step.readState([runningLossKey])[runningLossKey];
  }

  /** Writes a line of metrics and sets the running loss to zero. @returns it in words */
  private async measure(): Promise<string> {
    const { plan, onMetrics } = this.job;
    const { progress, pace } = this;
    const started = performance.now();
    const { loss, gradientNorm } = await this.readLoss();
    const waited = (performance.now() - started) / 1000;
    progress.seconds += waited;
    const tokensPerSecond = pace.tokens / (pace.seconds + waited);
    const line: MetricsLine = {
      kind: 'training',
      step: progress.step,
      loss: loss / progress.runningWeight,
      learningRate: learningRateAt(plan.schedule, progress.step, plan.steps),
      gradientNorm,
      tokens: progress.tokens,
      machine: { ...this.machine(), tokensPerSecond },
    };
    this.log.write(line);
    onMetrics?.(line);
    const zero = tf.scalar(0);
    this.step.writeState({ [runningLossKey]: zero });
    zero.dispose();
    progress.runningWeight = 0;
    this.pace = { tokens: 0, seconds: 0 };
    return `${formatCount(tokensPerSecond)} tokens/s, loss ${line.loss.toPrecision(4)}`;
  }

  private async evaluate(measure: NonNullable<TrainingRun['evaluate']>): Promise<void> {
    const { plan, folder, exportModel, onMetrics } = this.job;
    const { progress } = this;
    const started = performance.now();
    let parameters: Parameters | undefined = this.parameters();
    try {
      const metrics = await measure(parameters, progress.step);
      progress.seconds += (performance.now() - started) / 1000;
      const line: MetricsLine = {
        kind: 'evaluation',
        step: progress.step,
        metrics,
        machine: this.machine(),
      };
      this.log.write(line);
      onMetrics?.(line);
      this.sayIfNotFinite(line);
      if (plan.earlyStop === undefined) return;
      progress.earlyStop = observe(plan.earlyStop, progress.earlyStop, progress.step, metrics);
      if (progress.earlyStop.best?.step !== progress.step) return;
      await exportModel?.(join(folder, 'best'), parameters);
      [this.best, parameters] = [parameters, this.best];
    } finally {
      tf.dispose([...(parameters?.values() ?? [])]);
    }
  }

  /** Once for each metric of a run: a perplexity that has overflowed will do so again. */
  private sayIfNotFinite(line: EvaluationMetrics): void {
    const { reporter = silentReporter } = this.job;
    for (const [name, value] of notFinite(line)) {
      if (this.saidOf.has(name)) continue;
      this.saidOf.add(name);
      const what = Number.isNaN(value) ? 'is not a number' : 'overflowed';
      reporter.note(
        `evaluation: ${name} ${what} at step ${formatCount(line.step)}; the metrics have it as ${value}, and training goes on`,
        'warning',
      );
    }
  }

  private async checkpoint(): Promise<void> {
    const { folder, config, batches, exportModel } = this.job;
    // A state that cannot be trained any further must not take the place of one that can.
    await this.readLoss();
    this.log.flush();
    const position: RunPosition = {
      ...this.progress,
      batches: batches.state(),
      config: configHash(config),
      metrics: this.log.extent(),
    };
    const tensors = this.step.readState();
    try {
      await writeState(folder, this.design, { tensors, position, ...(this.best && { best: this.best }) });
      await exportModel?.(join(folder, 'checkpoint'), parametersOf(this.design, tensors));
      // Else a folder that was deleted meanwhile would be there again, with these files alone.
      this.log.checkPlace();
      await writeConfig(this.job);
    } finally {
      tf.dispose(tensors);
    }
  }

  /** Writes the models that belong to the state: those in the folder may be older, or gone. */
  private async exportModels(): Promise<void> {
    const { folder, exportModel } = this.job;
    const parameters = this.parameters();
    try {
      await exportModel?.(join(folder, 'checkpoint'), parameters);
      if (this.best !== undefined) await exportModel?.(join(folder, 'best'), this.best);
    } finally {
      tf.dispose([...parameters.values()]);
    }
  }

  /**
   * The running loss and the norm of the last gradient, from the device.
   *
   * @throws TrainingError if they are no numbers
   */
  private async readLoss(): Promise<{ readonly loss: number; readonly gradientNorm: number }> {
    const running = this.runningLoss();
    const [loss = Number.NaN] = await running.data();
    // None yet where a resumed run is stopped within its first step.
    const [gradientNorm = 0] = (await this.norm?.data()) ?? [];
    running.dispose();
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return { loss, gradientNorm };
    const what = Number.isFinite(loss) ? 'gradient' : 'loss';
    throw new TrainingError(
      `${displayPath(this.job.folder)}: the ${what} is no finite number at step ${this.progress.step}; lower the learning rate, warm up longer, or clip the gradient`,
    );
  }

  /** The parameters' present values, the caller's to dispose. */
  private parameters(): Parameters {
    const names = this.design.parameters.map(({ name }) => name);
    const state = this.step.readState(names);
    return parametersOf(this.design, state);
  }

  private machine(): MachineFigures {
    const { numTensors, tensorBytes, peakResidentBytes } = memoryReport();
    return {
      wallTime: Date.now() / 1000,
      seconds: this.progress.seconds,
      tensors: numTensors,
      tensorBytes,
      peakResidentBytes,
      captured: this.step.captured,
    };
  }
}

function parametersOf({ parameters }: StepDesign, state: NamedTensors): Parameters {
  return new Map(parameters.map(({ name }) => [name, present(state[name], name)]));
}
