// Processes that a cell starts with stdio: 'inherit'. The streams of this process that they would
// share end in the terminal of Jupyter's server, so something else takes their place whose text
// goes where the cell's own goes: a pipe, and a file where the cell waits for the process, so that
// its text is there at the end (spawnSync and its kind).
import childProcess from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const names = ['stdin', 'stdout', 'stderr'];

/** Puts that in place for every later start of a process. */
export function captureChildren() {
  const { prototype } = childProcess.ChildProcess;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const shared = [];
    const stdio = withoutSharing(options.stdio, (name, index) => {
      shared.push([name, index]);
      return 'pipe';
    });
    const result = spawn.call(this, { ...options, stdio });
    for (const [name, index] of shared) {
      this.stdio[index]?.on('data', (chunk) => process[name].write(chunk));
      // Nobody is given a stream that is shared.
      this.stdio[index] = null;
      this[names[index]] = null;
    }
    return result;
  };
  for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
    const original = childProcess[name];
    childProcess[name] = (...given) => withFiles(original, given);
  }
  syncBuiltinESMExports();
}

/** Calls a function that waits for a process, with files for the streams that it would share. */
function withFiles(original, given) {
  const place = given.findLastIndex((value) => typeof value === 'object' && !Array.isArray(value));
  if (place < 1) return original(...given);
  const files = [];
  const stdio = withoutSharing(given[place]?.stdio, (name) => {
    files.push([name, unnamedFile()]);
    return files.at(-1)[1];
  });
  try {
    return original(...given.with(place, { ...given[place], stdio }));
  } finally {
    for (const [name, file] of files) {
      const bytes = Buffer.alloc(fstatSync(file).size);
      readSync(file, bytes, 0, bytes.length, 0);
      closeSync(file);
      if (bytes.length > 0) process[name].write(bytes);
    }
  }
}

function unnamedFile() {
  const folder = mkdtempSync(join(tmpdir(), 'bipe-cell-'));
  const file = openSync(join(folder, 'output'), 'a+');
  rmSync(folder, { recursive: true });
  return file;
}

/**
 * A `stdio` option with something else for each standard output or error of this process.
 *
 * @param {unknown} stdio
 * @param {(name: 'stdout' | 'stderr', index: number) => unknown} instead
 */
function withoutSharing(stdio, instead) {
  const all = stdio === 'inherit' ? ['inherit', 'inherit', 'inherit'] : stdio;
  if (!Array.isArray(all)) return stdio;
  return all.map((value, index) => {
    if (index === 0) return value;
    const isShared = (name, number) =>
      (value === 'inherit' && index === number) || value === number || value === process[name];
    if (isShared('stdout', 1)) return instead('stdout', index);
    if (isShared('stderr', 2)) return instead('stderr', index);
    return value;
  });
}
