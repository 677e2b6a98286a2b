// Types of jupyter.mjs, for the tests.

/** Where the kernel is registered: a project's folder and its Python environment's. */
export interface KernelPlace {
  root?: string;
  prefix?: string;
}

export const kernelName: string;
export function jupyterEnvironment(root?: string): NodeJS.ProcessEnv;
export function installKernelspec(place?: KernelPlace): void;
export function kernelspecTrouble(place?: KernelPlace): string | undefined;
