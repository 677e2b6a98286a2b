// The state of the project's native module. It lives outside all modules, since a notebook kernel
// loads lib anew after an edit, while the native operations stay. Models ask here for kernels, so
// this file imports nothing of Node.js.

interface KernelHome {
  /** Path of the module, whether it is built or not; undefined before the native library loads. */
  file: string | undefined;
  /** Instruction set of the kernels that are loaded, e.g. `AVX-512`. */
  instructions: string | undefined;
}

/** The state, to be changed by `kernel-library.ts` alone. */
export function kernelHome(): KernelHome {
  const homes = globalThis as unknown as Record<symbol, KernelHome | undefined>;
  return (homes[Symbol.for('bipe-workbench.kernels')] ??= {
    file: undefined,
    instructions: undefined,
  });
}

/** Instruction set of the kernels that are loaded, e.g. `AVX-512`; undefined without kernels. */
export function loadedKernels(): string | undefined {
  return kernelHome().instructions;
}
