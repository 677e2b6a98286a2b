// The backends that need nothing from the machine: WebAssembly and, slower still, JavaScript
// itself.

import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { type BackendCandidate, BackendUnavailable } from './backend';
import { loadBackendPackage, loadTensorFlow, packageFile } from './tensorflow';
import { registerMissingWasmKernels } from './wasm-kernels';

/** The machine as the WASM backend sees it; a test may replace it. */
export interface WasmMachine {
  readonly supported: boolean;
  /** The folder with the package's .wasm files. */
  readonly folder: string;
}

interface WasmPackage {
  setWasmPaths(prefix: string): void;
}

/** The machine this process runs on. */
export function wasmMachine(): WasmMachine {
  return {
    supported: 'WebAssembly' in globalThis,
    folder: join(dirname(packageFile('@tensorflow/tfjs-backend-wasm/package.json')), 'dist'),
  };
}

/**
 * WebAssembly, SIMD where the processor has it. One thread: TensorFlow.js has no threaded WASM in
 * Node.js.
 */
export function wasmCandidate(machine: WasmMachine = wasmMachine()): BackendCandidate {
  const examine = (): Promise<string> => {
    if (!machine.supported) {
      return Promise.reject(
        new BackendUnavailable(
          'this Node.js runs without WebAssembly',
          'start it without --jitless and without --no-expose-wasm',
        ),
      );
    }
    if (!existsSync(join(machine.folder, 'tfjs-backend-wasm.wasm'))) {
      return Promise.reject(
        new BackendUnavailable('the WASM files are not installed', 'run npm run setup, which installs them'),
      );
    }
    return Promise.resolve('WebAssembly, 1 thread');
  };
  return {
    name: 'wasm',
    // Measured at hidden size 48 on two cores: 2,614 tokens a second, native 75,848.
    slowdown: 'about 29 times as long',
    examine,
    prepare: async () => {
      await examine();
      const tf = loadTensorFlow();
      const wasm = loadBackendPackage('@tensorflow/tfjs-backend-wasm') as WasmPackage;
      wasm.setWasmPaths(machine.folder + sep);
      if (!(await tf.setBackend('wasm')))
        throw new BackendUnavailable('the WASM module does not start', 'use another backend');
      registerMissingWasmKernels(tf);
      const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
      return `WASM (${simd === true ? 'SIMD, ' : ''}1 thread)`;
    },
  };
}

/** Pure JavaScript: works everywhere, several hundred times slower than native. */
export function javascriptCandidate(): BackendCandidate {
  return {
    name: 'javascript',
    slowdown: 'hundreds of times as long',
    examine: () => Promise.resolve('pure JavaScript, 1 thread'),
    prepare: async () => {
      const tf = loadTensorFlow();
      await tf.setBackend('cpu');
      sayNothingAtFirstUse();
      return 'pure JavaScript (1 thread)';
    },
  };
}

/**
 * Suppresses the backend's advice to install tfjs-node at its first tensor: the engine has given
 * better advice already.
 */
function sayNothingAtFirstUse(): void {
  const tf = loadTensorFlow();
  const production = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  tf.scalar(0).dispose();
  tf.env().set('PROD', production);
}
