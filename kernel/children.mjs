// Captures the output of processes that a cell starts with stdio: 'inherit'. The inherited streams
// end in the terminal of Jupyter's server, so a pipe replaces them, whose text goes below the cell.
// If the cell waits for the process (spawnSync and its kind), a file does, which is read at the
// end.
import childProcess from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const names = ['stdin', 'stdout', 'stderr'];

/** Captures the output of every process started from now on. */
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
      // A child with inherited streams has no such stream object.
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

/** Calls a function that waits for a process, with files for its inherited streams. */
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
 * Replaces each inherited standard output or error in a `stdio` option.
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
