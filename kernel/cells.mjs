// Checks, compiles and executes cells in this process, and keeps their declarations for later
// cells.
import vm from 'node:vm';
import { foreignFailure } from './checkout.mjs';
import { Compiler, completeness, nothingDeclared } from './compiler.mjs';
import { libraryFailure, ThrownFailures, typeFailure } from './errors.mjs';
import { Modules } from './modules.mjs';

/** The cells of a notebook. */
export class Cells {
  #root;
  #folder;
  #library;
  #failures;
  #compiler;
  #modules;
  /** Declarations of earlier cells, for the type checker. */
  #declarations = nothingDeclared;
  /** Their values. */
  #values = Object.create(null);

  /**
   * @param {string} root the project's folder
   * @param {string} folder the notebook's folder
   * @param {import('./library.mjs').Library} library
   */
  constructor(root, folder, library) {
    this.#root = root;
    this.#folder = folder;
    this.#library = library;
    this.#failures = new ThrownFailures(root, library);
    this.#compiler = new Compiler(root, folder, library);
    this.#modules = new Modules(folder, library);
  }

  /** Readies the compiler, so that the first cell need not wait for it. */
  warm() {
    this.#compiler.warm();
  }

  /** Readies it for cells that import lib. */
  warmLibrary() {
    this.#compiler.warmLibrary();
  }

  /** Describes a thrown value as a failure. Getters and methods of the value may run. */
  describe(thrown) {
    return this.#failures.describe(thrown);
  }

  /**
   * Checks and compiles a cell.
   *
   * @param {string} code
   * @param {number} number the number that the notebook shows in brackets
   * @returns {{ failure?: import('./errors.mjs').Failure, compiled?:
   *   import('./compiler.mjs').Compiled }}
   */
  compile(code, number) {
    try {
      return this.#compile(code, number);
    } catch (error) {
      return { failure: this.describe(error) };
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
    return { compiled: { ...compiled, filename: this.#failures.remember(number, code, compiled.toSource) } };
  }

  #importsLibrary(code) {
    return this.#compiler.importsOf(code).some((name) => this.#library.compiledPath(name, this.#folder));
  }

  /**
   * Runs a compiled cell.
   *
   * @returns {Promise<{ result?: unknown, declared: object }>} the value of the last expression,
   *   and the cell's declarations, for `declare`
   */
  async evaluate({ code, filename }) {
    const cell = vm.compileFunction(code, ['require'], { filename })(this.#modules.require);
    return cell(this.#values, this.#modules);
  }

  /** Keeps the declarations of a cell, types and values. */
  declare({ declarations }, declared) {
    this.#declarations = declarations;
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(declared))) {
      const { get, set } = 'value' in descriptor ? variable(descriptor.value) : descriptor;
      Object.defineProperty(this.#values, name, { get, set, enumerable: true, configurable: true });
    }
    // V8 keeps an object whose accessors have changed as a hash table, unless it is a prototype:
    // loops in later cells are 10 to 50 times faster.
    Object.setPrototypeOf({}, this.#values);
  }

  /** Completes the code at a position: names, and the span they replace, in UTF-16 units. */
  complete(code, position) {
    return this.#compiler.complete(code, position, this.#declarations);
  }

  /** Type and documentation at a position of the code, as text; undefined if there is none. */
  inspect(code, position) {
    return this.#compiler.inspect(code, position, this.#declarations);
  }

  /** Checks if the code can run, or a console should ask for its next line. */
  isComplete(code) {
    return completeness(code);
  }
}

/** Accessors of a variable. V8 inlines them, but would look up a changing property each time. */
function variable(value) {
  return {
    get: () => value,
    set: (next) => {
      value = next;
    },
  };
}
