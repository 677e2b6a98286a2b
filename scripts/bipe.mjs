#!/usr/bin/env node
// The `bipe` command: runs the compiled code, which is brought up to date first. An installed
// package is compiled, and has no set-up.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { root } from './lib/paths.mjs';

if (existsSync(join(root, 'tsconfig.build.json'))) {
  const { setup, warnOfOldEngine } = await import('./setup.mjs');
  await setup({ only: ['packages', 'library'] });
  await warnOfOldEngine();
}
createRequire(import.meta.url)(join(root, 'dist', 'lib', 'cli', 'main.js')).main(process.argv.slice(2));
