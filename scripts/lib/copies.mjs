// The reader's copies of the project's notebooks. JupyterLab saves outputs into the notebook that
// it runs, and git refuses to pull over a changed file. So `npm start` opens copies, in a folder
// that git ignores. When a pull brings a new version of a notebook, the next start replaces the
// copy, and keeps the old one under another name if the reader has changed or run it.
//
// No work of the reader is deleted or overwritten: a copy is moved aside before it is examined, and
// no file takes the name of another one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The record beside the copies: by path, the SHA-256 of each copy's original. */
export const recordName = '.originals.json';

const extension = '.ipynb';

/**
 * Makes missing copies, and replaces those whose original has changed, in folders, too. Only one
 * process at a time may call it.
 *
 * A replaced copy is deleted if it is untouched: it has the bytes of its original, and git has them
 * too. Any other copy belongs to the reader and gets a name of its own.
 *
 * @param {string} originals the folder of the project's notebooks
 * @param {string} copies the folder of the reader's copies
 * @param {Date} [today] the date in the new names
 * @returns {{ name: string, keptAs: string }[]} the reader's files that have a new name, by path
 * @throws the file system's error, if a folder cannot be read or written
 */
export function updateCopies(originals, copies, today = new Date()) {
  mkdirSync(copies, { recursive: true });
  const record = readRecord(copies);
  const kept = [];
  for (const name of notebooksIn(originals)) {
    const path = join(copies, name);
    kept.push(...makeFolder(copies, dirname(name), today));
    const original = readFileSync(join(originals, name));
    const [was, is] = [record[name], sha256(original)];
    record[name] = is;
    if (isThere(path) && (was === is || contentOf(path)?.equals(original) === true)) continue;
    const unfinished = writeUnfinished(copies, original);
    const aside = moveAside(path, today);
    takeName(unfinished, path);
    if (aside === undefined) continue;
    const content = contentOf(aside);
    if (content !== undefined && sha256(content) === was && isInGit(content, originals)) unlinkSync(aside);
    else kept.push({ name, keptAs: besides(name, aside) });
  }
  // Last, since an old record is safe: it counts too many copies as the reader's.
  renameSync(writeUnfinished(copies, `${JSON.stringify(record, null, 2)}\n`), join(copies, recordName));
  return kept;
}

/**
 * The notebooks of a folder and its subfolders, by path with `/`. Hidden folders, such as
 * JupyterLab's checkpoints, and packages are none of the project's.
 */
function notebooksIn(folder, prefix = '') {
  const entries = readdirSync(join(folder, prefix), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = `${prefix}${entry.name}`;
      if (!entry.isDirectory()) return path.endsWith(extension) ? [path] : [];
      return entry.name.startsWith('.') || entry.name === 'node_modules'
        ? []
        : notebooksIn(folder, `${path}/`);
    })
    .sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Makes a folder for copies, if it is not there. Anything else of that name is the reader's, be it
 * a link to a folder, whose files are elsewhere: it is moved aside.
 */
function makeFolder(copies, name, today) {
  if (name === '.') return [];
  const kept = makeFolder(copies, dirname(name), today);
  const path = join(copies, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return kept;
  const aside = moveAside(path, today);
  mkdirSync(path);
  return aside === undefined ? kept : [...kept, { name, keptAs: besides(name, aside) }];
}

/** The path of a file that has a new name in its folder, from the folder of the copies. */
function besides(name, aside) {
  return dirname(name) === '.' ? basename(aside) : `${dirname(name)}/${basename(aside)}`;
}

/**
 * Reads the record; if it is missing or damaged it is empty, and every copy that differs is the
 * reader's.
 */
function readRecord(copies) {
  const record = Object.create(null);
  try {
    return Object.assign(record, JSON.parse(readFileSync(join(copies, recordName), 'utf8')));
  } catch {
    return record;
  }
}

function writeUnfinished(folder, content) {
  const path = join(folder, '.unfinished');
  // A killed start may have left this as a second name of a copy: writing would change both.
  rmSync(path, { force: true });
  writeFileSync(path, content);
  return path;
}

/** Gives a finished file its name, unless another file has it by now. */
function takeName(unfinished, path) {
  try {
    // Unlike a rename, this never replaces a file.
    linkSync(unfinished, path);
  } catch (error) {
    // Some file systems have no links.
    if (error.code !== 'EEXIST' && !isThere(path)) renameSync(unfinished, path);
  }
  rmSync(unfinished, { force: true });
}

/**
 * Renames a file to `fig4 (yours, 2026-11-30).ipynb` or the next free number; undefined if there is
 * none.
 */
function moveAside(path, today) {
  if (!isThere(path)) return undefined;
  const [year, month, day] = [today.getFullYear(), today.getMonth() + 1, today.getDate()];
  const date = [year, month, day].map((part) => String(part).padStart(2, '0')).join('-');
  for (let count = 1; ; count += 1) {
    const what = count === 1 ? date : `${date}, ${count}`;
    const ending = path.endsWith(extension) ? extension : '';
    const aside = `${path.slice(0, path.length - ending.length)} (yours, ${what})${ending}`;
    if (isThere(aside)) continue;
    renameSync(path, aside);
    return aside;
  }
}

/** True for a broken link, too. */
function isThere(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The bytes of a file; undefined if it cannot be read, such as a folder. */
function contentOf(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Checks if git has these bytes; true outside of a clone. If an original was changed and git then
 * restored it, the change survives in the copy alone.
 */
function isInGit(content, originals) {
  const git = (args, options) => spawnSync('git', args, { cwd: originals, encoding: 'utf8', ...options });
  // A repository that merely contains the project's folder knows nothing of it.
  if (git(['rev-parse', '--show-prefix']).stdout?.trim() !== `${basename(originals)}/`) return true;
  const { stdout } = git(['hash-object', '--stdin'], { input: content });
  return git(['cat-file', '-e', stdout.trim()]).status === 0;
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}
