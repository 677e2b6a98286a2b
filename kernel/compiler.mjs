// Checks and compiles cells. The compiler sees two files beside the notebook that exist only in
// memory: the declarations of earlier cells, and the cell. Names that the cell does not declare are
// looked up in the first.
import { readFileSync, statSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { cellTransformers, meaningOf } from './cell-function.mjs';
import { nothingDeclared } from './declarations.mjs';
import { cellName, parse, withoutExports } from './export-syntax.mjs';
import { standardLibrary, ts, tslabPath } from './typescript.mjs';

export { nothingDeclared };

const require = createRequire(import.meta.url);
const { printQuickInfo } = require(join(dirname(tslabPath), 'inspect.js'));

/** Flags that a cell cannot satisfy alone: a later cell uses its names. */
const flagsBeyondOneCell = new Set(['noUnusedLocals', 'noUnusedParameters']);

/**
 * @typedef {object} Compiled
 * @property {string} code the body of a function that returns the cell's function
 * @property {import('./declarations.mjs').Declarations} declarations those that the next cell
 *   sees, once this one has run
 * @property {(line: number, column: number) => { line: number, column: number } | undefined}
 *   toSource the place in the cell for a place in `code`, zero-based
 */

/** The compiler of a notebook's cells. */
export class Compiler {
  #folder;
  #library;
  #options;
  #service;
  #cellPath;
  #earlierPath;
  /** The two files, and their version. */
  #files;
  #version = 0;
  #program;
  /** Whether the project's files may have changed since the last check. */
  #isStale = true;

  /**
   * @param {string} root the project's folder
   * @param {string} folder the notebook's folder
   * @param {import('./library.mjs').Library} library
   */
  constructor(root, folder, library) {
    this.#folder = folder;
    this.#library = library;
    this.#options = cellOptions(root);
    this.#cellPath = join(folder, cellName);
    this.#earlierPath = join(folder, '__earlier__.d.ts');
    this.#files = new Map([
      [this.#cellPath, ''],
      [this.#earlierPath, nothingDeclared.text],
    ]);
    this.#service = ts.createLanguageService(this.#host());
  }

  /**
   * Reads the declarations of the standard library and of packages, so that the first cell need not
   * wait.
   */
  warm() {
    this.#look();
  }

  /**
   * Reads the declarations of lib, too, which most first cells import. Nothing once a cell has been
   * checked.
   */
  warmLibrary() {
    if (this.#version === 0) this.#check(`import ${JSON.stringify(this.#library.entry)};`, nothingDeclared);
  }

  /** The names of the modules that a cell imports. */
  importsOf(code) {
    return ts.preProcessFile(code).importedFiles.map(({ fileName }) => fileName);
  }

  /**
   * Checks a cell, and compiles it if there is no error.
   *
   * @param {string} code
   * @param {import('./declarations.mjs').Declarations} declarations those of earlier cells
   * @returns {{ diagnostics: object[], compiled?: Compiled }} diagnostics as `typeFailure` takes
   *   them
   */
  compile(code, declarations) {
    const text = withoutExports(code);
    const parsed = parse(text);
    if (parsed.parseDiagnostics.length > 0) {
      return { diagnostics: this.#explain(parsed.parseDiagnostics) };
    }
    ts.bindSourceFile(parsed, this.#options);
    const names = [...parsed.locals.keys()].map(ts.unescapeLeadingUnderscores).filter(isIdentifier);
    // The declaration file omits names that are not exported.
    const before = declarations.withoutAdditionsOf(parsed);
    const { program, cell, earlier } = this.#check(`${text}\nexport { ${names.join(', ')} };`, before);
    const found = this.#filesOf(program, cell).flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]);
    if (found.length > 0) return { diagnostics: this.#explain(found) };
    const checker = program.getTypeChecker();
    const { declared, ...emitted } = emit(program, cell, cellTransformers(checker, cell, earlier));
    const meanings = new Map(
      names.map((name) => [name, meaningOf(checker, cell.locals.get(ts.escapeLeadingUnderscores(name)))]),
    );
    const all = [declared, ...nestedVariables(checker, cell)].join('\n');
    return { diagnostics: [], compiled: { ...emitted, declarations: before.with(all, meanings) } };
  }

  /** The TypeScript sources that a cell runs: itself, and its direct and indirect imports. */
  #filesOf(program, cell) {
    const checker = program.getTypeChecker();
    const files = new Set([cell]);
    for (const file of files) {
      for (const specifier of file.imports) {
        for (const { kind, isDeclarationFile, fileName } of checker.getSymbolAtLocation(specifier)
          ?.declarations ?? []) {
          const isSource = kind === ts.SyntaxKind.SourceFile && !isDeclarationFile && !isPackage(fileName);
          if (isSource) files.add(program.getSourceFile(fileName));
        }
      }
    }
    return [...files];
  }

  /**
   * Splits diagnostics into places with a message each; an explanation follows its message, at the
   * same place.
   */
  #explain(found) {
    const messages = (chain) =>
      typeof chain === 'string' ? [chain] : [chain.messageText, ...(chain.next ?? []).flatMap(messages)];
    return ts.sortAndDeduplicateDiagnostics(found).flatMap(({ file, start, length, code, messageText }) => {
      const place = (offset) => ({ offset, ...ts.getLineAndCharacterOfPosition(file, offset) });
      const isCell = file.fileName === this.#cellPath || file.fileName === cellName;
      const fileName = isCell ? undefined : relative(this.#folder, file.fileName);
      const diagnostic = { start: place(start), end: place(start + length), code, fileName };
      return messages(messageText).map((text) => ({ ...diagnostic, messageText: text }));
    });
  }

  /**
   * Completes the code at a position: names, best first, and the span they replace.
   *
   * @returns {{ start: number, end: number, candidates: string[] }} positions in UTF-16 units
   */
  complete(code, position, declarations) {
    this.#check(withoutExports(code), declarations);
    const info = this.#service.getCompletionsAtPosition(this.#cellPath, position, {});
    const isPart = (place) => /[\w$\u0080-\uffff]/.test(code[place] ?? '');
    let [start, end] = [position, position];
    while (isPart(start - 1)) start -= 1;
    while (isPart(end)) end += 1;
    return { start, end, candidates: rank(info?.entries ?? [], code.slice(start, end)) };
  }

  /** Type and documentation at a position of the code, as text; undefined if there is none. */
  inspect(code, position, declarations) {
    this.#check(withoutExports(code), declarations);
    const info = this.#service.getQuickInfoAtPosition(this.#cellPath, position);
    return info && printQuickInfo(info);
  }

  /** Gives the compiler a cell. */
  #check(text, declarations) {
    this.#files.set(this.#cellPath, text).set(this.#earlierPath, declarations.text);
    this.#version += 1;
    this.#isStale = true;
    const program = this.#look();
    const [cell, earlier] = [program.getSourceFile(this.#cellPath), program.getSourceFile(this.#earlierPath)];
    // The checker looks up a name in the cell, then in its parent.
    cell.parent = earlier;
    return { program, cell, earlier };
  }

  #look() {
    this.#program = this.#service.getProgram();
    this.#isStale = false;
    return this.#program;
  }

  #host() {
    const { sys } = ts;
    const library = this.#library;
    // `lib/x.d.ts`, which is `dist/lib/x.d.ts`, replaces `lib/x.ts`.
    const fileExists = (path) => {
      if (!library.covers(path)) return this.#files.has(path) || sys.fileExists(path);
      const declaration = library.declarationPath(path);
      return declaration !== undefined && sys.fileExists(declaration);
    };
    const readFile = (path) => this.#files.get(path) ?? sys.readFile(library.declarationPath(path) ?? path);
    return {
      getCompilationSettings: () => this.#options,
      getCurrentDirectory: () => this.#folder,
      getDefaultLibFileName: (options) => join(standardLibrary, ts.getDefaultLibFileName(options)),
      getScriptFileNames: () => [...this.#files.keys()],
      getScriptVersion: (path) => this.#versionOf(path),
      getScriptSnapshot: (path) => {
        const text = readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      // Modules of the project may have been added or removed; imports of packages are resolved
      // once.
      hasInvalidatedResolutions: (path) => this.#isStale && !isPackage(path),
      useCaseSensitiveFileNames: () => true,
      fileExists,
      readFile,
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      readDirectory: sys.readDirectory,
      realpath: sys.realpath,
    };
  }

  #versionOf(path) {
    if (this.#files.has(path)) return String(this.#version);
    if (isPackage(path)) return '';
    // If lib does not compile, its declarations may be wrong; those read before stay.
    const known = this.#library.covers(path) && this.#library.isBroken && this.#program?.getSourceFile(path);
    if (known) return known.version;
    const stat = statSync(this.#library.declarationPath(path) ?? path, { throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size}`;
  }
}

/**
 * Checks if the code is complete, or a console should ask for its next line; `indent` may begin
 * that line.
 */
export function completeness(code) {
  // With a blank line at the end the reader declares it complete.
  if (/\n\s*\n\s*$/.test(code)) return { isComplete: true };
  const isOpen = ({ code: id, start }) => start >= code.trimEnd().length && id !== unterminatedString;
  if (!parse(code).parseDiagnostics.some(isOpen)) return { isComplete: true };
  const line = code.slice(code.lastIndexOf('\n') + 1);
  const indent = line.slice(0, line.length - line.trimStart().length);
  return { isComplete: false, indent: /[{([]\s*$/.test(line) ? `${indent}  ` : indent };
}

/** "Unterminated string literal": no further line can mend that. */
const unterminatedString = 1002;

const isPackage = (path) => path.includes('/node_modules/');
const isIdentifier = (name) =>
  ts.isIdentifierText(name, ts.ScriptTarget.Latest) && name !== ts.InternalSymbolName.Global;

function cellOptions(root) {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8'));
  const isStrictness = (name) =>
    ts.optionDeclarations.find((option) => option.name === name)?.category?.message === 'Type Checking' &&
    !flagsBeyondOneCell.has(name);
  return {
    ...Object.fromEntries(Object.entries(compilerOptions).filter(([name]) => isStrictness(name))),
    lib: compilerOptions.lib.map((name) => `lib.${name}.d.ts`),
    types: compilerOptions.types,
    // Imports of either kind, resolved as written.
    module: ts.ModuleKind.Preserve,
    // The oldest supported Node.js has neither `using` nor decorators.
    target: ts.ScriptTarget.ES2022,
    allowJs: true,
    allowImportingTsExtensions: true,
    preserveConstEnums: true,
    skipLibCheck: true,
    declaration: true,
    sourceMap: true,
    newLine: ts.NewLineKind.LineFeed,
  };
}

/**
 * Ranks candidates: prefix matches, prefix matches in another case, then those that contain the
 * text.
 */
function rank(entries, text) {
  const lower = text.toLowerCase();
  const tests = [
    (name) => name.startsWith(text),
    (name) => name.toLowerCase().startsWith(lower),
    (name) => name.toLowerCase().includes(lower),
  ];
  return entries
    .map(({ name, sortText }) => ({ name, key: `${tests.findIndex((test) => test(name))}${sortText}` }))
    .filter(({ key }) => !key.startsWith('-'))
    .sort((a, b) => a.key.localeCompare(b.key) || a.name.localeCompare(b.name))
    .map(({ name }) => name);
}

function emit(program, cell, transformers) {
  const texts = {};
  const write = (path, text) => {
    texts[/\.(d\.ts|js\.map|js)$/.exec(path)[1]] = text;
  };
  // Also a declaration that nobody else could use, for the types of the cell's names.
  const forceDeclarations = true;
  program.emit(cell, write, undefined, undefined, transformers, forceDeclarations);
  const map = new SourceMap(JSON.parse(texts['js.map']));
  const toSource = (line, column) => {
    const { originalLine, originalColumn } = map.findEntry(line, column);
    return originalLine === undefined ? undefined : { line: originalLine, column: originalColumn };
  };
  return { declared: texts['d.ts'], code: texts.js.replace(/\/\/# sourceMappingURL=.*\s*$/, ''), toSource };
}

/**
 * Declares each `var` inside a block: it is a name of the whole cell, but a declaration file omits
 * it.
 */
function nestedVariables(checker, cell) {
  const { FunctionScopedVariable } = ts.SymbolFlags;
  const isNested = (node) => {
    const statement = ts.getRootDeclaration(node).parent.parent;
    return !ts.isVariableStatement(statement) || statement.parent !== cell;
  };
  return [...cell.locals.values()]
    .filter(({ flags, declarations }) => flags & FunctionScopedVariable && declarations.every(isNested))
    .map((symbol) => {
      const type = checker.typeToString(
        checker.getTypeOfSymbol(symbol),
        cell,
        ts.TypeFormatFlags.NoTruncation,
      );
      return `declare var ${symbol.name}: ${type};`;
    });
}

/** Compiles a TypeScript module outside lib to CommonJS, with its source map inside. */
export function compileModule(source, fileName) {
  const { CommonJS: module } = ts.ModuleKind;
  const { ES2022: target } = ts.ScriptTarget;
  const compilerOptions = { module, target, esModuleInterop: true, inlineSourceMap: true };
  return ts.transpileModule(source, { fileName, compilerOptions }).outputText;
}

/**
 * The path of the code that a TypeScript module imports, not of its declarations; undefined if
 * there is none.
 */
export function resolveImport(request, fileName) {
  const options = {
    module: ts.ModuleKind.Preserve,
    customConditions: ['node'],
    allowJs: true,
    resolveJsonModule: true,
    noDtsResolution: true,
  };
  return ts.resolveModuleName(request, fileName, options, ts.sys).resolvedModule?.resolvedFileName;
}
