// Chooses the tensor backend of the process and reports which and why. A backend is trusted after
// it has computed a small product correctly. The order: native GPU, native CPU, WebGPU, WASM,
// JavaScript.

import { setUpHint } from '../base/command';
import { MachineError, messageOf, UsageError } from '../base/errors';
import { type Reporter, terminalReporter } from '../base/progress';
import {
  type BackendCandidate,
  type BackendName,
  backendNames,
  BackendUnavailable,
} from './backends/backend';
import { checkCurrentBackend } from './backends/check';
import { findGpu, type GpuPresence } from './backends/gpu';
import { missingKernels } from './native/kernel-library';
import { nativeCpuCandidate, nativeGpuCandidate } from './backends/native';
import { javascriptCandidate, wasmCandidate } from './backends/portable';
import { webGpuCandidate } from './backends/webgpu';

/** A backend that was tried and rejected. */
export interface RejectedBackend {
  readonly backend: BackendName;
  /** Why it cannot be used on this machine. */
  readonly why: string;
  /** Remedy. */
  readonly mend: string;
}

/** The engine that runs in this process. */
export interface Engine {
  readonly backend: BackendName;
  /** Readable description: `native CPU (TensorFlow 2.21.0, oneDNN, AVX-512 kernels, 2 threads)`. */
  readonly description: string;
  /** Why this backend was chosen. */
  readonly reason: string;
  /** Faster backends that do not work here; empty if the backend was requested by name. */
  readonly rejected: readonly RejectedBackend[];
  /** True if native would be many times faster (WASM and JavaScript). */
  readonly slow: boolean;
  /** True if `capture` makes graphs here; elsewhere its steps run operation by operation. */
  readonly captures: boolean;
  /**
   * Reasons why this is slower than the machine could be, each with its remedy, one line each;
   * empty if the backend was requested by name.
   */
  readonly warnings: readonly string[];
}

/** Options of `startEngine`. */
export interface EngineOptions {
  /**
   * A backend by name, or `auto` (the default): the fastest that works. BIPE_ENGINE takes
   * precedence.
   */
  readonly backend?: BackendName | 'auto';
  /** True if `auto` may fall back to pure JavaScript. Default: no. */
  readonly allowSlow?: boolean;
  /** Receives warnings about an unused GPU or a slow backend. Default: standard error. */
  readonly reporter?: Reporter;
}

/** Availability of one backend, as `examineEngine` found it. */
export interface BackendExamination {
  readonly backend: BackendName;
  readonly available: boolean;
  /** The device it would use, or why it cannot be used. */
  readonly why: string;
  /** The remedy if it is not available. */
  readonly mend?: string;
  /** Training time relative to the native backend, in words, if it is much longer. */
  readonly slowdown?: string;
}

/** The backends in the order in which they are tried. */
export function backendCandidates(): BackendCandidate[] {
  return [
    nativeGpuCandidate(),
    nativeCpuCandidate(),
    webGpuCandidate(),
    wasmCandidate(),
    javascriptCandidate(),
  ];
}

/**
 * Starts the engine, once for each process: later calls return the same one. From then on
 * `@tensorflow/tfjs`, and danfo with it, computes on the chosen backend.
 *
 * @throws MachineError if the requested backend does not work here, or only pure JavaScript would
 *   and `allowSlow` is not set
 * @throws UsageError if BIPE_ENGINE names no backend or BIPE_INSTRUCTIONS no kernels of this
 *   processor, or if the engine already runs on another backend: tensors live on their backend, so
 *   changing it takes a new process
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const request = requestedBackend(options);
  const home = engineHome();
  if (home.engine === undefined) {
    const choice = chooseBackend(request, {
      candidates: backendCandidates(),
      gpu: findGpu(),
      allowSlow: options.allowSlow ?? false,
      reporter: options.reporter ?? terminalReporter(),
    });
    home.engine = choice;
    choice.catch(() => {
      // A failed start may be tried again, with other options.
      if (home.engine === choice) home.engine = undefined;
    });
  }
  const engine = await home.engine;
  if (request.backend !== 'auto' && request.backend !== engine.backend) {
    throw new UsageError(
      `${request.source}: the engine of this process already runs on ${engine.backend}; restart the kernel or process to change it`,
    );
  }
  return engine;
}

/**
 * Lists the backends that this machine has and what the others need, without starting any in this
 * process.
 */
export async function examineEngine(
  candidates: readonly BackendCandidate[] = backendCandidates(),
): Promise<BackendExamination[]> {
  const examinations: BackendExamination[] = [];
  for (const candidate of candidates) {
    const backend = candidate.name;
    try {
      const why = await candidate.examine(false);
      const { slowdown } = candidate;
      examinations.push({ backend, available: true, why, ...(slowdown === undefined ? {} : { slowdown }) });
    } catch (error) {
      examinations.push({ backend, available: false, ...asUnavailable(error) });
    }
  }
  return examinations;
}

/** A requested backend, and the place of the request. */
export interface BackendRequest {
  readonly backend: BackendName | 'auto';
  /** `BIPE_ENGINE=wasm` or `startEngine`. */
  readonly source: string;
}

/** The candidates and conditions of a choice. */
export interface BackendChoices {
  readonly candidates: readonly BackendCandidate[];
  readonly gpu: GpuPresence;
  readonly allowSlow: boolean;
  readonly reporter: Reporter;
}

/** Makes the requested backend, or the first candidate that works, TensorFlow.js's current one. */
export async function chooseBackend(request: BackendRequest, choices: BackendChoices): Promise<Engine> {
  if (request.backend !== 'auto') return startNamed(request.backend, request.source, choices.candidates);
  const rejected: RejectedBackend[] = [];
  for (const candidate of choices.candidates) {
    if (candidate.name === 'javascript' && !choices.allowSlow) throw onlyJavaScript(rejected);
    try {
      const reason =
        rejected.length === 0 ? 'the fastest there is' : 'the fastest that works on this machine';
      const engine = await started(candidate, false, reason, rejected);
      const warnings = warningsOf(engine, candidate.slowdown, choices.gpu);
      for (const warning of warnings) choices.reporter.note(`engine: ${warning}`, 'warning');
      return { ...engine, warnings };
    } catch (error) {
      // A wrong request: another backend would not be what was meant.
      if (error instanceof UsageError) throw error;
      rejected.push({ backend: candidate.name, ...asUnavailable(error) });
    }
  }
  throw new MachineError(`no tensor engine works here (${listRejected(rejected)}); ${setUpHint}`);
}

async function startNamed(
  name: BackendName,
  source: string,
  candidates: readonly BackendCandidate[],
): Promise<Engine> {
  const candidate = candidates.find((one) => one.name === name);
  if (!candidate) throw new UsageError(`${source}: ${name} is not among the backends to choose from`);
  try {
    return { ...(await started(candidate, true, `asked for by ${source}`, [])), warnings: [] };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { why, mend } = asUnavailable(error);
    throw new MachineError(`${source}: ${name} cannot be used: ${why}; ${mend}`, { cause: error });
  }
}

/** Makes a backend the current one, and checks it. */
async function started(
  candidate: BackendCandidate,
  isAsked: boolean,
  reason: string,
  rejected: readonly RejectedBackend[],
): Promise<Omit<Engine, 'warnings'>> {
  const { name: backend, slowdown } = candidate;
  const description = await candidate.prepare(isAsked);
  await checkCurrentBackend();
  const captures = backend === 'native-gpu' || backend === 'native-cpu';
  return { backend, description, reason, rejected, slow: slowdown !== undefined, captures };
}

function warningsOf(
  engine: Omit<Engine, 'warnings'>,
  slowdown: string | undefined,
  gpu: GpuPresence,
): string[] {
  const warnings: string[] = [];
  const warn = (what: string, backend: BackendName): void => {
    const rejected = engine.rejected.find((one) => one.backend === backend);
    warnings.push(rejected ? `${what}: ${rejected.why}; ${rejected.mend}` : what);
  };
  if (gpu.state === 'visible' && engine.backend !== 'native-gpu')
    warn(`the GPU is not used, ${engine.description} is`, 'native-gpu');
  if (slowdown !== undefined)
    warn(`on ${engine.description} training takes ${slowdown} as on the native engine`, 'native-cpu');
  const withoutKernels = engine.backend === 'native-cpu' && missingKernels();
  if (withoutKernels)
    warnings.push(
      `${engine.description} without the fused kernels, at about half the speed: ${withoutKernels}; ${setUpHint}`,
    );
  return warnings;
}

function onlyJavaScript(rejected: readonly RejectedBackend[]): MachineError {
  const mend = rejected.find((one) => one.backend === 'native-cpu')?.mend ?? setUpHint;
  return new MachineError(
    `only pure JavaScript would work here, hundreds of times slower than native (${listRejected(rejected)}); ${mend}, or set BIPE_ENGINE=javascript to go on all the same`,
  );
}

function listRejected(rejected: readonly RejectedBackend[]): string {
  return rejected.map(({ backend, why }) => `${backend}: ${why}`).join('; ');
}

function asUnavailable(error: unknown): { why: string; mend: string } {
  if (error instanceof BackendUnavailable) return { why: error.why, mend: error.mend };
  return { why: `it failed with "${messageOf(error)}"`, mend: 'docs/engine.md lists known troubles' };
}

function requestedBackend(options: EngineOptions): BackendRequest {
  const variable = process.env['BIPE_ENGINE'];
  if (variable === undefined || variable === '')
    return { backend: options.backend ?? 'auto', source: 'startEngine' };
  if (!isBackendOrAuto(variable)) {
    throw new UsageError(`BIPE_ENGINE=${variable}: not a backend; choose auto, ${backendNames.join(', ')}`);
  }
  return { backend: variable, source: `BIPE_ENGINE=${variable}` };
}

function isBackendOrAuto(name: string): name is BackendName | 'auto' {
  return name === 'auto' || backendNames.some((one) => one === name);
}

interface EngineHome {
  engine: Promise<Engine> | undefined;
}

/**
 * The running engine, kept outside this module: a notebook kernel loads lib anew after an edit,
 * while the backend stays.
 */
function engineHome(): EngineHome {
  const homes = globalThis as unknown as Record<symbol, EngineHome | undefined>;
  return (homes[Symbol.for('bipe-workbench.engine')] ??= { engine: undefined });
}
