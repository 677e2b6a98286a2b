// Compiles lib/ to dist/ (JavaScript and declarations) with the native TypeScript compiler.
// Notebooks, the command line and the kernel run what is compiled; tests run the sources.
import { buildLibrary } from './lib/build.mjs';
import { fail } from './lib/console.mjs';

const result = buildLibrary();
if (!result.ok) fail(result.message);
