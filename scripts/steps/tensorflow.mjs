// The native library of the tensor engine: TensorFlow's shared libraries and headers, from the PyPI
// wheel. The wheel's Python code is not used, so any Python with pip will do.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isLink, ownFolder } from '../lib/links.mjs';
import { hasNvidiaGpu } from '../lib/machine.mjs';
import { bindingPackage, engineFolder, nodeModules, prebuiltBindingPath } from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { hasStamp, renewStamp, writeStamp } from '../lib/stamps.mjs';
import { ensureVenv } from './python.mjs';

export const tensorflowVersion = '2.21.0';
// TensorFlow publishes wheels for this Python on every supported platform; its libraries need no
// Python.
const wheelPython = '3.12';
const stamp = join(engineFolder, '.installed');
const ownDownloadStamp = join(bindingPackage, '.own-download');

function wheel() {
  const gpu = hasNvidiaGpu();
  // `tensorflow-cpu` exists for x86-64 alone; elsewhere `tensorflow` is the CPU build.
  const name = gpu ? 'tensorflow[and-cuda]' : process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
  return { gpu, name, key: `${name} ${tensorflowVersion}` };
}

/** Checks if the package's own prebuilt library is used instead of the wheel's. */
export function usesOwnDownload() {
  return existsSync(ownDownloadStamp) && existsSync(prebuiltBindingPath);
}

export const tensorflow = {
  id: 'tensorflow',
  title: 'TensorFlow',
  required: false,
  without: 'the slower WebAssembly engine is used',
  status() {
    if (usesOwnDownload()) return { done: true, detail: "tfjs-node-gpu's own download" };
    const { key } = wheel();
    return hasStamp(stamp, key)
      ? { done: true, detail: key }
      : { done: false, detail: 'the native library is not installed', mend: 'npm run setup' };
  },
  async perform(line) {
    try {
      return await installWheel(line);
    } catch (error) {
      if (!(error instanceof SetupError) || /disk is full|not writable/.test(error.message)) throw error;
      line.update("trying the package's own download");
      try {
        return await installOwnDownload(line);
      } catch {
        throw error;
      }
    }
  },
};

async function installWheel(line) {
  const { gpu, name, key } = wheel();
  const python = await ensureVenv(line);
  const partial = `${engineFolder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const packages = [...(gpu ? [] : ['--no-deps']), `${name}==${tensorflowVersion}`];
  line.update(gpu ? 'with CUDA, about 4 GB' : 'about 280 MB');
  await run(
    python,
    [
      '-m',
      'pip',
      'install',
      '--progress-bar',
      'raw',
      '--no-compile',
      '--retries',
      '2',
      '--only-binary=:all:',
    ].concat(['--python-version', wheelPython, '--target', partial], packages),
    {
      log: 'tensorflow',
      onLine: (text) => {
        const progress = /^Progress (\d+) of (\d+)/.exec(text);
        if (progress)
          line.update(`${(progress[1] / 1e6).toFixed(0)} of ${(progress[2] / 1e6).toFixed(0)} MB`);
        else if (text.startsWith('Installing')) line.update('unpacking');
      },
    },
  );
  ownFolder(engineFolder);
  const succeed = renewStamp(stamp, key);
  rmSync(engineFolder, { recursive: true, force: true });
  renameSync(partial, engineFolder);
  succeed();
  return key;
}

/** TensorFlow 2.9 with the prebuilt binding, from the servers of the TensorFlow.js project. */
async function installOwnDownload(line) {
  // It writes into the package, which may belong to another checkout behind a link.
  if (isLink(nodeModules))
    throw new SetupError('node_modules is a link, and what is behind it stays as it is');
  const variant = hasNvidiaGpu() ? 'gpu' : 'cpu';
  line.update(`tfjs-node-gpu's own download (${variant})`);
  await run(process.execPath, ['scripts/install.js', variant, 'download'], {
    cwd: bindingPackage,
    log: 'tensorflow',
    timeoutSeconds: 900,
  });
  if (!existsSync(prebuiltBindingPath)) throw new SetupError("the package's own download brought no binding");
  writeStamp(ownDownloadStamp, variant);
  return "tfjs-node-gpu's own download";
}
