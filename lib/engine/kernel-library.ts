// Loading of the project's own operations (native/), which kernels.ts calls.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors';

/** That of the operations as kernels.ts calls them (`kInterface` in native/operations.cc). */
const expectedInterface = 1;

let instructions: string | undefined;

/**
 * Loads the kernels beside the binding, once that is loaded itself. Without them, or with `BIPE_KERNELS=none`, everything runs on
 * TensorFlow's own operations.
 */
export function loadKernels(folder: string): void {
  const file = join(folder, 'bipe_kernels.node');
  if (instructions !== undefined || process.env['BIPE_KERNELS'] === 'none' || !existsSync(file)) return;
  try {
    const library = createRequire(__filename)(file) as { instructions: string; interface: number };
    if (library.interface !== expectedInterface) throw new Error('they are of another version');
    ({ instructions } = library);
  } catch (error) {
    process.emitWarning(
      `the fused kernels do not load (${messageOf(error)}); npm run setup builds them anew`,
    );
  }
}

/** The instruction set of the kernels that are loaded, e.g. `AVX-512`; undefined without kernels. */
export function loadedKernels(): string | undefined {
  return instructions;
}
