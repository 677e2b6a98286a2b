// .venv: JupyterLab and the renderers, pinned. Notebooks need it; figures and numbers do not.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../lib/links.mjs';
import { findPython } from '../lib/machine.mjs';
import { engineFolder, root, venvFolder, venvPython } from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { fingerprint, hasStamp, removeStamp, renewStamp, writeStamp } from '../lib/stamps.mjs';

const pipVersion = '26.3';
const stamp = join(venvFolder, '.requirements-installed');
const installing = join(venvFolder, '.installing');
const requirementsPath = join(root, 'scripts', 'requirements.txt');

function requirements() {
  return readFileSync(requirementsPath, 'utf8');
}

function key() {
  return fingerprint(requirements(), pipVersion, root);
}

/**
 * Removes leftovers of an interrupted installation; TensorFlow's files have a step of their own.
 */
function clearVenv() {
  ownFolder(venvFolder);
  for (const name of readdirSync(venvFolder)) {
    const path = join(venvFolder, name);
    if (path !== engineFolder) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The interpreter of .venv with a recent pip; makes it if it is missing.
 *
 * @throws SetupError if this machine has no usable Python
 */
export async function ensureVenv(line) {
  const ready = join(venvFolder, '.pip-ready');
  const readyKey = fingerprint(pipVersion, root);
  if (hasStamp(ready, readyKey) && existsSync(venvPython)) return venvPython;
  const python = findPython();
  if (python.path === undefined) throw new SetupError(python.mend);
  clearVenv();
  line.update(`making .venv with Python ${python.version}`);
  await run(python.path, ['-m', 'venv', venvFolder], { log: 'python' });
  await run(venvPython, ['-m', 'pip', 'install', '--quiet', `pip==${pipVersion}`], { log: 'python' });
  writeStamp(ready, readyKey);
  return venvPython;
}

export const python = {
  id: 'python',
  title: 'JupyterLab',
  required: false,
  without: 'notebooks cannot be opened; figures and numbers are not affected',
  status() {
    if (hasStamp(stamp, key()) && existsSync(venvPython)) return { done: true, detail: 'in .venv' };
    const found = findPython();
    return {
      done: false,
      detail: found.mend === undefined ? 'not installed' : found.mend,
      mend: 'npm run setup',
    };
  },
  async perform(line) {
    // A mark found here is of an interrupted installation, which may be incomplete: start over.
    if (existsSync(installing)) clearVenv();
    const interpreter = await ensureVenv(line);
    const total = requirements()
      .split('\n')
      .filter((text) => text.includes('==')).length;
    let collected = 0;
    const succeed = renewStamp(stamp, key());
    writeStamp(installing, '');
    await run(
      interpreter,
      ['-m', 'pip', 'install', '--progress-bar', 'off', '--retries', '2', '-r', requirementsPath],
      {
        log: 'python',
        onLine: (text) => {
          if (text.startsWith('Collecting ')) collected += 1;
          line.update(text.startsWith('Installing') ? 'unpacking' : `${collected} of ${total} packages`);
        },
      },
    );
    succeed();
    removeStamp(installing);
    return `${total} packages in .venv`;
  },
};
