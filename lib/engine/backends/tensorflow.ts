// Loads TensorFlow.js's packages when they are first needed: the command line imports the engine's
// modules for their names alone and must not wait for a megabyte of JavaScript. All packages share
// one tfjs-core.

import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

const load = createRequire(__filename);

/** `@tensorflow/tfjs` itself. */
export function loadTensorFlow(): typeof TensorFlow {
  return load('@tensorflow/tfjs') as typeof TensorFlow;
}

/** Another package that adds a backend to it. */
export function loadBackendPackage(
  name: '@tensorflow/tfjs-backend-wasm' | '@tensorflow/tfjs-backend-webgpu',
): unknown {
  return load(name);
}

/** The path of a file inside an installed package. */
export function packageFile(path: string): string {
  return load.resolve(path);
}
