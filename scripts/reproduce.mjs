// `npm run reproduce [-- ITEM ... OPTIONS]`: set-up, then the paper's items; by default all of
// them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './lib/paths.mjs';
import { setup } from './setup.mjs';

await setup();
const given = process.argv.slice(2);
const items = given.length === 0 || given[0].startsWith('-') ? ['all', ...given] : given;
createRequire(import.meta.url)(join(root, 'dist', 'lib', 'cli', 'main.js')).main(['reproduce', ...items]);
