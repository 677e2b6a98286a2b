// Loads TensorFlow.js's packages on first use: the command line imports the engine's modules for
// their names alone and must not wait for a megabyte of JavaScript. All packages share one
// tfjs-core.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { packagesFolder } from '../../base/paths';

const load = createRequire(__filename);

/** Loads `@tensorflow/tfjs` itself. */
export function loadTensorFlow(): typeof TensorFlow {
  return load('@tensorflow/tfjs') as typeof TensorFlow;
}

/** Loads a package that adds a backend to it. */
export function loadBackendPackage(
  name: '@tensorflow/tfjs-backend-wasm' | '@tensorflow/tfjs-backend-webgpu',
): unknown {
  return load(name);
}

/** The path of a file inside a package: where it would be, if the package is not installed. */
export function packageFile(path: string): string {
  try {
    return load.resolve(path);
  } catch {
    return join(packagesFolder, path);
  }
}
