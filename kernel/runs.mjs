// Runs of cells, one after another. Whatever a cell began belongs to its run, also what goes on
// after its end: it prints below that cell and hears that cell's signal.
//
// A stop may drop whatever waits for a promise here (see activity.mjs). So nothing depends on that:
// who hears the stop ends the run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { forcedFailure, interruptFailure } from './errors.mjs';
import { show } from './display.mjs';
import { forgetHalfLoaded } from './library.mjs';

/**
 * @typedef {object} Outcome
 * @property {import('./errors.mjs').Failure} [failure]
 * @property {Record<string, unknown>} [result] the value of the last expression, one entry a MIME
 *   type
 */

export class Runs {
  #cells;
  #activity;
  #context = new AsyncLocalStorage();
  #latest;
  /** The run that has not ended. */
  #current;

  /**
   * @param {import('./cells.mjs').Cells} cells
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(cells, activity) {
    this.#cells = cells;
    this.#activity = activity;
  }

  /** Where what is written now belongs; undefined before the first cell. */
  get output() {
    return this.#asking?.output;
  }

  /** The AbortSignal of the cell that asks for it. */
  get signal() {
    const run = this.#asking;
    if (run !== undefined) run.isListening = true;
    return run?.abort.signal;
  }

  /** The cell that asks ends no earlier than this output is there, unless it is stopped. */
  awaitOutput(output) {
    this.#asking?.awaited.add(output);
  }

  /** Whether the cell that runs asked for its signal. */
  get isListening() {
    return this.#current?.isListening === true;
  }

  /**
   * The run that the code which runs now belongs to. What no cell began counts as the latest one's.
   */
  get #asking() {
    return this.#context.getStore() ?? this.#latest;
  }

  /**
   * Begins to run a cell.
   *
   * @param {string} code
   * @param {number} number what the notebook shows in brackets
   * @param {import('./output.mjs').Output} output
   * @param {(outcome: Outcome) => void} finish called once
   */
  begin(code, number, output, finish) {
    const run = { output, finish, abort: new AbortController(), isListening: false, awaited: new Set() };
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
   * Not the kernel's own work: a cell's code may be anywhere in it, in how it shows a value or what
   * it has thrown.
   */
  async #evaluate(compiled) {
    try {
      const { result, declared } = await this.#cells.evaluate(compiled);
      return { result: await show(result), declare: () => this.#cells.declare(compiled, declared) };
    } catch (thrown) {
      return { failure: this.#cells.describe(thrown) };
    }
  }

  /** Ends a run, unless it has ended. What fails or is stopped declares nothing, then or later. */
  #end(run, { failure, result, declare }) {
    if (run !== this.#current) return;
    this.#current = undefined;
    declare?.();
    run.finish({ failure, result });
  }

  /**
   * Ends the run; whether its work ends too is up to who listens to the signal.
   *
   * @param {boolean} [hasEnded] whether its code was ended where it stood, though it may listen
   */
  interrupt(hasEnded = false) {
    const run = this.#current;
    if (run === undefined) return;
    this.#current = undefined;
    forgetHalfLoaded();
    // Asked now: who listens may print, may never return, and may have nothing left to keep then.
    const { signal } = run.abort;
    const failure = hasEnded && run.isListening ? forcedFailure : interruptFailure(signal);
    setImmediate(() => this.#activity.protect(() => run.finish({ failure })));
    const reason = new DOMException('the cell was interrupted', 'AbortError');
    this.#context.run(run, () => run.abort.abort(reason));
  }
}
