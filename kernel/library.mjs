// `lib` as cells see it: the compiled modules of `dist`, under the names of their sources. Before a
// cell runs, an edited lib is compiled again, and changed modules, with those that use them, are
// forgotten, so that the next import runs the new code.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';

const { cache } = createRequire(import.meta.url);

/** The folders that cells may import, and those that these import. */
const compiledFolders = ['lib', 'apps'];

/** Checks if a request is a path, not the name of a package. */
const isPath = (request) => /^\.{0,2}\/|^\.\.?$/.test(request) || isAbsolute(request);
const digest = (path) => createHash('sha1').update(readFileSync(path)).digest('hex');

function readMap(path) {
  return existsSync(path) ? new Module.SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** Forgets modules whose loading was stopped, and those that use such a module. */
export function forgetHalfLoaded() {
  const modules = Object.values(cache);
  const dead = new Set(modules.filter((module) => !module.loaded));
  for (const module of dead) {
    for (const user of modules) if (user.children.includes(module)) dead.add(user);
  }
  for (const { filename } of dead) delete cache[filename];
}

/** A failed compilation, with the compiler's lines. */
export class LibraryError extends Error {
  constructor(message) {
    super(message);
    this.name = 'LibraryError';
  }
}

/** The compiled library of a project. */
export class Library {
  #root;
  #compiled;
  #build;
  /** Digests of the loaded modules. */
  #loaded = new Map();
  /** The state of the sources at the last check, and the error of their compilation. */
  #state = '';
  #error;
  /** Source maps that have been read. */
  #maps = new Map();

  /**
   * @param {string} root the project's folder
   * @param {{ libraryState: typeof import('../scripts/lib/build.mjs').libraryState,
   *   buildLibrary: typeof import('../scripts/lib/build.mjs').buildLibrary }} build
   */
  constructor(root, build) {
    this.#root = root;
    this.#compiled = join(root, 'dist');
    this.#build = build;
  }

  /** The path of `lib` as a cell in any folder may import it. */
  get entry() {
    return join(this.#root, 'lib');
  }

  /** Whether the sources did not compile at the last check. */
  get isBroken() {
    return this.#error !== undefined;
  }

  /** Checks if a path is in `lib`, or in a folder compiled with it. */
  covers(path) {
    return compiledFolders.some((folder) => path.startsWith(join(this.#root, folder) + sep));
  }

  /** The path of the declarations for `lib/x.d.ts`; undefined for every other path. */
  declarationPath(path) {
    return this.covers(path) && path.endsWith('.d.ts') ? this.#inCompiled(path) : undefined;
  }

  #inCompiled(path) {
    return this.#compiled + path.slice(this.#root.length);
  }

  /** The compiled path for an import of lib written in `folder`; undefined for other imports. */
  compiledPath(request, folder) {
    if (!isPath(request)) return undefined;
    const path = resolve(folder, request);
    return path === this.entry || this.covers(path) ? this.#inCompiled(path) : undefined;
  }

  /**
   * The place in `lib/*.ts` for a place in a compiled module, all one-based.
   *
   * @returns {{ path: string, line: number, column: number } | undefined}
   */
  sourcePlace(path, line, column) {
    if (!path.startsWith(this.#compiled + sep)) return undefined;
    if (!this.#maps.has(path)) this.#maps.set(path, readMap(`${path}.map`));
    const entry = this.#maps.get(path)?.findEntry(line - 1, column - 1);
    if (entry?.originalLine === undefined) return undefined;
    return {
      path: resolve(dirname(path), entry.originalSource),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }

  /** Makes every `require` find the compiled lib, and the kernel's `tslab`. */
  installRequireHooks(tslabPath) {
    const resolveFilename = Module._resolveFilename;
    Module._resolveFilename = (request, parent, ...rest) => {
      if (request === 'tslab') return tslabPath;
      const compiled = parent?.filename && this.compiledPath(request, dirname(parent.filename));
      return resolveFilename.call(Module, compiled ?? request, parent, ...rest);
    };
    const load = Module._extensions['.js'];
    Module._extensions['.js'] = (module, filename) => {
      if (filename.startsWith(this.#compiled + sep)) this.#loaded.set(filename, digest(filename));
      return load(module, filename);
    };
  }

  /**
   * Compiles an edited lib and forgets changed modules.
   *
   * @returns {LibraryError | undefined} why lib does not compile; the loaded modules then stay
   */
  refresh() {
    const state = this.#build.libraryState();
    if (state === this.#state) return this.#error;
    this.#state = state;
    const result = this.#build.buildLibrary();
    this.#maps.clear();
    this.#error = result.ok ? undefined : new LibraryError(result.message);
    if (result.ok) this.#forgetChanged();
    return this.#error;
  }

  #forgetChanged() {
    const changed = [...this.#loaded].filter(([path, was]) => !existsSync(path) || digest(path) !== was);
    const stale = changed.map(([path]) => path);
    for (const path of stale) {
      for (const user of this.#loaded.keys()) {
        const uses = cache[user]?.children.some((child) => child.filename === path);
        if (uses && !stale.includes(user)) stale.push(user);
      }
    }
    for (const path of stale) {
      delete cache[path];
      this.#loaded.delete(path);
    }
  }
}
