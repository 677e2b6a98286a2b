// Compiles lib/ to dist/. Used by the set-up, by `npm run build` and by the notebook kernel when lib changes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stampPath = join(root, 'dist', '.built');
const compiler = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');

/** Every source of the library with its modification time and size: a string that changes when one changes. */
export function libraryState() {
  const lines = [];
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ts')) {
        const { mtimeMs, size } = statSync(path);
        lines.push(`${relative(root, path)} ${mtimeMs} ${size}`);
      }
    }
  };
  visit(join(root, 'lib'));
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

/**
 * Brings dist/ up to date. An emitted file whose source is gone is removed with everything else: dist/ is
 * built whole, which the native compiler does in well under a second.
 *
 * @returns {{ok: true} | {ok: false, message: string}} with the compiler's own lines when lib has an error
 */
export function buildLibrary() {
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
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, state);
  return { ok: true };
}

/** Removes from dist/ what no source of lib/ produces any more, so that a deleted module cannot be imported. */
function removeOrphans() {
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else {
        const source = join(
          root,
          relative(join(root, 'dist'), path).replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts'),
        );
        if (!existsSync(source)) rmSync(path);
      }
    }
  };
  if (existsSync(join(root, 'dist', 'lib'))) visit(join(root, 'dist', 'lib'));
}
