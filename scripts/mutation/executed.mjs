// Set-up of a recorded test file: after its tests, writes the ids of the mistakes whose places it
// has executed, which StrykerJS's instrumented code counts.
import { writeFileSync } from 'node:fs';
import { afterAll } from 'vitest';

afterAll(() => {
  const counts = globalThis.__stryker__?.mutantCoverage?.static ?? {};
  writeFileSync(process.env.EXECUTED_PATH, JSON.stringify(Object.keys(counts)));
});
