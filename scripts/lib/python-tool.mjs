// Tools in Python that only some need: each in a virtual environment of its own in .cache, made
// when it is first asked for.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPython } from './machine.mjs';
import { cacheFolder, pythonIn, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';
import { fingerprint, hasStamp, writeStamp } from './stamps.mjs';

/**
 * Installs a tool unless it is there.
 *
 * @param {{ name: string, title: string, requirements: string }} tool its folder in .cache, what
 *   people call it, and the path of its pinned packages
 * @returns {Promise<string>} the path of its Python
 * @throws {SetupError} with one line, if there is no Python or a package cannot be had
 */
export async function pythonTool({ name, title, requirements }) {
  const folder = join(cacheFolder, name);
  const interpreter = pythonIn(folder);
  const stamp = join(folder, '.installed');
  const key = fingerprint(readFileSync(requirements, 'utf8'), root);
  if (hasStamp(stamp, key) && existsSync(interpreter)) return interpreter;
  const python = findPython();
  if (python.path === undefined) throw new SetupError(python.mend);
  process.stderr.write(`  ${title} into .cache/${name}, with Python ${python.version}, once ...\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(python.path, ['-m', 'venv', folder], { log: name });
  await run(
    interpreter,
    ['-m', 'pip', 'install', '--progress-bar', 'off', '--retries', '2', '-r', requirements],
    { log: name },
  );
  writeStamp(stamp, key);
  return interpreter;
}
