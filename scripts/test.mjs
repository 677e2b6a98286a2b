// `npm test [-- FILTER ...]`: set-up, then every test. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, nodeModules, root } from './lib/paths.mjs';
import { toolEnvironment } from './lib/run.mjs';
import { setup } from './setup.mjs';

await setup();
const resultsPath = join(cacheFolder, 'test-results.json');
rmSync(resultsPath, { force: true });
// Not the set-up's temporary folder, which a set-up run by a test would empty.
const testFolder = join(cacheFolder, 'tests');
mkdirSync(testFolder, { recursive: true });
const vitest = join(nodeModules, 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultsPath}`];
const run = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: toolEnvironment({ TMPDIR: testFolder }),
});
const counts = countResults();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : (run.status ?? 1));

/** Counts tests by outcome. A file that could not be loaded counts as one failed test. */
function countResults() {
  if (!existsSync(resultsPath)) return { passed: 0, failed: 1 };
  const results = JSON.parse(readFileSync(resultsPath, 'utf8'));
  const unloaded = results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return { passed: results.numPassedTests, failed: results.numFailedTests + unloaded.length };
}
