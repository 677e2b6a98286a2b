import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes: those of browsers, kernels and clones. */
const isLong = ({ moduleId }: TestSpecification): boolean =>
  /\/tests\/(?:browser|setup|kernel|project)\//.test(moduleId);

/** Begins with the long files, so that no worker waits for one at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // A native engine lives in its process: one process a file, and no two engines fighting for two
    // cores.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
