// Cells as code: checked and compiled through tslab's converter, executed in this process, where what they declare stays
// for the next.
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';
import { cellFileName, libraryFailure, ThrownFailures, typeFailure } from './errors.mjs';
import { Scope } from './scope.mjs';
import { prepareTypeScript, tslabPath } from './typescript.mjs';

const require = createRequire(import.meta.url);

export class Cells {
  #root;
  #folder;
  #library;
  #failures;
  #typescript;
  #tslab;
  #converter;
  #require;
  /** The declarations of the cells so far, for the type checker. */
  #declarations = '';
  /** Their values. */
  #values = {};

  /**
   * @param {string} root the project's folder
   * @param {string} folder where the notebook is
   * @param {import('./library.mjs').Library} library
   */
  constructor(root, folder, library) {
    this.#root = root;
    this.#folder = folder;
    this.#library = library;
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
    this.#converter ??= this.#tslab.createConverter({ isJS: false, isBrowser: false });
    return this.#converter;
  }

  /** The failure that something thrown is. Code of who made it may run. */
  describe(thrown) {
    return this.#failures.describe(thrown);
  }

  /**
   * Checks and compiles a cell.
   *
   * @param {string} code
   * @param {number} number what the notebook shows in brackets
   * @returns {{ failure?: import('./errors.mjs').Failure, compiled?: object }}
   */
  compile(code, number) {
    try {
      return this.#compile(code, number);
    } catch (error) {
      return { failure: this.describe(error) };
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
    const names = [...this.#typescript.namesOf(code), compiled.lastExpressionVar];
    return { compiled: { ...compiled, names } };
  }

  #importsLibrary(code) {
    return this.#typescript.importsOf(code).some((name) => this.#library.compiledPath(name, this.#folder));
  }

  /**
   * Runs a compiled cell.
   *
   * @returns {Promise<{ result?: unknown, declared: unknown }>} the value of the last expression, and what the cell
   *   declared, for `declare`
   */
  async evaluate({ output, lastExpressionVar, names }, number) {
    const declared = new Scope(this.#values, names);
    await evaluate(output ?? '', number, declared.exports, this.#require);
    return { result: lastExpressionVar && declared.take(lastExpressionVar), declared };
  }

  /** Keeps what a cell declared, types and values. */
  declare({ declOutput }, declared) {
    this.#declarations = declOutput ?? '';
    declared.keep();
  }

  /** Names that may stand at a position of the code, and the span they replace; positions in UTF-16 units. */
  complete(code, position) {
    return this.warm().complete(this.#declarations, code, position);
  }

  /** Type and documentation of what stands at a position of the code, as text; undefined for nothing. */
  inspect(code, position) {
    const info = this.warm().inspect(this.#declarations, code, position);
    return info ? require(join(dirname(tslabPath), 'inspect.js')).printQuickInfo(info) : undefined;
  }

  /** Whether the code can run, or a console should ask for its next line. */
  isComplete(code) {
    return this.#tslab.isCompleteCode(code);
  }
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

/** Drops the TypeScript modules outside of lib from Node's cache if one of them has changed. */
function forgetModules(changed) {
  const isLoaded = (path) => require.cache[path] !== undefined;
  if (!changed.some((path) => path.endsWith('.ts') && isLoaded(path))) return;
  for (const path of Object.keys(require.cache)) {
    if (path.endsWith('.ts') && !path.includes('node_modules')) delete require.cache[path];
  }
}
