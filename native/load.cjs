// Loads TensorFlow's C library into TensorFlow.js: of @tensorflow/tfjs-node-gpu only the kernels and the backend, which is
// all the engine uses. The package's own entry point also needs node-pre-gyp, adds file loaders, and looks for the binding
// inside the package. Plain JavaScript, because the trial in a child process (lib/engine/native.ts) runs it too.
'use strict';

/**
 * Registers the backend `tensorflow`, once a process.
 *
 * @param {string} bindingFile the compiled binding
 * @throws what Node.js throws where the library cannot be loaded
 */
exports.registerNativeBackend = (bindingFile) => {
  const tf = require('@tensorflow/tfjs');
  if (tf.findBackendFactory('tensorflow')) return;
  const { NodeJSKernelBackend } = withRemovedUtilities(() => {
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels');
    return require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend');
  });
  const binding = require(bindingFile);
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
};

/**
 * Modules that are loaded meanwhile get a `util` with the two functions that tfjs-node 4.22 takes from it and Node.js 23
 * removed. Node.js looks into `require.cache` before it looks for a module of its own, so nobody else's `util` changes.
 */
function withRemovedUtilities(load) {
  const util = Object.assign(Object.create(require('node:util')), {
    isArray: Array.isArray,
    isNullOrUndefined: (value) => value === null || value === undefined,
  });
  require.cache.util = { exports: util, loaded: true };
  try {
    return load();
  } finally {
    delete require.cache.util;
  }
}
