// Compiles lib/, apps/ and the bench harness to dist/. Used by the set-up, by `npm run build` and by
// the notebook kernel when lib changes.
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
/** What is compiled; `bench` has other files beside its harness. */
const sourceFolders = ['lib', 'apps', 'bench/harness'];
const compiler = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

/**
 * Every source of the library with its modification time and size: a string that changes when one
 * changes.
 */
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

/** Whether dist/ holds what the sources say. */
export function isLibraryBuilt(state = libraryState()) {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === state;
}

/** A compile takes seconds. */
const patienceMs = 60_000;
const pauseMs = 50;

/**
 * Brings dist/ up to date. An emitted file whose source is gone is removed with everything else:
 * dist/ is built whole, which the native compiler does in well under a second. Where another
 * process builds it, this one waits.
 *
 * @returns {{ok: true} | {ok: false, message: string}} with the compiler's own lines when lib has
 *   an error
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

/** Whoever builds is asked from where nothing can be awaited, as between two cells. */
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

function compileLibrary() {
  // Looked at now: another process may have built it, and sources that change while they are
  // compiled are compiled again.
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

/**
 * Removes from dist/ what no source produces any more, so that a deleted module cannot be
 * imported.
 */
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
