// The folders of the set-up, all inside the repository and git-ignored.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cacheFolder = join(root, '.cache');
export const logFolder = join(cacheFolder, 'setup');
export const temporaryFolder = join(cacheFolder, 'tmp');
export const venvFolder = join(root, '.venv');
export const venvPython = pythonIn(venvFolder);
/** TensorFlow's libraries and headers, as the PyPI wheel lays them out. */
export const engineFolder = join(venvFolder, 'engine');
export const tensorflowFolder = join(engineFolder, 'tensorflow');
export const nodeModules = join(root, 'node_modules');
/** The C++ of this project. */
export const nativeFolder = join(root, 'native');
/** The package whose C++ is compiled into the engine's binding. */
export const bindingPackage = join(nodeModules, '@tensorflow', 'tfjs-node-gpu');
/** Compiled files: outside node_modules, which npm empties when a package is added. */
export const bindingFolder = join(cacheFolder, 'native');
export const bindingPath = join(bindingFolder, 'tfjs_binding.node');
/** The folder of the package's own prebuilt binding. */
export const prebuiltBindingPath = join(bindingPackage, 'lib', 'napi-v8', 'tfjs_binding.node');

/** The interpreter of a virtual environment. */
export function pythonIn(folder) {
  return join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
}
