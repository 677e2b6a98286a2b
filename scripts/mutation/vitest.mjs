// A warm Vitest in a process of its own: runs one test file after another, and keeps the modules
// that it has compiled. `runner.mjs` starts it; a message names the test file and the sources that
// have changed.
import { createVitest } from 'vitest/node';

const vitest = await createVitest('test', {
  watch: false,
  // Not the projects of vitest.config.mts, in one of which files share a process: a source that has
  // changed must be loaded again.
  config: false,
  include: ['tests/**/*.test.ts'],
  pool: 'forks',
  maxWorkers: 1,
  reporters: [{}],
  // A missing text of a page is no new one.
  update: 'none',
  // The runner knows how long a file may take.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  ...JSON.parse(process.argv[2]),
});

process.on('disconnect', () => process.exit());
process.on('message', async ({ test, changed }) => {
  for (const path of changed) vitest.invalidateFile(path);
  // Earlier files' failures would count towards `bail`.
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  const file = vitest.getRootProject().createSpecification(test);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([file]);
  const errors = [
    ...unhandledErrors,
    ...testModules.flatMap((module) => [
      ...module.errors(),
      ...[...module.children.allTests()].flatMap((one) => one.result().errors ?? []),
      ...[...module.children.allSuites()].flatMap((one) => one.errors()),
    ]),
  ];
  process.send({
    isGreen: errors.length === 0 && testModules.length === 1 && testModules.every((module) => module.ok()),
    isLate: errors.some(({ message }) => /\btimed out in\b/.test(message ?? '')),
  });
});
process.send('ready');
