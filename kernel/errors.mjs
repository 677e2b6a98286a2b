// Formats failures for Jupyter: a name, one line, and a traceback that points into the cell. Frames
// of the kernel and of Node.js are left out: the reader wrote none of them.
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, types } from 'node:util';

/** @typedef {{ ename: string, evalue: string, traceback: string[] }} Failure */

const red = (text) => `\u001b[31m${text}\u001b[39m`;
const dim = (text) => `\u001b[2m${text}\u001b[22m`;
const shownDiagnostics = 10;
const shownFrames = 12;
const shownCauses = 10;
const contextLines = 2;

/**
 * Lines of source with one of them marked, and a caret below it.
 *
 * @param {string} source
 * @param {{ line: number, column: number, length?: number }} place one-based
 */
function excerpt(source, { line, column, length = 1 }) {
  const lines = source.split('\n');
  const last = Math.min(lines.length, line);
  const first = Math.max(1, last - contextLines);
  const width = String(last).length;
  const shown = [];
  for (let number = first; number <= last; number += 1) {
    const gutter = `${number === line ? '>' : ' '} ${String(number).padStart(width)} | `;
    shown.push(`${dim(gutter)}${lines[number - 1]}`);
  }
  const marked = lines[line - 1];
  if (marked !== undefined) {
    const carets = '^'.repeat(Math.max(1, Math.min(length, marked.length - column + 1)));
    // Tabs stay tabs, so that the caret stands below its character.
    const indent = marked.slice(0, column - 1).replace(/[^\t]/g, ' ');
    shown.push(`${dim(`  ${' '.repeat(width)} | `)}${indent}${red(carets)}`);
  }
  return shown;
}

/**
 * Formats the type checker's errors.
 *
 * @param {string} code the cell
 * @param {number} number the cell's number
 * @param {{ start: object, end: object, messageText: string, code: number, fileName?: string }[]}
 *   diagnostics zero-based; an explanation follows the one it explains at the same place
 * @returns {Failure}
 */
export function typeFailure(code, number, diagnostics) {
  const found = [];
  for (const { start, end, messageText, code: id, fileName } of diagnostics) {
    // The compiler sees an export of all names below the cell; an error there is repeated in the
    // cell.
    if (fileName === undefined && start.offset > code.length && found.length > 0) continue;
    const place = `${fileName ?? ''}:${start.offset}:${end.offset}`;
    const previous = found.at(-1);
    if (previous?.place === place) previous.explanations.push(messageText);
    else found.push({ place, fileName, start, end, id, message: messageText, explanations: [] });
  }
  const traceback = [];
  for (const { fileName, start, end, id, message, explanations } of found.slice(0, shownDiagnostics)) {
    const line = start.line + 1;
    const column = start.character + 1;
    const where = fileName === undefined ? `cell ${number}, line ${line}` : `${fileName}:${line}:${column}`;
    traceback.push(`${red(`TS${id}`)}: ${message} ${dim(`(${where})`)}`);
    traceback.push(...explanations.map((text, depth) => `${'  '.repeat(depth + 1)}${text}`));
    if (fileName === undefined) {
      const length = end.line === start.line ? end.character - start.character : 1;
      traceback.push(...excerpt(code, { line, column, length }));
    }
  }
  const more = found.length - shownDiagnostics;
  if (more > 0) traceback.push(`... and ${more} more`);
  const [first] = found;
  const evalue = `line ${first.start.line + 1}: ${first.message} (TS${first.id})`;
  return { ename: 'TypeScriptError', evalue, traceback };
}

/**
 * Formats the errors of a lib that does not compile.
 *
 * @param {string} root the project's folder
 * @param {Error} error with the lines of the compiler, `lib/x.ts(3,5): error TS2322: ...`
 * @returns {Failure}
 */
export function libraryFailure(root, error) {
  const traceback = [red('lib does not compile:')];
  let first;
  for (const line of error.message.split('\n').slice(0, 4 * shownDiagnostics)) {
    const match = /^(\S+)\((\d+),(\d+)\): error (.*)$/.exec(line);
    if (match === null) {
      traceback.push(line);
      continue;
    }
    const [, path, row, column, message] = match;
    const text = `${path}:${row}:${column} ${message}`;
    first ??= text;
    traceback.push(text);
    const source = readFileSync(join(root, path), 'utf8');
    traceback.push(...excerpt(source, { line: Number(row), column: Number(column) }));
  }
  return { ename: 'LibraryError', evalue: first ?? error.message.split('\n')[0], traceback };
}

/**
 * The failure of a cell that the user stopped.
 *
 * @param {AbortSignal & { [key: symbol]: string | undefined }} signal the cell's, on which its work
 *   may have left advice
 * @returns {Failure}
 */
export function interruptFailure(signal) {
  const advice = signal[Symbol.for('bipe.advice')];
  return interrupted(advice === undefined ? '' : `; ${advice}`);
}

function interrupted(further) {
  const evalue = `the cell was interrupted${further}`;
  return { ename: 'KeyboardInterrupt', evalue, traceback: [red(`KeyboardInterrupt: ${evalue}`)] };
}

/**
 * The failure of a cell that listens to its signal but was ended where it stood: it still holds its
 * locks.
 */
export const forcedFailure = interrupted(
  ' while it computed; restart the kernel before you run it again, else what it held stays locked',
);

/** Turns thrown values into failures. */
export class ThrownFailures {
  #root;
  #library;
  #cells = new Map();
  /** Frames by their text in stacks: an error may carry another one's stack, or a copy of it. */
  #frames = new Map();

  /**
   * From now on an error's `stack` has places in cells and in `lib/*.ts`, too.
   *
   * @param {string} root the project's folder
   * @param {import('./library.mjs').Library} library
   */
  constructor(root, library) {
    this.#root = root;
    this.#library = library;
    Error.prepareStackTrace = (error, sites) => {
      const lines = sites.map((site) => `    at ${site}`);
      const frames = this.#read(lines);
      for (const frame of frames) this.#frames.set(toLine(frame), frame);
      const shown = frames.length === 0 ? lines : frames.map(toLine);
      return [attempt(() => Error.prototype.toString.call(error)) ?? 'Error', ...shown].join('\n');
    };
  }

  /**
   * Stores a cell, whose functions may throw long after it has run.
   *
   * @param {number} number
   * @param {string} code
   * @param {(line: number, column: number) => { line: number, column: number } | undefined}
   *   toSource zero-based
   * @returns {string} its name in a stack, which no file and no other cell has: a client may let
   *   several have one number
   */
  remember(number, code, toSource) {
    const filename = `<cell ${number}, run ${this.#cells.size + 1}>`;
    this.#cells.set(filename, { number, code, toSource });
    return filename;
  }

  /**
   * Describes any thrown value as one failure. Its getters, traps and methods may throw, too.
   *
   * @returns {Failure}
   */
  describe(thrown) {
    if (!isError(thrown)) {
      const evalue = textOf(thrown);
      return { ename: 'Thrown', evalue, traceback: [`${red('Thrown')}: ${evalue}`] };
    }
    const ename = nameOf(thrown);
    const message = messageOf(thrown);
    const evalue = isExpected(thrown) ? withoutControls(message) : message;
    const frames = this.#framesOf(thrown, message);
    const traceback = [`${red(ename)}: ${evalue}`];
    const inCell = frames.find((frame) => frame.cell !== undefined);
    if (inCell !== undefined) {
      const { cell, line, column } = inCell;
      traceback.push(dim(`cell ${cell.number}, line ${line}`), ...excerpt(cell.code, { line, column }));
    }
    if (!isExpected(thrown)) {
      const texts = frames.slice(0, shownFrames).map(toLine);
      if (texts.length > 1) traceback.push(...texts);
      traceback.push(...causes(thrown));
    }
    return { ename, evalue, traceback };
  }

  /** The frames of an error, from the innermost to the outermost one in a cell. */
  #framesOf(error, message) {
    const stack = read(error, 'stack');
    if (typeof stack !== 'string') return [];
    // The stack repeats the message, which may look like a frame.
    const start = stack.indexOf(message);
    return this.#read(stack.slice(start < 0 ? 0 : start + message.length).split('\n'));
  }

  #read(lines) {
    const frames = lines
      .map((line) => this.#frames.get(line) ?? attempt(() => this.#frame(line)))
      .filter((frame) => frame !== undefined);
    const outermost = frames.findLastIndex((frame) => frame.cell !== undefined);
    return outermost < 0 ? frames : frames.slice(0, outermost + 1);
  }

  #frame(text) {
    const match = /^\s+at (?:(.*?) \()?(?:async )?(.+?):(\d+):(\d+)\)?$/.exec(text);
    if (match === null) return undefined;
    const [, receiverAndName = '', location, row, col] = match;
    const caller = receiverAndName.replace(/^(async )?(Proxy|Object)\./, '$1');
    const named = (where) => (caller === '' ? where : `${caller} (${where})`);
    const cell = this.#cells.get(location);
    if (cell !== undefined) {
      const place = cell.toSource(Number(row) - 1, Number(col) - 1);
      if (place === undefined) return undefined;
      const line = place.line + 1;
      return { cell, line, column: place.column + 1, text: named(`cell ${cell.number}, line ${line}`) };
    }
    const path = location.startsWith('file:') ? fileURLToPath(location) : location;
    if (!path.includes(sep) || path.startsWith('node:') || path.startsWith(import.meta.dirname))
      return undefined;
    const place = this.#library.sourcePlace(path, Number(row), Number(col));
    const shown = place ?? { path, line: row, column: col };
    const fromRoot = relative(this.#root, shown.path);
    const name = fromRoot.startsWith('..') ? shown.path : fromRoot;
    return { text: named(`${name}:${shown.line}:${shown.column}`) };
  }
}

const toLine = (frame) => `    at ${frame.text}`;

/** Calls a function; undefined if it throws. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const read = (error, name) => attempt(() => error[name]);
const textOf = (value) => attempt(() => inspect(value)) ?? 'a value that cannot be shown';
const isError = (value) => types.isNativeError(value) || attempt(() => value instanceof Error) === true;

function nameOf(error) {
  const name = read(error, 'name');
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function messageOf(error) {
  const message = attempt(() => String(error.message));
  return message ?? 'its message cannot be read';
}

/** Escapes control characters: names from files and servers could otherwise control a terminal. */
function withoutControls(message) {
  return message.replace(
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A line for each direct and indirect cause of an error. */
function causes(error) {
  const lines = [];
  const seen = new Set([error]);
  const add = (parent) => {
    const several = read(parent, 'errors');
    const single = read(parent, 'cause');
    for (const cause of [
      ...(Array.isArray(several) ? several : []),
      ...(single === undefined ? [] : [single]),
    ]) {
      if (lines.length > shownCauses) return;
      const text = isError(cause) ? `${red(nameOf(cause))}: ${messageOf(cause)}` : textOf(cause);
      if (lines.length === shownCauses) lines.push('... and more');
      else lines.push(`caused by ${text}${seen.has(cause) ? ' (see above)' : ''}`);
      if (seen.has(cause) || !isError(cause)) continue;
      seen.add(cause);
      add(cause);
    }
  };
  add(error);
  return lines;
}

/**
 * Checks by shape if an error is a WorkbenchError of lib, whose one line is enough. An edited lib
 * has a new class.
 */
const isExpected = (error) => [1, 2].includes(read(error, 'exitCode'));
