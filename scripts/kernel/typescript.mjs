// tslab's TypeScript, prepared for this project before tslab loads it: cells are checked with the project's
// own strict flags, `lib` is seen as its compiled declarations, edited files are noticed when a cell starts,
// and the compiler's source maps are kept so that errors can name the cell's line.
import { readFileSync, statSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const requireFromTslab = createRequire(require.resolve('tslab'));
const typescriptPath = requireFromTslab.resolve('@tslab/typescript-for-tslab');
const original = requireFromTslab(typescriptPath);

/** Path of tslab's ZeroMQ. */
export const zeromqPath = requireFromTslab.resolve('zeromq');
/** What `import ... from 'tslab'` means, in cells and in lib. */
export const tslabPath = require.resolve('tslab');
export const typescriptVersion = original.version;

/** Flags no cell can satisfy alone: a later cell uses what an earlier one defines. */
const flagsBeyondOneCell = new Set(['noUnusedLocals', 'noUnusedParameters']);
/** `for await` outside of a function. A cell runs as an async function, so it is right there. */
const forAwaitOutsideOfFunction = 1103;
/** "The inferred type of 'x' cannot be named": of interest to who publishes declarations, not to a cell. */
const unnameableTypes = new Set([2742, 4023, 4025, 4058, 4060, 4082]);

/**
 * Puts the prepared compiler in the place of tslab's. To be called before a module of tslab is loaded.
 *
 * @param {string} root the project's folder
 * @param {import('./library.mjs').Library} library
 */
export function prepareTypeScript(root, library) {
  const watchers = new FileWatchers((path) => library.declarationPath(path));
  const maps = new SourceMaps();
  const shorthands = new ShorthandProperties();
  prepareFileSystem(library, watchers);
  const replaced = {
    createWatchCompilerHost: (rootFiles, options, ...rest) => {
      const host = original.createWatchCompilerHost(rootFiles, { ...options, ...cellOptions(root) }, ...rest);
      shorthands.follow(host);
      return withFreshResolution(host, rootFiles);
    },
    visitEachChild: (...args) => shorthands.visitEachChild(...args),
    getPreEmitDiagnosticsOfFiles: (...args) =>
      original.getPreEmitDiagnosticsOfFiles(...args).filter((diagnostic) => !isNoTrouble(diagnostic)),
    transpileModule: (js, options) => maps.transpile(js, options),
  };
  // The bundle's names are accessors that cannot be redefined, hence a copy of the module.
  const descriptors = Object.getOwnPropertyDescriptors(original);
  for (const [name, value] of Object.entries(replaced)) descriptors[name] = { value, enumerable: true };
  require.cache[typescriptPath].exports = Object.defineProperties({}, descriptors);
  const importsOf = (code) => original.preProcessFile(code).importedFiles.map(({ fileName }) => fileName);
  return { watchers, maps, importsOf, namesOf, compileModule };
}

/** The names that a cell declares or imports. */
function namesOf(code) {
  const file = original.createSourceFile('cell.ts', code, original.ScriptTarget.ES2022);
  original.bindSourceFile(file, {});
  return [...(file.locals?.keys() ?? [])].map(original.unescapeLeadingUnderscores);
}

/** A TypeScript module outside of lib, as CommonJS with its source map inside. */
function compileModule(source, fileName) {
  const { CommonJS: module } = original.ModuleKind;
  const { ES2022: target } = original.ScriptTarget;
  const compilerOptions = { module, target, esModuleInterop: true, inlineSourceMap: true };
  return original.transpileModule(source, { fileName, compilerOptions }).outputText;
}

function cellOptions(root) {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8'));
  const isStrictness = (name) =>
    original.optionDeclarations.find((option) => option.name === name)?.category?.message ===
      'Type Checking' && !flagsBeyondOneCell.has(name);
  return {
    ...Object.fromEntries(Object.entries(compilerOptions).filter(([name]) => isStrictness(name))),
    // tslab's cells are modules, so they are strict code anyway; with this flag they would contradict it.
    noImplicitUseStrict: false,
    moduleResolution: original.ModuleResolutionKind.Bundler,
    lib: compilerOptions.lib.map((name) => `lib.${name}.d.ts`),
    types: compilerOptions.types,
    inlineSourceMap: true,
  };
}

function isNoTrouble(diagnostic) {
  if (unnameableTypes.has(diagnostic.code)) return true;
  if (diagnostic.code !== forAwaitOutsideOfFunction || !diagnostic.file) return false;
  let node = original.getTokenAtPosition(diagnostic.file, diagnostic.start);
  while (node && !original.isFunctionLike(node)) node = node.parent;
  return !node || node.kind === original.SyntaxKind.SourceFile;
}

/**
 * Resolves the imports of cells anew for each cell: a module of lib may have come or gone. What packages
 * import is resolved once.
 */
function withFreshResolution(host, rootFiles) {
  const cells = new Set(rootFiles.map((path) => path.toLowerCase()));
  const isPackage = (path) => path.includes('/node_modules/');
  const cache = original.createModuleResolutionCache(host.getCurrentDirectory(), (path) => path);
  host.hasInvalidatedResolutions = (path) => cells.has(path.toLowerCase());
  host.resolveModuleNameLiterals = (literals, containingFile, redirected, options, sourceFile) =>
    literals.map((literal) =>
      original.resolveModuleName(
        literal.text,
        containingFile,
        options,
        host,
        isPackage(containingFile) ? cache : undefined,
        redirected,
        original.getModeForUsageLocation(sourceFile, literal),
      ),
    );
  return host;
}

/**
 * tslab turns a variable of an earlier cell into a property of `exports`, but leaves `{ name }` alone, which then names
 * nothing. Here it becomes `{ name: exports.name }`.
 */
class ShorthandProperties {
  #builder;

  /** Remembers the program of each compilation, whose checker knows where a name was declared. */
  follow(host) {
    const { createProgram } = host;
    host.createProgram = (...args) => (this.#builder = createProgram(...args));
  }

  visitEachChild(node, visitor, context) {
    if (!original.isShorthandPropertyAssignment(node) || !this.#isOfEarlierCell(node)) {
      return original.visitEachChild(node, visitor, context);
    }
    const { factory } = original;
    const value = factory.createPropertyAccessExpression(factory.createIdentifier('exports'), node.name.text);
    return original.setTextRange(factory.createPropertyAssignment(node.name.text, value), node);
  }

  #isOfEarlierCell(node) {
    const checker = this.#builder.getProgram().getTypeChecker();
    const symbol = checker.getShorthandAssignmentValueSymbol(original.getOriginalNode(node));
    const declarations = symbol?.declarations ?? [];
    return declarations.some((declaration) =>
      declaration.getSourceFile().fileName.endsWith('/__prev__.d.ts'),
    );
  }
}

/** Shows the compiler `lib/x.d.ts` (which is `dist/lib/x.d.ts`) in the place of `lib/x.ts`. */
function prepareFileSystem(library, watchers) {
  const { sys } = original;
  const { fileExists, readFile } = sys;
  sys.fileExists = (path) => {
    if (!library.covers(path)) return fileExists(path);
    const declaration = library.declarationPath(path);
    return declaration !== undefined && fileExists(declaration);
  };
  sys.readFile = (path, encoding) => readFile(library.declarationPath(path) ?? path, encoding);
  sys.watchFile = (path, callback) => watchers.add(path, callback);
  sys.watchDirectory = () => ({ close: () => undefined });
}

/** The files of the project that the compiler has read, looked at when a cell starts rather than all the time. */
class FileWatchers {
  #entries = new Set();
  #realPath;

  constructor(declarationPath) {
    this.#realPath = (path) => declarationPath(path) ?? path;
  }

  add(path, callback) {
    if (path.includes('/node_modules/')) return { close: () => undefined };
    const entry = { path, callback, stamp: this.#stamp(path) };
    this.#entries.add(entry);
    return { close: () => this.#entries.delete(entry) };
  }

  /** Tells the compiler which files have changed; returns their paths. */
  check() {
    const { Created, Changed, Deleted } = original.FileWatcherEventKind;
    const changed = [];
    for (const entry of [...this.#entries]) {
      const before = entry.stamp;
      entry.stamp = this.#stamp(entry.path);
      if (entry.stamp === before) continue;
      changed.push(entry.path);
      entry.callback(entry.path, before === '' ? Created : entry.stamp === '' ? Deleted : Changed);
    }
    return changed;
  }

  #stamp(path) {
    const stat = statSync(this.#realPath(path), { throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size}`;
  }
}

/**
 * Line maps of what tslab compiles. It compiles a cell twice, TypeScript to a module and the module to
 * CommonJS; the way back goes through both maps.
 */
class SourceMaps {
  #last;

  transpile(js, { fileName, compilerOptions }) {
    const inline = /\n\/\/# sourceMappingURL=data:application\/json;base64,(.*)\s*$/.exec(js);
    const source = inline === null ? js : js.slice(0, inline.index + 1);
    const result = original.transpileModule(source, {
      fileName,
      compilerOptions: { ...compilerOptions, sourceMap: true },
    });
    this.#last = {
      toModule: new SourceMap(JSON.parse(result.sourceMapText)),
      toSource: inline && new SourceMap(JSON.parse(Buffer.from(inline[1], 'base64').toString())),
      lines: result.outputText.split('\n').length,
    };
    return { ...result, outputText: result.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, '') };
  }

  /**
   * A function that gives the place in the source, zero-based, of a place in what was compiled last.
   *
   * @returns {(line: number, column: number) => { line: number, column: number } | undefined}
   */
  takeLast() {
    const { toModule, toSource, lines } = this.#last;
    return (line, column) => {
      if (line >= lines) return undefined;
      const inModule = toModule.findEntry(line, column);
      if (inModule.originalLine === undefined) return undefined;
      const place = toSource.findEntry(inModule.originalLine, inModule.originalColumn);
      if (place.originalLine === undefined) return undefined;
      // tslab puts a line before the source.
      return { line: place.originalLine - 1, column: place.originalColumn };
    };
  }
}
