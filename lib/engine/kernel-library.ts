// Loading of the project's own operations (native/), which kernels.ts calls.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, systemCode, UsageError } from '../base/errors';

/** That of the operations as kernels.ts calls them (`kInterface` in native/operations.cc). */
const expectedInterface = 1;

/**
 * Loads the kernels beside the binding, once that is loaded itself. Without them, or with `BIPE_KERNELS=none`, everything runs on
 * TensorFlow's own operations.
 *
 * @throws UsageError if BIPE_INSTRUCTIONS names an instruction set for which there are no kernels, or which the processor lacks
 */
export function loadKernels(folder: string): void {
  const file = join(folder, 'bipe_kernels.node');
  const home = kernelHome();
  if (home.instructions !== undefined || process.env['BIPE_KERNELS'] === 'none' || !existsSync(file)) return;
  try {
    const library = createRequire(__filename)(file) as { instructions: string; interface: number };
    if (library.interface !== expectedInterface) throw new Error('they are of another version');
    home.instructions = library.instructions;
  } catch (error) {
    if (systemCode(error) === 'BIPE_INSTRUCTIONS') throw new UsageError(messageOf(error), { cause: error });
    process.emitWarning(
      `the fused kernels do not load (${messageOf(error)}); npm run setup builds them anew`,
    );
  }
}

/** The instruction set of the kernels that are loaded, e.g. `AVX-512`; undefined without kernels. */
export function loadedKernels(): string | undefined {
  return kernelHome().instructions;
}

interface KernelHome {
  instructions: string | undefined;
}

/** Kept outside this module: a notebook kernel loads lib anew when it was edited, while the operations stay. */
function kernelHome(): KernelHome {
  const homes = globalThis as unknown as Record<symbol, KernelHome | undefined>;
  return (homes[Symbol.for('bipe-workbench.kernels')] ??= { instructions: undefined });
}
