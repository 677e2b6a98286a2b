// Finds TypeScript's compiler and the parts of tslab that the kernel uses.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
const requireFromTslab = createRequire(require.resolve('tslab'));

/** The compiler, with the internal functions that its published types leave out. */
export const ts = require('typescript');
/** Folder of the compiler's own declarations, `lib.es2023.d.ts` and the like. */
export const standardLibrary = dirname(require.resolve('typescript'));
/** Path of tslab's ZeroMQ. */
export const zeromqPath = requireFromTslab.resolve('zeromq');
/** Path of the module for `import ... from 'tslab'`, in cells and in lib. */
export const tslabPath = require.resolve('tslab');
