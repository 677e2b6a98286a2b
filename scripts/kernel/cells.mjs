// Runs cells: checks and compiles them through tslab's converter, then executes them one after another in
// this process, where what they declare stays for the next.
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import vm from 'node:vm';
import { cellFileName, interruptFailure, libraryFailure, ThrownFailures, typeFailure } from './errors.mjs';
import { prepareTypeScript, tslabPath } from './typescript.mjs';

const require = createRequire(import.meta.url);

/** A value's own way to show itself: a method that returns one entry a MIME type. */
const jupyterDisplay = Symbol.for('Jupyter.display');

export class Cells {
  #root;
  #folder;
  #library;
  #activity;
  #failures;
  #typescript;
  #tslab;
  #converter;
  #require;
  /** The declarations of the cells so far, for the type checker. */
  #declarations = '';
  /** Their values. */
  #values = declaredValues();
  #abort = new AbortController();
  /** Outputs of the cell that runs that are still being made; it ends after them. */
  #outputs = new Set();

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
    this.#typescript = prepareTypeScript(root, library);
    this.#tslab = require(join(dirname(tslabPath), 'converter.js'));
    library.installRequireHooks(tslabPath);
    Module._extensions['.ts'] = (module, path) => {
      module._compile(this.#typescript.compileModule(readFileSync(path, 'utf8'), path), path);
    };
    this.#require = createRequire(join(folder, 'cell.js'));
  }

  /** Loads the compiler; the first cell would wait for it. */
  warm() {
    this.#converter ??= this.#activity.compile(() =>
      this.#tslab.createConverter({ isJS: false, isBrowser: false }),
    );
    return this.#converter;
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
    const outputs = (this.#outputs = new Set());
    const outcome = Promise.resolve()
      .then(() => this.#run(code, number, signal))
      .finally(() => allThere(outputs));
    return Promise.race([outcome, interrupted]);
  }

  /** The cell that runs ends no earlier than this output is there; one that is interrupted does not wait. */
  awaitOutput(output) {
    this.#outputs.add(output);
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
      await this.#activity.run(() => evaluate(compiled.output ?? '', number, this.#values, this.#require));
      if (!signal.aborted) this.#declarations = compiled.declOutput ?? '';
      return { result: await this.#takeResult(compiled.lastExpressionVar) };
    } catch (error) {
      return { failure: this.#failures.describe(error) };
    }
  }

  #compile(code, number) {
    const broken = this.#library.refresh();
    if (broken !== undefined && this.#importsLibrary(code)) {
      return { failure: libraryFailure(this.#root, broken) };
    }
    const converter = this.warm();
    // Of a lib that does not compile, the declarations may be wrong; the ones read before stay.
    if (broken === undefined) forgetModules(this.#typescript.watchers.check());
    const compiled = converter.convert(this.#declarations, code);
    if (compiled.diagnostics.length > 0) {
      return { failure: typeFailure(code, number, compiled.diagnostics) };
    }
    this.#failures.remember(number, code, this.#typescript.maps.takeLast());
    return { compiled };
  }

  #importsLibrary(code) {
    return this.#typescript.importsOf(code).some((name) => this.#library.compiledPath(name, this.#folder));
  }

  async #takeResult(name) {
    if (name === undefined) return undefined;
    const value = this.#values[name];
    delete this.#values[name];
    if (value === undefined) return undefined;
    if (typeof value?.[jupyterDisplay] === 'function') return value[jupyterDisplay]();
    return { 'text/plain': inspect(value) };
  }

  /** Names that may stand at a position of the code, and the span they replace; positions in UTF-16 units. */
  complete(code, position) {
    return this.#activity.compile(() => this.warm().complete(this.#declarations, code, position));
  }

  /** Type and documentation of what stands at a position of the code, as text; undefined for nothing. */
  inspect(code, position) {
    const info = this.#activity.compile(() => this.warm().inspect(this.#declarations, code, position));
    return info ? require(join(dirname(tslabPath), 'inspect.js')).printQuickInfo(info) : undefined;
  }

  /** Whether the code can run, or a console should ask for its next line. */
  isComplete(code) {
    return this.#tslab.isCompleteCode(code);
  }
}

/** One output may begin another. */
async function allThere(outputs) {
  for (const output of outputs) await output;
}

/**
 * Every cell is an async function, so `await` may stand anywhere in it, and a `const` of one cell may be
 * declared again in the next.
 */
function evaluate(output, number, exports, require) {
  const code = `(async function (exports, require) { 'use strict';\n${output}\n})`;
  const cell = vm.runInThisContext(code, { filename: cellFileName(number), lineOffset: -1 });
  return cell(exports, require);
}

/**
 * The object on which compiled cells export what they declare. TypeScript exports imported names by
 * accessors; here they become plain values, which a later cell may replace.
 */
function declaredValues() {
  return new Proxy(
    {},
    {
      defineProperty: (values, name, { get, value }) =>
        name === '__esModule' || Reflect.set(values, name, get === undefined ? value : get()),
    },
  );
}

/** Drops the TypeScript modules outside of lib from Node's cache if one of them has changed. */
function forgetModules(changed) {
  const isLoaded = (path) => require.cache[path] !== undefined;
  if (!changed.some((path) => path.endsWith('.ts') && isLoaded(path))) return;
  for (const path of Object.keys(require.cache)) {
    if (path.endsWith('.ts') && !path.includes('node_modules')) delete require.cache[path];
  }
}
