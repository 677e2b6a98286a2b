// WebGPU through npm `webgpu` (Dawn): GPUs of every vendor, if Vulkan, Metal or Direct3D 12 is
// installed. A software adapter is used only if requested by name, since WASM is faster.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type KernelBackend } from '@tensorflow/tfjs';
import { type BackendCandidate, BackendUnavailable } from './backend';
import { probe, type ProbeOutcome } from './probe';
import { loadBackendPackage, loadTensorFlow, packageFile } from './tensorflow';

const driverMend = "install the GPU's driver with Vulkan (Debian: mesa-vulkan-drivers, libvulkan1)";

/** The machine as the candidate sees it; a test may replace it. */
export interface WebGpuMachine {
  readonly bindingFile: string;
  /**
   * Asks for an adapter in a child process: `{adapter, software}`, `adapter` null if there is none.
   */
  probe(): Promise<ProbeOutcome>;
}

/** The machine this process runs on. */
export function webGpuMachine(): WebGpuMachine {
  const platform = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
  const bindingFile = join(dirname(packageFile('webgpu')), 'dist', platform, 'dawn.node');
  return {
    bindingFile,
    probe: () => probe({ name: 'webgpu', script: probeScript, files: [bindingFile], timeoutSeconds: 30 }),
  };
}

const probeScript = `
import('webgpu').then(async ({ create }) => {
  const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no graphics adapter was found');
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, description || architecture].filter(Boolean).join(' ');
  process.stdout.write(JSON.stringify({ adapter: name, software: isFallbackAdapter === true }) + '\\n');
});
`;

/** WebGPU on whatever adapter Dawn finds. */
export function webGpuCandidate(machine: WebGpuMachine = webGpuMachine()): BackendCandidate {
  const examine = async (explicit: boolean): Promise<string> => {
    if (!existsSync(machine.bindingFile)) {
      throw new BackendUnavailable(
        `WebGPU has no build for ${process.platform} on ${process.arch}`,
        'use another backend',
      );
    }
    const outcome = await machine.probe();
    if ('failure' in outcome)
      throw new BackendUnavailable(`WebGPU does not work here: ${outcome.failure}`, driverMend);
    const adapter = String(outcome.answer['adapter']);
    if (outcome.answer['software'] === true && !explicit) {
      throw new BackendUnavailable(
        `WebGPU has only a software adapter here (${adapter}), slower than WASM`,
        driverMend,
      );
    }
    return adapter;
  };
  return {
    name: 'webgpu',
    slowdown: undefined,
    examine,
    prepare: async (explicit) => {
      const adapter = await examine(explicit);
      await startWebGpu();
      return `WebGPU (${adapter})`;
    },
  };
}

/**
 * Limits that TensorFlow.js's kernels use; a device has the lowest values unless more is requested.
 */
const usedLimits = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
] as const;

interface WebGpuBackendPackage {
  readonly WebGPUBackend: new (device: GPUDevice, info: GPUAdapterInfo) => KernelBackend;
}

/**
 * Makes a device and registers the backend on it; the package itself does that only in a browser.
 */
async function startWebGpu(): Promise<void> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  offerInNavigator(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new BackendUnavailable('WebGPU does not work here: the adapter is gone', driverMend);
  const requiredLimits = Object.fromEntries(usedLimits.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const tf = loadTensorFlow();
  const { WebGPUBackend } = loadBackendPackage('@tensorflow/tfjs-backend-webgpu') as WebGpuBackendPackage;
  // The package's own factory asks Dawn for a feature in a way that Dawn refuses.
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info));
  await tf.setBackend('webgpu');
}

/** Kernels look for `navigator.gpu`; Node.js has a navigator from version 21 on, without it. */
function offerInNavigator(gpu: GPU): void {
  const existing = (globalThis as { navigator?: object }).navigator;
  const navigator = existing ?? { userAgent: `Node.js/${process.versions.node.split('.')[0] ?? ''}` };
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  if (!existing) Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
}
