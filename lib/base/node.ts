// Node.js for code that runs in a browser as well, whose bundle cannot import a module of it.

/** The part of Node.js's process that such code uses. */
interface NodeProcess {
  availableMemory(): number;
  constrainedMemory(): number;
  getBuiltinModule(name: 'node:os'): { totalmem(): number };
  getBuiltinModule(name: 'node:v8'): { setFlagsFromString(flags: string): void };
  getBuiltinModule(name: 'node:vm'): {
    runInNewContext(code: string, names?: object, options?: { readonly timeout: number }): unknown;
  };
}

/** The process of Node.js, which gives its modules by name; undefined in a browser. */
export function nodeProcess(): NodeProcess | undefined {
  return (globalThis as { readonly process?: NodeProcess }).process;
}
