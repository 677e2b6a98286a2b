// The native backends: TensorFlow's C library through the binding of @tensorflow/tfjs-node-gpu,
// which computes on a GPU if it finds one and on the processor otherwise. A process has one
// library, and so one of the two backends.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/errors';
import { setUpHint } from '../../base/command';
import { isInstalled, projectPath } from '../../base/paths';
import { type BackendCandidate, BackendUnavailable } from './backend';
import { findGpu, type GpuPresence } from './gpu';
import { loadedKernels } from '../native/kernel-home';
import { loadKernels } from '../native/kernel-library';
import { probe, type ProbeOutcome } from './probe';
import { loadTensorFlow, packageFile } from './tensorflow';

const setUpMend = isInstalled ? setUpHint : `${setUpHint}, which builds it`;

/** The machine as the native backends see it; a test may replace it. */
export interface NativeMachine {
  readonly bindingFile: string;
  findGpu(): GpuPresence;
  /** Loads the library and multiplies in a child process: `{version, gpu}`. */
  probe(gpuHidden: boolean): Promise<ProbeOutcome>;
}

interface NativeAnswer {
  readonly version: string;
  readonly usesGpu: boolean;
}

/** The machine this process runs on. */
export function thisMachine(): NativeMachine {
  const packageFolder = dirname(packageFile('@tensorflow/tfjs-node-gpu/package.json'));
  const compiled = projectPath('.cache', 'native', 'tfjs_binding.node');
  // The package's own download, if nothing could be compiled.
  const prebuilt = join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node');
  const bindingFile = !existsSync(compiled) && existsSync(prebuilt) ? prebuilt : compiled;
  const libraries = [
    projectPath('.venv', 'engine', 'tensorflow', 'libtensorflow_cc.so.2'),
    join(packageFolder, 'deps', 'lib', 'libtensorflow.so.2'),
  ];
  return {
    bindingFile,
    findGpu,
    probe: (gpuHidden) =>
      probe({
        name: gpuHidden ? 'native-cpu' : 'native-gpu',
        script: probeScript(bindingFile),
        files: [bindingFile, loaderFile, ...libraries],
        environment: gpuHidden ? { CUDA_VISIBLE_DEVICES: '-1' } : {},
        // The first use of a new GPU compiles kernels for it.
        timeoutSeconds: gpuHidden ? 60 : 300,
      }),
  };
}

/**
 * Registers the native backend: plain JavaScript, since the child process that tries it runs it as
 * well.
 */
const loaderFile = projectPath('native', 'load.cjs');

const probeScript = (bindingFile: string): string => `
const tf = require('@tensorflow/tfjs');
require(${JSON.stringify(loaderFile)}).registerNativeBackend(${JSON.stringify(bindingFile)});
tf.setBackend('tensorflow');
const a = tf.ones([64, 48]);
const product = tf.softmax(tf.matMul(a, a, false, true)).dataSync();
if (Math.abs(product[0] - 1 / 64) > 1e-4) throw new Error('it computes wrong numbers');
const { binding, isUsingGpuDevice } = tf.backend();
process.stdout.write(JSON.stringify({ version: binding.TF_Version, gpu: isUsingGpuDevice }) + '\\n');
`;

/** The native backend on an NVIDIA GPU. */
export function nativeGpuCandidate(machine: NativeMachine = thisMachine()): BackendCandidate {
  const examine = async (): Promise<string> => {
    const gpu = machine.findGpu();
    if (gpu.state === 'absent')
      throw new BackendUnavailable('no NVIDIA GPU on this machine', 'docs/engine.md says what is supported');
    if (gpu.state === 'hidden')
      throw new BackendUnavailable(
        `the GPU (${gpu.evidence}) is hidden by CUDA_VISIBLE_DEVICES`,
        'unset that variable to use it',
      );
    const { version, usesGpu } = await examineLibrary(machine, false);
    if (!usesGpu) throw gpuNotUsed(gpu.evidence, version);
    return `TensorFlow ${version}, ${gpu.evidence}`;
  };
  return {
    name: 'native-gpu',
    slowdown: undefined,
    examine,
    prepare: async () => {
      const found = await examine();
      const { version, usesGpu } = await loadLibrary(machine.bindingFile);
      if (!usesGpu) throw gpuNotUsed(found, version);
      return `native GPU (${found})`;
    },
  };
}

/** The native backend on the processor; a GPU is hidden from the library. */
export function nativeCpuCandidate(machine: NativeMachine = thisMachine()): BackendCandidate {
  const examine = async (): Promise<string> => describeCpu((await examineLibrary(machine, true)).version);
  return {
    name: 'native-cpu',
    slowdown: undefined,
    examine,
    prepare: async () => {
      await examine();
      if (machine.findGpu().state !== 'absent') process.env['CUDA_VISIBLE_DEVICES'] = '-1';
      const { version, usesGpu } = await loadLibrary(machine.bindingFile);
      if (usesGpu) {
        throw new BackendUnavailable(
          'the native library of this process already uses the GPU',
          'start again with BIPE_ENGINE=native-cpu',
        );
      }
      return `native CPU (${describeCpu(version)})`;
    },
  };
}

function gpuNotUsed(evidence: string, version: string): BackendUnavailable {
  return new BackendUnavailable(
    `a GPU is here (${evidence}), but the native library (TensorFlow ${version}) cannot use it`,
    'run npm run setup, which installs the CUDA build; docs/engine.md lists the driver it needs',
  );
}

function describeCpu(version: string): string {
  const threads = process.env['TF_NUM_INTRAOP_THREADS'] ?? String(availableParallelism());
  const oneDnn = ['0', 'false'].includes(process.env['TF_ENABLE_ONEDNN_OPTS'] ?? '1') ? '' : ', oneDNN';
  const instructions = loadedKernels();
  const kernels = instructions === undefined ? '' : `, ${instructions} kernels`;
  return `TensorFlow ${version}${oneDnn}${kernels}, ${threads} ${threads === '1' ? 'thread' : 'threads'}`;
}

async function examineLibrary(machine: NativeMachine, gpuHidden: boolean): Promise<NativeAnswer> {
  if (!existsSync(machine.bindingFile))
    throw new BackendUnavailable('the native library is not built', setUpMend);
  const outcome = await machine.probe(gpuHidden);
  if ('failure' in outcome)
    throw new BackendUnavailable(`the native library does not work here: ${outcome.failure}`, setUpMend);
  return { version: String(outcome.answer['version']), usesGpu: outcome.answer['gpu'] === true };
}

/**
 * Loads the library into this process (once: Node.js keeps it) and makes it the current backend.
 */
async function loadLibrary(bindingFile: string): Promise<NativeAnswer> {
  setDefaults();
  const tf = loadTensorFlow();
  const loader = createRequire(__filename)(loaderFile) as {
    registerNativeBackend(bindingFile: string): void;
  };
  try {
    quietly(bindingFile, () => {
      loader.registerNativeBackend(bindingFile);
    });
    await tf.setBackend('tensorflow');
  } catch (error) {
    throw new BackendUnavailable(`the native library does not load: ${messageOf(error)}`, setUpMend, {
      cause: error,
    });
  }
  loadKernels(dirname(bindingFile));
  const backend = tf.backend() as unknown as {
    readonly isUsingGpuDevice: boolean;
    readonly binding: { readonly TF_Version: string };
  };
  return { version: backend.binding.TF_Version, usesGpu: backend.isUsingGpuDevice };
}

/**
 * Sets defaults of environment variables that the library reads when it is loaded, unless the user
 * has set them.
 */
function setDefaults(): void {
  // Its log goes to standard error, which belongs to the workbench; a failing operation throws
  // anyway.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  // By default it takes all of a GPU's memory at once, and a second notebook finds none.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
}

/**
 * Loads with the helper that the set-up has built, if it has: with standard error muted, unless a
 * log was requested (a static initializer of TensorFlow prints three lines about oneDNN at any log
 * level), and without keeping the parts of the library in memory that only loading touches.
 */
function quietly(bindingFile: string, load: () => void): void {
  const path = join(dirname(bindingFile), 'tfjs_quiet.node');
  if (!existsSync(path)) {
    load();
    return;
  }
  const helper = createRequire(__filename)(path) as LoadingHelper;
  const muted = process.env['TF_CPP_MIN_LOG_LEVEL'] === '3';
  helper.startReleasing?.();
  if (muted) helper.mute();
  try {
    load();
  } finally {
    if (muted) helper.restore();
    helper.stopReleasing?.();
  }
}

/** The helper of an older set-up has no functions for releasing. */
type LoadingHelper = Readonly<
  Record<'mute' | 'restore', () => void> & Partial<Record<'startReleasing' | 'stopReleasing', () => void>>
>;
