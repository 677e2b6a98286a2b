// `npm run check`: types, lint and format.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nodeModules, root } from './lib/paths.mjs';

const tools = [
  ['types', ['typescript-native', 'bin', 'tsc'], ['-p', 'tsconfig.json']],
  ['types of the automaton page', ['typescript-native', 'bin', 'tsc'], ['-p', 'apps/automaton-page']],
  ['types of the idea page', ['typescript-native', 'bin', 'tsc'], ['-p', 'apps/idea-page']],
  ['types of the gallery', ['typescript-native', 'bin', 'tsc'], ['-p', 'apps/gallery']],
  ['lint', ['oxlint', 'bin', 'oxlint'], ['--report-unused-disable-directives', '--deny-warnings']],
  ['format', ['prettier', 'bin', 'prettier.cjs'], ['--check', '--log-level', 'warn', '.']],
];
let failed = 0;
for (const [name, path, args] of tools) {
  const { status } = spawnSync(process.execPath, [join(nodeModules, ...path), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${status === 0 ? '✓' : '✗'} ${name}`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
