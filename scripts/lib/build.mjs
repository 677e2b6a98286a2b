// Compiles lib/, apps/ and the bench harness to dist/, for the set-up, for `npm run build`, and for
// commands and the notebook kernel after an edit.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFolder } from './links.mjs';
import { takeLock } from './lock.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const distFolder = join(root, 'dist');
const stampPath = join(distFolder, '.built');
const lockPath = join(distFolder, '.lock');
/** The compiled folders; `bench` has other files beside its harness. */
const sourceFolders = ['lib', 'apps', 'bench/harness'];
const compiler = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

/** The state of all sources, their modification times and sizes, as a string. */
export function libraryState() {
  const lines = [];
  const visit = (folder) => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ts')) {
        const { mtimeMs, size } = statSync(path);
        lines.push(`${relative(root, path)} ${mtimeMs} ${size}`);
      }
    }
  };
  for (const folder of sourceFolders) visit(join(root, ...folder.split('/')));
  for (const name of ['tsconfig.base.json', 'tsconfig.build.json', 'package-lock.json']) {
    const path = join(root, name);
    if (existsSync(path)) lines.push(`${name} ${statSync(path).mtimeMs}`);
  }
  return lines.sort().join('\n');
}

/** Checks if dist/ is up to date. */
export function isLibraryBuilt(state = libraryState()) {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === state;
}

/** A compile takes seconds. */
const patienceMs = 60_000;
const pauseMs = 50;

/**
 * Brings dist/ up to date. It is always built as a whole, which takes the native compiler well
 * under a second. If another process is building it, this one waits.
 *
 * @returns {{ok: true} | {ok: false, message: string}} the compiler's lines if lib has an error
 */
export function buildLibrary() {
  if (isLibraryBuilt()) return { ok: true };
  ownFolder(distFolder);
  for (const began = Date.now(); ;) {
    const { holder, release } = takeLock(lockPath);
    if (release !== undefined) {
      try {
        return compileLibrary();
      } finally {
        release();
      }
    }
    if (Date.now() - began > patienceMs)
      return {
        ok: false,
        message: `${holder.name} is compiling lib and does not end; wait for it, or delete ${relative(root, lockPath)} if it is gone`,
      };
    pause();
  }
}

/** Waits without `await`, which is not possible between two cells. */
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

function compileLibrary() {
  // The state is read now: another process may have built it, and sources that change during the
  // compilation are compiled again.
  const state = libraryState();
  if (isLibraryBuilt(state)) return { ok: true };
  rmSync(stampPath, { force: true });
  const run = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (run.error)
    return { ok: false, message: `the TypeScript compiler could not start: ${run.error.message}` };
  if (run.status !== 0) return { ok: false, message: (run.stdout + run.stderr).trim() };
  removeOrphans();
  writeFileSync(stampPath, state);
  return { ok: true };
}

/** Removes files without a source from dist/, so that a deleted module cannot be imported. */
function removeOrphans() {
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else {
        const source = join(root, relative(distFolder, path).replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts'));
        if (!existsSync(source)) rmSync(path);
      }
    }
  };
  for (const entry of readdirSync(distFolder, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== '.lock') visit(join(distFolder, entry.name));
}
