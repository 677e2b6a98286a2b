import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes: those of browsers, kernels, clones and clusters. */
const isLong = ({ moduleId }: TestSpecification): boolean =>
  /\/tests\/(?:browser|setup|kernel|project|slurm)\//.test(moduleId);

/** Begins with the long files, so that no worker waits for one at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Folders whose tests leave a process as they found it: the next file may use it again. */
const tidy = /^(?:base|data|evaluate|experiments|model|positional|report|segment|theory|train)\b/;
/** What they must not do: replace modules, choose an engine, or say that they are untidy. */
const untidy = /\bvi\.mock\(|startEngine\(\{ backend|^\/\/ In a process of its own/m;

function testFiles(): { readonly together: string[]; readonly alone: string[] } {
  const together: string[] = [];
  const alone: string[] = [];
  for (const name of readdirSync(join(import.meta.dirname, 'tests'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts')) continue;
    const path = join('tests', name);
    const isTidy = tidy.test(name) && !untidy.test(readFileSync(path, 'utf8'));
    (isTidy ? together : alone).push(path);
  }
  return { together, alone };
}

const { together, alone } = testFiles();

export default defineConfig({
  test: {
    // To load what a file imports takes longer than most of its tests.
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'together', include: together, isolate: false } },
    ],
    // A native engine lives in its process, and no more engines than cores.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
