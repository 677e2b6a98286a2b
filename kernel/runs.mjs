// Runs cells one after another. Everything that a cell started belongs to its run, even after its
// end: it prints below that cell and hears that cell's signal.
//
// A stop may drop code here that waits for a promise (see activity.mjs). So the end of a run does
// not depend on it: hearing the stop ends the run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { forcedFailure, interruptFailure } from './errors.mjs';
import { show } from './display.mjs';
import { forgetHalfLoaded } from './library.mjs';
import { Output } from './output.mjs';

/**
 * @typedef {object} Outcome
 * @property {import('./errors.mjs').Failure} [failure]
 * @property {Record<string, unknown>} [result] the value of the last expression, one entry
 *   for each MIME type
 */

/** The runs of a notebook's cells. */
export class Runs {
  #cells;
  #activity;
  #context = new AsyncLocalStorage();
  #latest;
  /** The current run. */
  #current;
  /** What widgets called and has not ended, of runs that may have. */
  #calls = new Set();
  /** The latest run of each cell that asked for its signal: work may go on after its end. */
  #listening = new Map();

  /**
   * @param {import('./cells.mjs').Cells} cells
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(cells, activity) {
    this.#cells = cells;
    this.#activity = activity;
  }

  /** The output that current text belongs to; undefined before the first cell. */
  get output() {
    return this.#asking?.output;
  }

  /** The AbortSignal of the calling cell. */
  get signal() {
    const run = this.#asking;
    if (run !== undefined) {
      run.isListening = true;
      if (run.cell.output === run.output) this.#listening.set(run.cell.cellId ?? run, run);
    }
    return run?.abort.signal;
  }

  /** Makes the calling cell wait for an output before it ends, unless it is stopped. */
  awaitOutput(output) {
    this.#asking?.awaited.add(output);
  }

  /** Calls a listener when the calling cell, or what a widget called, fails or is stopped. */
  onFailure(listener) {
    this.#asking?.failureListeners.push(listener);
  }

  /** Whether all that runs asked for its signal. */
  get isListening() {
    const running = [...this.#calls, ...(this.#current === undefined ? [] : [this.#current])];
    return running.length > 0 && running.every(({ isListening }) => isListening);
  }

  /** Whether the outputs of the current code go elsewhere than below its cell. */
  get isCapturing() {
    const run = this.#asking;
    return run !== undefined && run.output !== run.cell.output;
  }

  /** The cell that the current code belongs to; undefined before the first cell. */
  get cell() {
    return this.#asking?.cell;
  }

  /** The run of the current code; code that no cell started belongs to the latest run. */
  get #asking() {
    return this.#context.getStore() ?? this.#latest;
  }

  /**
   * Starts to run a cell.
   *
   * @param {string} code
   * @param {number} number the number that the notebook shows in brackets
   * @param {import('./output.mjs').Output} output
   * @param {(outcome: Outcome) => void} finish called once
   * @param {string} [cellId] which cell of the notebook it is
   */
  begin(code, number, output, finish, cellId) {
    const run = { ...newRun(output), finish };
    run.cell = { output, cellId };
    this.#latest = run;
    this.#current = run;
    const { failure, compiled } = this.#cells.compile(code, number);
    if (failure !== undefined) return this.#end(run, { failure });
    // A stop that came while the compiler worked is heard in the event loop's next round.
    setImmediate(() => setImmediate(() => this.#start(run, compiled)));
  }

  #start(run, compiled) {
    if (run !== this.#current) return;
    void this.#context
      .run(run, () => this.#outcomeOf(run, compiled))
      .then((outcome) => this.#activity.protect(() => this.#end(run, outcome)));
  }

  async #outcomeOf(run, compiled) {
    const outcome = await this.#evaluate(compiled);
    for (const output of run.awaited) await output;
    return outcome;
  }

  /**
   * Does work for a cell that may have ended, such as what a widget calls.
   *
   * @template T
   * @param {{ output: Output, cellId?: string }} cell
   * @param {() => T} work
   * @param {Output} [output] where its texts and outputs go
   * @returns {Promise<Awaited<T>>} rejected as soon as it is stopped
   */
  within(cell, work, output = cell.output) {
    const call = { ...newRun(output), cell };
    this.#calls.add(call);
    const ended = this.#context.run(call, async () => {
      const value = await work();
      for (const awaited of call.awaited) await awaited;
      return value;
    });
    return new Promise((resolve, reject) => {
      call.stop = reject;
      ended
        .then(resolve, (thrown) => {
          this.#tellFailure(call);
          reject(thrown);
        })
        .finally(() => this.#calls.delete(call));
    });
  }

  /**
   * Does work whose texts, outputs and value go elsewhere than below the calling cell.
   *
   * @param {(type: string, content: object, extra?: object) => void} publish
   * @param {() => unknown} work
   */
  async capture(publish, work) {
    const output = new Output(publish, this.#activity);
    const value = await this.within(this.cell, work, output).finally(() => output.flush());
    const data = await show(value);
    if (data !== undefined) output.publish('display_data', { data, metadata: {} });
  }

  /**
   * Evaluates a cell. It is not protected from stops: a cell's code may run when it shows a value
   * or describes an error.
   */
  async #evaluate(compiled) {
    try {
      const { result, declared } = await this.#cells.evaluate(compiled);
      return { result: await show(result), declare: () => this.#cells.declare(compiled, declared) };
    } catch (thrown) {
      return { failure: this.#cells.describe(thrown) };
    }
  }

  /** Ends a run, unless it has ended. A failed or stopped cell declares nothing, then or later. */
  #end(run, { failure, result, declare }) {
    if (run !== this.#current) return;
    this.#current = undefined;
    declare?.();
    if (failure !== undefined) this.#tellFailure(run);
    run.finish({ failure, result });
  }

  /**
   * Ends the run, and what earlier ones left at work. Work ends if it listens to its signal.
   *
   * @param {boolean} [hasEnded] whether its code was ended where it stood, though it may listen
   */
  interrupt(hasEnded = false) {
    this.#stopCalls();
    this.#stopLeft();
    const run = this.#current;
    if (run === undefined) return;
    this.#current = undefined;
    forgetHalfLoaded();
    // The failure is made now: listeners may print, may never return, and may remove their advice.
    const { signal } = run.abort;
    const failure = hasEnded && run.isListening ? forcedFailure : interruptFailure(signal);
    setImmediate(() => this.#activity.protect(() => run.finish({ failure })));
    this.#stop(run);
  }

  #stopCalls() {
    for (const call of this.#calls) {
      this.#calls.delete(call);
      this.#stop(call);
      call.stop(stopReason());
    }
  }

  #stopLeft() {
    for (const run of this.#listening.values()) {
      if (run === this.#current || run.abort.signal.aborted || !canContinue(run)) continue;
      run.output.write('stderr', `${interruptFailure(run.abort.signal).evalue}\n`);
      this.#stop(run);
    }
  }

  #stop(run) {
    this.#tellFailure(run);
    this.#context.run(run, () => run.abort.abort(stopReason()));
  }

  #tellFailure(run) {
    for (const listener of run.failureListeners.splice(0)) this.#context.run(run, listener);
  }
}

const stopMessage = 'the cell was interrupted';
const stopReason = () => new DOMException(stopMessage, 'AbortError');

/** Whether a thrown value says no more than that work was stopped. */
export const isStop = (thrown) => thrown instanceof DOMException && thrown.message === stopMessage;

/** Whether a run has work under way that says what a stop keeps (see `withStopAdvice` in lib). */
const canContinue = (run) => run.abort.signal[Symbol.for('bipe.advice')] !== undefined;

function newRun(output) {
  return {
    output,
    abort: new AbortController(),
    isListening: false,
    awaited: new Set(),
    failureListeners: [],
  };
}
