// The training loop: updates, measurements, evaluations, early stop, checkpoints.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import { CheckpointError, DamagedRunError, DataError, systemCode, TrainingError } from '../base/errors';
import { formatCount, formatDuration } from '../base/format';
import { cellInterrupt } from '../base/interrupt';
import { displayPath } from '../base/paths';
import { silentReporter } from '../base/progress';
import { type NamedTensors } from '../engine/graph/specs';
import { memoryReport } from '../engine/memory';
import { readState, type RunPosition, statePath, writeState } from './checkpoint';
import { type EvaluationMetrics, type MachineFigures, type MetricsLine, MetricsLog } from './metrics';
import { type TrainingResult, type TrainingRun } from './run';
import { anotherConfiguration, configHash, writeConfig } from './run-config';
import { type EarlyStopState, nothingSeen, observe, reasonToStop } from './step/early-stop';
import { learningRateAt } from './step/schedule';
import { type Parameters, type StepDesign, zeroState } from './step/step';
import { parametersOf, Updates } from './updates';

/** Counters of a run. */
interface Progress {
  step: number;
  tokens: number;
  seconds: number;
  runningWeight: number;
  earlyStop: EarlyStopState;
}

/** A run under way. */
export class TrainingLoop {
  /** Since the last line of metrics: tokens, and seconds of updates alone. */
  private pace = { tokens: 0, seconds: 0 };
  private readonly signal: AbortSignal | undefined;
  /** Metrics whose overflow or NaN was already reported. */
  private readonly reported: Set<string>;

  private constructor(
    private readonly job: TrainingRun,
    private readonly design: StepDesign,
    /** Throws if another process has taken over the folder. */
    private readonly checkHeld: () => void,
    private readonly updates: Updates,
    private readonly progress: Progress,
    private readonly log: MetricsLog,
    /** True if it continues from a state in the folder. */
    private readonly resumed: boolean,
    /** The parameters of the best evaluation, where an early stop has seen one. */
    private best: Parameters | undefined,
  ) {
    this.signal = job.signal ?? cellInterrupt();
    this.reported = new Set(log.earlier.flatMap(notFinite).map(([name]) => name));
  }

  /** A loop at the run's checkpoint, or before its first step. */
  static async begin(job: TrainingRun, design: StepDesign, checkHeld: () => void): Promise<TrainingLoop> {
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
      const updates = new Updates(design, state, job);
      const loop = new TrainingLoop(job, design, checkHeld, updates, progress, log, resumed, best);
      best = undefined;
      return loop;
    } finally {
      disposeAll(best);
      // The updates have their own.
      tf.dispose(state);
    }
  }

  /** Trains until the run is finished, stopped early or interrupted. */
  async run(): Promise<TrainingResult> {
    const { plan, reporter = silentReporter } = this.job;
    const { progress } = this;
    reporter.note(
      `training: ${this.updates.captured ? 'each step is one captured graph' : 'steps run operation by operation'}`,
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
        // Before an evaluation too, which may take long, and be stopped or killed: the run then
        // continues with the evaluation.
        if (saves) await this.checkpoint();
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
    return { ...ended, step: progress.step, ...(best && { best }), parameters: this.updates.parameters() };
  }

  /** Disposes its tensors and closes its files. */
  close(): void {
    this.updates.dispose();
    disposeAll(this.best);
    this.log.close();
  }

  /** True if work that is done every so many steps, and at the end, is due at this step. */
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

  /** Outcome and reason, if the run is over. */
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

  /** Makes one update. @returns false if it was stopped between two of its batches */
  private async advance(): Promise<boolean> {
    const { progress } = this;
    const started = performance.now();
    const step = progress.step + 1;
    const done = await this.updates.next(step, this.learningRate(step), () => this.isStopped());
    if (done === undefined) return false;
    progress.step = step;
    progress.tokens += done.tokens;
    progress.runningWeight += done.weight;
    const seconds = (performance.now() - started) / 1000;
    progress.seconds += seconds;
    this.pace = { tokens: this.pace.tokens + done.tokens, seconds: this.pace.seconds + seconds };
    await nextTurn();
    return true;
  }

  private learningRate(step: number): number {
    const { schedule, steps } = this.job.plan;
    return learningRateAt(schedule, step, steps);
  }

  /** Tells whether to stop, after signals, timers and a notebook's display had their turn. */
  private async isStopped(): Promise<boolean> {
    await nextTurn();
    return this.signal?.aborted === true;
  }

  /** Writes a line of metrics and resets the running loss. @returns the line in words */
  private async measure(): Promise<string> {
    const { progress, pace } = this;
    const started = performance.now();
    const { loss, gradientNorm } = await this.finiteLoss();
    const waited = (performance.now() - started) / 1000;
    progress.seconds += waited;
    const tokensPerSecond = pace.tokens / (pace.seconds + waited);
    const mean = loss / progress.runningWeight;
    this.write({
      kind: 'training',
      step: progress.step,
      loss: mean,
      learningRate: this.learningRate(progress.step),
      gradientNorm,
      tokens: progress.tokens,
      machine: { ...this.machine(), tokensPerSecond },
    });
    this.updates.resetLoss();
    progress.runningWeight = 0;
    this.pace = { tokens: 0, seconds: 0 };
    return `${formatCount(tokensPerSecond)} tokens/s, loss ${mean.toPrecision(4)}`;
  }

  private async evaluate(measure: NonNullable<TrainingRun['evaluate']>): Promise<void> {
    const { plan, folder, exportModel } = this.job;
    const { progress } = this;
    const started = performance.now();
    let parameters: Parameters | undefined = this.updates.parameters();
    try {
      const metrics = await measure(parameters, progress.step);
      progress.seconds += (performance.now() - started) / 1000;
      const line = { kind: 'evaluation', step: progress.step, metrics, machine: this.machine() } as const;
      this.write(line);
      this.reportNotFinite(line);
      if (plan.earlyStop === undefined) return;
      progress.earlyStop = observe(plan.earlyStop, progress.earlyStop, progress.step, metrics);
      if (progress.earlyStop.best?.step !== progress.step) return;
      await exportModel?.(join(folder, 'best'), parameters, progress.step);
      [this.best, parameters] = [parameters, this.best];
    } finally {
      disposeAll(parameters);
    }
  }

  private write(line: MetricsLine): void {
    // A folder that is gone is said to be, not its lock.
    this.log.checkPlace();
    this.checkHeld();
    this.log.write(line);
    this.job.onMetrics?.(line);
  }

  /** Once for each metric of a run: a perplexity that has overflowed will do so again. */
  private reportNotFinite(line: EvaluationMetrics): void {
    const { reporter = silentReporter } = this.job;
    for (const [name, value] of notFinite(line)) {
      if (this.reported.has(name)) continue;
      this.reported.add(name);
      const what = Number.isNaN(value) ? 'is not a number' : 'overflowed';
      reporter.note(
        `evaluation: ${name} ${what} at step ${formatCount(line.step)}; the metrics have ${value}, and training continues`,
        'warning',
      );
    }
  }

  private async checkpoint(): Promise<void> {
    const { folder, config, batches, exportModel } = this.job;
    // A state that cannot be trained any further must not take the place of one that can.
    await this.finiteLoss();
    this.log.flush();
    this.checkHeld();
    const position: RunPosition = {
      ...this.progress,
      batches: batches.state(),
      config: configHash(config),
      metrics: this.log.extent(),
    };
    const tensors = this.updates.state();
    try {
      await writeState(folder, this.design, { tensors, position, ...(this.best && { best: this.best }) });
      await exportModel?.(join(folder, 'checkpoint'), parametersOf(this.design, tensors), this.progress.step);
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
    const { step, earlyStop } = this.progress;
    const parameters = this.updates.parameters();
    try {
      await exportModel?.(join(folder, 'checkpoint'), parameters, step);
      if (this.best !== undefined)
        await exportModel?.(join(folder, 'best'), this.best, earlyStop.best?.step ?? step);
    } finally {
      disposeAll(parameters);
    }
  }

  /**
   * The summed loss and the norm of the last gradient.
   *
   * @throws TrainingError if one of them is not finite
   */
  private async finiteLoss(): Promise<{ readonly loss: number; readonly gradientNorm: number }> {
    const { loss, gradientNorm } = await this.updates.readLoss();
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return { loss, gradientNorm };
    const what = Number.isFinite(loss) ? 'gradient' : 'loss';
    throw new TrainingError(
      `${displayPath(this.job.folder)}: the ${what} is not finite at step ${this.progress.step}; lower the learning rate, warm up longer, or clip the gradient`,
    );
  }

  private machine(): MachineFigures {
    const { numTensors, tensorBytes, peakResidentBytes } = memoryReport();
    return {
      wallTime: Date.now() / 1000,
      seconds: this.progress.seconds,
      tensors: numTensors,
      tensorBytes,
      peakResidentBytes,
      captured: this.updates.captured,
    };
  }
}

/** A run's own files, as they are read. Wrong content is damage; a failing disk is not. */
async function ofTheRun<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const isWrong = error instanceof CheckpointError || error instanceof DataError;
    if (!isWrong || systemCode(error.cause) !== undefined) throw error;
    throw new DamagedRunError(error.message, { cause: error });
  }
}

/** Metrics of an evaluation that are NaN or infinite. */
function notFinite(line: MetricsLine): [name: string, value: number][] {
  return line.kind === 'evaluation'
    ? Object.entries(line.metrics).filter(([, value]) => !Number.isFinite(value))
    : [];
}

function disposeAll(parameters: Parameters | undefined): void {
  tf.dispose([...(parameters?.values() ?? [])]);
}
