// The peer's own virtual environment in .cache/pytorch, made when `bipe bench --peer pytorch` first
// needs it. Prints the path of its interpreter; progress and trouble go to standard error.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from '../../scripts/lib/machine.mjs';
import { cacheFolder, root } from '../../scripts/lib/paths.mjs';
import { run, SetupError } from '../../scripts/lib/run.mjs';
import { fingerprint, hasStamp, writeStamp } from '../../scripts/lib/stamps.mjs';

const folder = join(cacheFolder, 'pytorch');
const interpreter = join(
  folder,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);
const stamp = join(folder, '.installed');
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

async function ensurePeer() {
  const key = fingerprint(readFileSync(requirements, 'utf8'), root);
  if (hasStamp(stamp, key) && existsSync(interpreter)) return;
  const python = findPython();
  if (python.path === undefined) throw new SetupError(python.mend);
  process.stderr.write(
    `  PyTorch into .cache/pytorch, with Python ${python.version}: once, some minutes ...\n`,
  );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(python.path, ['-m', 'venv', folder], { log: 'pytorch' });
  await run(
    interpreter,
    ['-m', 'pip', 'install', '--progress-bar', 'off', '--retries', '2', '-r', requirements],
    { log: 'pytorch' },
  );
  writeStamp(stamp, key);
}

try {
  await ensurePeer();
  process.stdout.write(`${interpreter}\n`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
