// The engine on machines that are not this one: candidates get another machine to look at, or are
// made up.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { MachineError, UsageError } from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { type BackendCandidate, BackendUnavailable } from '../../lib/engine/backends/backend';
import { type BackendChoices, chooseBackend, examineEngine, startEngine } from '../../lib/engine/engine';
import { nativeCpuCandidate, nativeGpuCandidate, type NativeMachine } from '../../lib/engine/backends/native';
import { javascriptCandidate, wasmCandidate, wasmMachine } from '../../lib/engine/backends/portable';
import { probe } from '../../lib/engine/backends/probe';
import { webGpuCandidate } from '../../lib/engine/backends/webgpu';

const folder = mkdtempSync(join(tmpdir(), 'bipe-choose-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A machine with a binding that exists, no GPU, and a library that answers. */
const healthy: NativeMachine = {
  bindingFile: __filename,
  findGpu: () => ({ state: 'absent' }),
  probe: () => Promise.resolve({ answer: { version: '2.21.0', gpu: false } }),
};

const auto = { backend: 'auto', source: 'startEngine' } as const;

function choices(candidates: readonly BackendCandidate[], notes: string[] = []): BackendChoices {
  return {
    candidates,
    gpu: { state: 'absent' },
    allowSlow: false,
    reporter: {
      ...silentReporter,
      note: (line, level) => {
        expect(level).toBe('warning');
        notes.push(line);
      },
    },
  };
}

const noWasm = () => wasmCandidate({ ...wasmMachine(), supported: false });

/** TensorFlow.js's own JavaScript, except that one entry of each product is a little off. */
function wrongCandidate(): BackendCandidate {
  return {
    name: 'native-cpu',
    slowdown: undefined,
    examine: () => Promise.resolve('a broken library'),
    prepare: async () => {
      tf.registerBackend('wrong', () => Object.create(tf.findBackend('cpu')) as tf.KernelBackend);
      for (const kernel of tf.getKernelsForBackend('cpu')) {
        const kernelFunc: tf.KernelFunc = (call) => {
          const result = kernel.kernelFunc(call) as tf.TensorInfo;
          if (kernel.kernelName === 'BatchMatMul') {
            const values = (call.backend as { readSync(id: object): Float32Array }).readSync(result.dataId);
            values[7] = (values[7] ?? 0) + 0.01;
          }
          return result;
        };
        tf.registerKernel({ ...kernel, backendName: 'wrong', kernelFunc });
      }
      await tf.setBackend('wrong');
      return 'broken';
    },
  };
}

describe('the automatic choice', () => {
  it('takes WASM where the native library is not built, and says aloud that it is slow and what to do', async () => {
    const notes: string[] = [];
    const missing = { ...healthy, bindingFile: join(folder, 'tfjs_binding.node') };
    const engine = await chooseBackend(
      auto,
      choices([nativeGpuCandidate(missing), nativeCpuCandidate(missing), wasmCandidate()], notes),
    );
    expect(engine).toMatchObject({
      backend: 'wasm',
      slow: true,
      reason: 'the fastest that works on this machine',
      rejected: [
        { backend: 'native-gpu', why: 'no NVIDIA GPU on this machine' },
        {
          backend: 'native-cpu',
          why: 'the native library is not built',
          mend: 'run npm run setup, which builds it',
        },
      ],
    });
    expect(notes).toEqual([
      `engine: on ${engine.description} training takes about 29 times as long as on the native engine: the native library is not built; run npm run setup, which builds it`,
    ]);
    expect(tf.getBackend()).toBe('wasm');
  });

  it('survives a native library that crashes when it is loaded', async () => {
    for (const signal of ['SIGSEGV', 'SIGILL', 'SIGABRT']) {
      const crashing: NativeMachine = {
        ...healthy,
        probe: () =>
          probe({
            name: signal,
            script: `process.kill(process.pid, '${signal}'); setInterval(() => undefined, 1000);`,
            files: [],
            cacheFile: join(folder, 'probe.json'),
          }),
      };
      const engine = await chooseBackend(auto, choices([nativeCpuCandidate(crashing), wasmCandidate()]));
      expect(engine.backend).toBe('wasm');
      expect(engine.rejected[0]?.why).toMatch(`the native library does not work here: it crashed (${signal}`);
    }
  });

  it('does not trust a backend that computes wrong numbers', async () => {
    await javascriptCandidate().prepare(false);
    const engine = await chooseBackend(auto, choices([wrongCandidate(), wasmCandidate()]));
    expect(engine.backend).toBe('wasm');
    expect(engine.rejected).toEqual([
      {
        backend: 'native-cpu',
        why: 'it computes wrong numbers (a 64x48 by 48x32 product is off by 0.01)',
        mend: 'run npm run setup on this machine to rebuild it',
      },
    ]);
  });

  it('names what an unexpected failure said', async () => {
    const failing: BackendCandidate = {
      ...wasmCandidate(),
      name: 'webgpu',
      prepare: () => Promise.reject(new Error('device lost')),
    };
    const engine = await chooseBackend(auto, choices([failing, wasmCandidate()]));
    expect(engine.rejected[0]).toMatchObject({ backend: 'webgpu', why: 'it failed with "device lost"' });
  });

  it('never falls to pure JavaScript by itself', async () => {
    const missing = { ...healthy, bindingFile: join(folder, 'tfjs_binding.node') };
    const attempt = chooseBackend(
      auto,
      choices([nativeCpuCandidate(missing), noWasm(), javascriptCandidate()]),
    );
    await expect(attempt).rejects.toThrow(MachineError);
    await expect(attempt).rejects.toThrow(
      'only pure JavaScript would work here, hundreds of times slower than native (native-cpu: the native library is not built; wasm: this Node.js runs without WebAssembly); run npm run setup, which builds it, or set BIPE_ENGINE=javascript to go on all the same',
    );
  });

  it('falls to pure JavaScript where that was allowed, and says so', async () => {
    const notes: string[] = [];
    const engine = await chooseBackend(auto, {
      ...choices([noWasm(), javascriptCandidate()], notes),
      allowSlow: true,
    });
    expect(engine).toMatchObject({ backend: 'javascript', slow: true });
    expect(notes[0]).toContain(
      'engine: on pure JavaScript (1 thread) training takes hundreds of times as long as on the native engine',
    );
  });

  it('says aloud that a GPU stays unused, and why', async () => {
    const notes: string[] = [];
    const gpu = { state: 'visible', evidence: '/dev/nvidia0' } as const;
    const machine: NativeMachine = { ...healthy, findGpu: () => gpu };
    const engine = await chooseBackend(auto, {
      ...choices([nativeGpuCandidate(machine), wasmCandidate()], notes),
      gpu,
    });
    const why = 'a GPU is here (/dev/nvidia0), but the native library (TensorFlow 2.21.0) cannot use it';
    expect(engine.rejected[0]).toMatchObject({ backend: 'native-gpu', why });
    expect(notes[0]).toContain(
      `engine: the GPU is not used, ${engine.description} is: ${why}; run npm run setup`,
    );
  });

  it('fails in one line where nothing works at all', async () => {
    const attempt = chooseBackend(auto, choices([noWasm()]));
    await expect(attempt).rejects.toThrow(/^no tensor engine works here \(wasm: [^\n]+; run npm run setup$/);
  });
});

describe('a backend asked for by name', () => {
  it('is started, with who asked as the reason, and nothing else is tried', async () => {
    const notes: string[] = [];
    const engine = await chooseBackend(
      { backend: 'javascript', source: 'BIPE_ENGINE=javascript' },
      choices([wrongCandidate(), javascriptCandidate()], notes),
    );
    expect(engine).toMatchObject({
      backend: 'javascript',
      reason: 'asked for by BIPE_ENGINE=javascript',
      rejected: [],
    });
    expect(notes).toEqual([]);
  });

  it('is not exchanged for another where it does not work', async () => {
    const attempt = chooseBackend(
      { backend: 'wasm', source: 'startEngine' },
      choices([noWasm(), javascriptCandidate()]),
    );
    await expect(attempt).rejects.toThrow(
      'startEngine: wasm cannot be used: this Node.js runs without WebAssembly; start it without --jitless and without --no-expose-wasm',
    );
  });

  it('must be one of those there are', async () => {
    process.env['BIPE_ENGINE'] = 'cuda';
    const attempt = startEngine();
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(
      'BIPE_ENGINE=cuda: not a backend; choose auto, native-gpu, native-cpu, webgpu, wasm, javascript',
    );
    delete process.env['BIPE_ENGINE'];
  });
});

describe('examineEngine', () => {
  it('tells for each backend what it would use or what it needs, and starts none', async () => {
    await tf.setBackend('cpu');
    const hidden: NativeMachine = {
      ...healthy,
      findGpu: () => ({ state: 'hidden', evidence: '/dev/nvidia0' }),
    };
    const software = {
      bindingFile: __filename,
      probe: () => Promise.resolve({ answer: { adapter: 'google SwiftShader', software: true } }),
    };
    const found = await examineEngine([
      nativeGpuCandidate(hidden),
      nativeCpuCandidate(healthy),
      webGpuCandidate(software),
      webGpuCandidate({ ...software, probe: () => Promise.resolve({ failure: 'it crashed (SIGSEGV)' }) }),
      webGpuCandidate({ ...software, bindingFile: join(folder, 'dawn.node') }),
      wasmCandidate({ supported: true, folder }),
    ]);
    expect(found.map(({ backend, available, why }) => [backend, available, why])).toEqual([
      ['native-gpu', false, 'the GPU (/dev/nvidia0) is hidden by CUDA_VISIBLE_DEVICES'],
      ['native-cpu', true, expect.stringMatching(/^TensorFlow 2\.21\.0, oneDNN, \d+ threads?$/)],
      ['webgpu', false, 'WebGPU has only a software adapter here (google SwiftShader), slower than WASM'],
      ['webgpu', false, 'WebGPU does not work here: it crashed (SIGSEGV)'],
      ['webgpu', false, `WebGPU has no build for ${process.platform} on ${process.arch}`],
      ['wasm', false, 'the WASM files are not installed'],
    ]);
    expect(found.every(({ available, mend }) => available === (mend === undefined))).toBe(true);
    expect(tf.getBackend()).toBe('cpu');
    await expect(webGpuCandidate(software).examine(true)).resolves.toBe('google SwiftShader');
  });

  it('reports this machine', async () => {
    const found = await examineEngine();
    expect(found.map(({ backend }) => backend)).toEqual([
      'native-gpu',
      'native-cpu',
      'webgpu',
      'wasm',
      'javascript',
    ]);
    expect(found.slice(3).every(({ available }) => available)).toBe(true);
  });
});

describe('BackendUnavailable', () => {
  it('says why and what to do in one line', () => {
    expect(new BackendUnavailable('no driver', 'install one').message).toBe('no driver; install one');
  });
});
