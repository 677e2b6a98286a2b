// What the test of training in a browser runs in the page.

import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerMissingWasmKernels } from '../../lib/engine/backends/wasm-kernels';
import { trainTiny } from './tiny-training';

/** Where the test serves the backend's files from. */
setWasmPaths('/');

Object.assign(globalThis, {
  trainInPage: async (encoding: string): Promise<{ losses: number[]; backend: string }> => {
    await tf.setBackend('wasm');
    registerMissingWasmKernels(tf);
    return { losses: trainTiny(encoding), backend: tf.getBackend() };
  },
});
