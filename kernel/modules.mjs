// Loads the modules that cells import. A package that offers CommonJS is required, so that a cell
// and lib share it; a package with ES modules alone is imported.
import { existsSync, readFileSync, statSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, extname, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { compileModule, resolveImport } from './compiler.mjs';
import { tslabPath } from './typescript.mjs';

const { cache } = createRequire(import.meta.url);

/** Codes of `require`'s errors for modules that can only be imported, and for missing ones. */
const cannotBeRequired = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);
const isNotFound = new Set(['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);

/** The modules of a notebook. The emitted code of cells calls its methods (cell-function.mjs). */
export class Modules {
  /** The `require` of a module beside the notebook. */
  require;
  /** The `import.meta` of a cell. */
  meta;
  /** Loaded TypeScript modules outside lib, with the time of their last change. */
  #loaded = new Map();

  /**
   * @param {string} folder the notebook's folder
   * @param {import('./library.mjs').Library} library
   */
  constructor(folder, library) {
    const filename = join(folder, 'cell.ts');
    library.installRequireHooks(tslabPath);
    resolveAsTypeScript();
    Module._extensions['.ts'] = (module, path) => {
      this.#loaded.set(path, statSync(path).mtimeMs);
      module._compile(compileModule(readFileSync(path, 'utf8'), path), path);
    };
    this.require = createRequire(filename);
    const url = pathToFileURL(filename).href;
    const resolve = (request) => pathToFileURL(this.require.resolve(request)).href;
    this.meta = Object.assign(Object.create(null), { dirname: folder, filename, resolve, url });
  }

  /** Forgets all TypeScript modules outside lib if one of them has changed. */
  refresh() {
    const isChanged = ([path, time]) => statSync(path, { throwIfNoEntry: false })?.mtimeMs !== time;
    if (![...this.#loaded].some(isChanged)) return;
    for (const path of this.#loaded.keys()) delete cache[path];
    this.#loaded.clear();
  }

  /** Loads a module: its `module.exports`, or the namespace of an ES module. */
  async load(request) {
    if (/^(data|file):/.test(request)) return import(request);
    const path = this.require.resolve(request);
    const importIt = () => import(isAbsolute(path) ? pathToFileURL(path).href : path);
    if (isEsModule(path)) return importIt();
    try {
      return this.require(path);
    } catch (error) {
      if (cannotBeRequired.has(error.code)) return importIt();
      throw error;
    }
  }

  /** The value of `import(request)`. */
  async import(request) {
    return this.namespaceOf(await this.load(String(request)));
  }

  /** The value of `import * as name`. */
  namespaceOf(loaded) {
    if (hasDefault(loaded)) return loaded;
    const namespace = { default: loaded };
    for (const name of Object.keys(Object(loaded))) {
      if (name !== 'default')
        Object.defineProperty(namespace, name, { enumerable: true, get: () => loaded[name] });
    }
    return namespace;
  }

  /** An object whose `default` is the value of `import name`. */
  defaultOf(loaded) {
    return hasDefault(loaded) ? loaded : { default: loaded };
  }
}

/**
 * Makes `require` of a TypeScript module find the same as the type checker: packages with an ES
 * module alone, and `x.ts` under the name `x.js`.
 */
function resolveAsTypeScript() {
  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, parent, ...rest) => {
    try {
      return resolveFilename.call(Module, request, parent, ...rest);
    } catch (error) {
      const isForTypeScript = isNotFound.has(error.code) && parent?.filename?.endsWith('.ts');
      const found = isForTypeScript ? resolveImport(request, parent.filename) : undefined;
      if (found === undefined) throw error;
      return found;
    }
  };
}

/** Checks if a module is an ES module, or was compiled from one. */
const hasDefault = (loaded) => types.isModuleNamespaceObject(loaded) || Boolean(loaded?.__esModule);

/** Checks if Node.js would load a file as an ES module. */
function isEsModule(path) {
  if (cache[path] !== undefined) return false;
  if (extname(path) !== '.js') return extname(path) === '.mjs';
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (existsSync(description)) return JSON.parse(readFileSync(description, 'utf8')).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}
