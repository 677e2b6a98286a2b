// The native binding of @tensorflow/tfjs-node-gpu: two C++ files compiled against TensorFlow's
// headers. The compiler is called directly, not through node-gyp, so that nothing else is needed.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findCompiler } from '../lib/machine.mjs';
import {
  bindingFolder,
  bindingPackage,
  bindingPath,
  nativeFolder,
  nodeModules,
  tensorflowFolder,
} from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { fingerprint, hasStamp, renewStamp } from '../lib/stamps.mjs';
import { tensorflowVersion, usesOwnDownload } from './tensorflow.mjs';

const stamp = `${bindingPath}.built`;
/**
 * A helper of lib/engine/backends/native.ts beside the binding: keeps the libraries' chatter off
 * standard error.
 */
const quietSource = join(nativeFolder, 'quiet.cc');
const quietPath = join(bindingFolder, 'tfjs_quiet.node');
const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'];

function key() {
  const quiet = readFileSync(quietSource, 'utf8');
  return fingerprint(tensorflowVersion, process.platform, process.arch, flags.join(' '), quiet);
}

/** File names of TensorFlow's two libraries; fewer if it is not installed. */
export function sharedLibraries() {
  if (!existsSync(tensorflowFolder)) return [];
  return ['libtensorflow_cc', 'libtensorflow_framework'].flatMap((name) =>
    readdirSync(tensorflowFolder)
      .filter((file) => file.startsWith(`${name}.`))
      .slice(0, 1),
  );
}

/** The header folders of Node.js and TensorFlow. */
export function headerFlags() {
  const headers = [join(nodeModules, 'node-api-headers', 'include'), join(tensorflowFolder, 'include')];
  return headers.map((path) => `-I${path}`);
}

/**
 * The linker's search path for TensorFlow, relative to the library, so that the repository can be
 * moved. The GPU wheel's libraries find CUDA relative to themselves.
 */
export function tensorflowRunPath() {
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  return `-Wl,-rpath,${origin}/${relative(bindingFolder, tensorflowFolder)}`;
}

export const binding = {
  id: 'binding',
  title: 'engine binding',
  required: false,
  without: 'the slower WebAssembly engine is used',
  status() {
    if (usesOwnDownload()) return { done: true, detail: 'prebuilt' };
    if (hasStamp(stamp, key()) && existsSync(bindingPath)) return { done: true, detail: 'compiled' };
    const compiler = findCompiler();
    return { done: false, detail: compiler.mend ?? 'not compiled', mend: 'npm run setup' };
  },
  async perform(line) {
    const libraries = sharedLibraries();
    if (libraries.length !== 2) throw new SetupError('waits for the TensorFlow library (see the line above)');
    const compiler = findCompiler();
    if (compiler.path === undefined) throw new SetupError(compiler.mend);
    const partial = `${bindingPath}.partial`;
    mkdirSync(bindingFolder, { recursive: true });
    rmSync(partial, { force: true });
    const succeed = renewStamp(stamp, key());
    // One of other sources is not used if these do not compile.
    rmSync(bindingPath, { force: true });
    line.update('compiling, about 10 s');
    const portable = flags.concat(
      headerFlags(),
      process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [],
    );
    await run(compiler.path, portable.concat(quietSource, '-o', `${quietPath}.partial`), { log: 'binding' });
    renameSync(`${quietPath}.partial`, quietPath);
    await run(
      compiler.path,
      portable.concat(
        ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(bindingPackage, 'binding', name)),
        ['-o', partial],
        libraries.map((name) => join(tensorflowFolder, name)),
        tensorflowRunPath(),
      ),
      { log: 'binding' },
    );
    renameSync(partial, bindingPath);
    succeed();
    return 'compiled';
  },
};
