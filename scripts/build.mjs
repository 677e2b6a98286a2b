// Compiles lib/ and what belongs to it to dist/ (JavaScript and declarations) with the native
// TypeScript compiler. Notebooks and commands run the compiled code; tests run the sources.
import { buildLibrary } from './lib/build.mjs';
import { fail } from './lib/console.mjs';

const result = buildLibrary();
if (!result.ok) fail(result.message);
