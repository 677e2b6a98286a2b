// Runs cells: checks and compiles them, then executes them one after another in this process, where what they
// declare stays for the next.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import vm from 'node:vm';
import { foreignFailure } from './checkout.mjs';
import { Compiler, completeness, nothingDeclared } from './compiler.mjs';
import { cellFileName, interruptFailure, libraryFailure, ThrownFailures, typeFailure } from './errors.mjs';
import { Modules } from './modules.mjs';

/** A value's own way to show itself: a method that returns one entry a MIME type. */
const jupyterDisplay = Symbol.for('Jupyter.display');

export class Cells {
  #root;
  #folder;
  #library;
  #activity;
  #failures;
  #compiler;
  #modules;
  /** What the cells so far declared, for the type checker. */
  #declarations = nothingDeclared;
  /** The values of it. */
  #values = Object.create(null);
  #abort = new AbortController();

  /**
   * @param {string} root the project's folder
   * @param {string} folder where the notebook is
   * @param {import('./library.mjs').Library} library
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(root, folder, library, activity) {
    this.#root = root;
    this.#folder = folder;
    this.#library = library;
    this.#activity = activity;
    this.#failures = new ThrownFailures(root, library);
    this.#compiler = new Compiler(root, folder, library);
    this.#modules = new Modules(folder, library);
  }

  /** Readies the compiler; the first cell would wait for it. */
  warm() {
    this.#activity.compile(() => this.#compiler.warm());
  }

  /** The failure that something thrown outside of a cell's own run is. */
  describe(thrown) {
    return this.#failures.describe(thrown);
  }

  /** The AbortSignal of the cell that runs. */
  get interruptSignal() {
    return this.#abort.signal;
  }

  /**
   * Runs a cell.
   *
   * @param {string} code
   * @param {number} number what the notebook shows in brackets
   * @returns {Promise<{ failure?: import('./errors.mjs').Failure, result?: Record<string, unknown> }>} `result`:
   *   the value of the last expression, one entry a MIME type
   */
  async execute(code, number) {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const interrupted = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ failure: interruptFailure }), { once: true });
    });
    // Begun in a job of its own: an interrupt may end whatever is on the stack of the cell.
    const outcome = Promise.resolve().then(() => this.#run(code, number, signal));
    return Promise.race([outcome, interrupted]);
  }

  /** Ends the wait for the cell that runs; whether its work ends too is up to who listens to the signal. */
  interrupt() {
    this.#abort.abort(new DOMException('the cell was interrupted', 'AbortError'));
  }

  async #run(code, number, signal) {
    try {
      const { failure, compiled } = this.#activity.compile(() => this.#compile(code, number));
      if (failure !== undefined) return { failure };
      // An interrupt that came while the compiler worked is heard in the event loop's next round.
      await nextTurn();
      await nextTurn();
      if (signal.aborted) return { failure: interruptFailure };
      const { result, declared } = await this.#activity.run(() => this.#evaluate(compiled, number));
      const shown = await show(result);
      if (!signal.aborted) this.#declare(compiled, declared);
      return { result: shown };
    } catch (error) {
      return { failure: this.#failures.describe(error) };
    }
  }

  #compile(code, number) {
    const foreign = foreignFailure(this.#root, this.#folder);
    if (foreign !== undefined) return { failure: foreign };
    const broken = this.#library.refresh();
    if (broken !== undefined && this.#importsLibrary(code)) {
      return { failure: libraryFailure(this.#root, broken) };
    }
    this.#modules.refresh();
    const { diagnostics, compiled } = this.#compiler.compile(code, this.#declarations);
    if (compiled === undefined) return { failure: typeFailure(code, number, diagnostics) };
    this.#failures.remember(number, code, compiled.toSource);
    return { compiled };
  }

  #importsLibrary(code) {
    return this.#compiler.importsOf(code).some((name) => this.#library.compiledPath(name, this.#folder));
  }

  /**
   * Runs a compiled cell.
   *
   * @returns {Promise<{ result?: unknown, declared: object }>} the value of the last expression, and what the cell
   *   declared, for `declare`
   */
  async #evaluate({ code }, number) {
    const filename = cellFileName(number);
    const cell = vm.compileFunction(code, ['require'], { filename })(this.#modules.require);
    return cell(this.#values, this.#modules);
  }

  /** Keeps what a cell declared, types and values. */
  #declare({ declarations }, declared) {
    this.#declarations = declarations;
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(declared))) {
      const { get, set } = 'value' in descriptor ? variable(descriptor.value) : descriptor;
      Object.defineProperty(this.#values, name, { get, set, enumerable: true, configurable: true });
    }
    // V8 keeps an object whose accessors have changed as a hash table, unless it is a prototype: loops in later cells
    // are 10 to 50 times faster.
    Object.setPrototypeOf({}, this.#values);
  }

  /** Names that may stand at a position of the code, and the span they replace; positions in UTF-16 units. */
  complete(code, position) {
    return this.#activity.compile(() => this.#compiler.complete(code, position, this.#declarations));
  }

  /** Type and documentation of what stands at a position of the code, as text; undefined for nothing. */
  inspect(code, position) {
    return this.#activity.compile(() => this.#compiler.inspect(code, position, this.#declarations));
  }

  /** Whether the code can run, or a console should ask for its next line. */
  isComplete(code) {
    return completeness(code);
  }
}

/** Accessors of a variable: V8 compiles them into the code that uses them, where it looks up a property that changes. */
function variable(value) {
  return {
    get: () => value,
    set: (next) => {
      value = next;
    },
  };
}

/** A cell's result as a reader sees it, one entry a MIME type. */
async function show(value) {
  if (value === undefined) return undefined;
  if (typeof value?.[jupyterDisplay] === 'function') return value[jupyterDisplay]();
  return { 'text/plain': inspect(value) };
}
