// `lib` as cells see it: what `dist` holds, under the names of its sources. Before a cell runs, lib
// is compiled again if it has been edited, and the modules that changed, with those that use them,
// are forgotten, so that the next import runs the new code.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';

const { cache } = createRequire(import.meta.url);

/** What cells may import, and what that imports. */
const compiledFolders = ['lib', 'apps'];

/** A path that a program writes for a file, rather than the name of a package. */
const isPath = (request) => /^\.{0,2}\/|^\.\.?$/.test(request) || isAbsolute(request);
const digest = (path) => createHash('sha1').update(readFileSync(path)).digest('hex');

function readMap(path) {
  return existsSync(path) ? new Module.SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/**
 * Forgets the modules whose loading was stopped, and those that have got hold of one in that state.
 */
export function forgetHalfLoaded() {
  const modules = Object.values(cache);
  const dead = new Set(modules.filter((module) => !module.loaded));
  for (const module of dead) {
    for (const user of modules) if (user.children.includes(module)) dead.add(user);
  }
  for (const { filename } of dead) delete cache[filename];
}

/** A compile that failed: the compiler's lines. */
export class LibraryError extends Error {
  constructor(message) {
    super(message);
    this.name = 'LibraryError';
  }
}

export class Library {
  #root;
  #compiled;
  #build;
  /** Digest of the compiled modules that are loaded. */
  #loaded = new Map();
  /** The sources as they were when last looked at, and what came of compiling them. */
  #state = '';
  #error;
  /** Source maps of compiled modules that were asked for. */
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

  /** Whether the sources as they were last looked at do not compile. */
  get isBroken() {
    return this.#error !== undefined;
  }

  /** Whether a path lies in `lib`, or in what it is compiled with. */
  covers(path) {
    return compiledFolders.some((folder) => path.startsWith(join(this.#root, folder) + sep));
  }

  /** Where the declarations are that `lib/x.d.ts` stands for; undefined for every other path. */
  declarationPath(path) {
    return this.covers(path) && path.endsWith('.d.ts') ? this.#inCompiled(path) : undefined;
  }

  #inCompiled(path) {
    return this.#compiled + path.slice(this.#root.length);
  }

  /**
   * The compiled path for an import of lib written in `folder`; undefined if it means something
   * else.
   */
  compiledPath(request, folder) {
    if (!isPath(request)) return undefined;
    const path = resolve(folder, request);
    return path === join(this.#root, 'lib') || this.covers(path) ? this.#inCompiled(path) : undefined;
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

  /**
   * Makes `require` find lib where it is compiled, and `tslab` where the kernel has it, from
   * wherever.
   */
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
   * Compiles lib if it was edited and forgets what changed.
   *
   * @returns {LibraryError | undefined} why lib does not compile; what was loaded before stays then
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
