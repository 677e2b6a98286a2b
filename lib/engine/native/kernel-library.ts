// Loading of the project's own native module (native/): the operations that kernels.ts calls, and
// the recorder of profile.ts.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, systemCode, UsageError } from '../../base/errors';
import { kernelHome } from './kernel-home';

/**
 * Version of the module's interface that kernels.ts and profile.ts use (`kInterface` in
 * native/operations.cc).
 */
export const expectedInterface = 3;

/** When operations of TensorFlow ran (native/profile.cc). */
export interface Recording {
  /**
   * Name of each operation, a space, and types and shapes of its inputs; `SessionRun ` for runs of
   * whole graphs.
   */
  readonly operations: readonly string[];
  /**
   * Four numbers for each run: index of its operation, its thread, and its start and end in
   * nanoseconds after the earliest.
   */
  readonly events: Float64Array;
}

/** Records when operations of TensorFlow run. */
export interface OperationRecorder {
  /** Starts recording. Returns false if something else records. */
  startRecording(): boolean;
  stopRecording(): Recording;
}

interface KernelLibrary extends Partial<OperationRecorder> {
  readonly instructions: string;
  readonly interface: number;
}

/**
 * Loads the kernels beside the binding, which must be loaded. Without them, or with
 * `BIPE_KERNELS=none`, everything runs on TensorFlow's own operations.
 *
 * @throws UsageError if BIPE_INSTRUCTIONS names an instruction set for which there are no kernels,
 *   or which the processor lacks
 */
export function loadKernels(folder: string): void {
  const file = join(folder, 'bipe_kernels.node');
  const home = kernelHome();
  home.file = file;
  if (home.instructions !== undefined || process.env['BIPE_KERNELS'] === 'none' || !existsSync(file)) return;
  try {
    const library = loadLibrary(file);
    if (library.interface !== expectedInterface) throw new Error('they are of another version');
    home.instructions = library.instructions;
  } catch (error) {
    if (systemCode(error) === 'BIPE_INSTRUCTIONS') throw new UsageError(messageOf(error), { cause: error });
    process.emitWarning(
      `the fused kernels do not load (${messageOf(error)}); npm run setup builds them anew`,
    );
  }
}

/**
 * Why no kernels are loaded though nobody switched them off; undefined if they are loaded, or
 * before the native library is.
 */
export function missingKernels(): string | undefined {
  const { file, instructions } = kernelHome();
  if (file === undefined || instructions !== undefined || process.env['BIPE_KERNELS'] === 'none')
    return undefined;
  return existsSync(file) ? 'they do not load' : 'they are not built';
}

/**
 * The recorder, also with `BIPE_KERNELS=none`; undefined if the module is not built, does not load
 * or is older.
 */
export function operationRecorder(): OperationRecorder | undefined {
  const { file } = kernelHome();
  if (file === undefined || !existsSync(file)) return undefined;
  try {
    const library = loadLibrary(file);
    return library.interface === expectedInterface && isRecorder(library) ? library : undefined;
  } catch {
    return undefined;
  }
}

function isRecorder(library: KernelLibrary): library is KernelLibrary & OperationRecorder {
  return library.startRecording !== undefined && library.stopRecording !== undefined;
}

function loadLibrary(path: string): KernelLibrary {
  return createRequire(__filename)(path) as KernelLibrary;
}
