import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publish, settle, stagingFolder } from '../../lib/data/io/staging';
import { temporaryFolder } from '../support/command';

const names = fc.uniqueArray(fc.constantFrom('a.json', 'b.bin', 'c.bin', 'd.bin'), { minLength: 1 });

function recordOf(
  revision: string,
  files: readonly string[],
): { revision: string; files: { name: string }[] } {
  return { revision, files: files.map((name) => ({ name })) };
}

function write(folder: string, revision: string, files: readonly string[]): void {
  for (const name of files) writeFileSync(join(folder, name), `${name} of ${revision}`);
}

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => name !== 'download.json');
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function of(revision: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((name) => [name, `${name} of ${revision}`]));
}

describe('the files of a revision', () => {
  it('are those of the one before until all have come, and then those of the next alone', async () => {
    await fc.assert(
      fc.asyncProperty(names, names, async (before, after) => {
        const folder = temporaryFolder();
        mkdirSync(stagingFolder(folder));
        write(stagingFolder(folder), 'A', before);
        await publish(folder, recordOf('A', before));
        mkdirSync(stagingFolder(folder));
        write(stagingFolder(folder), 'B', after);
        await settle(folder);
        for (const [name, text] of Object.entries(of('A', before)))
          expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
        await publish(folder, recordOf('B', after));
        expect(contents(folder)).toEqual(of('B', after));
        expect(readFileSync(join(folder, 'download.json'), 'utf8')).toContain('"revision": "B"');
      }),
      { numRuns: 30 },
    );
  });

  it('are finished by whoever looks next where a process was killed among them', async () => {
    await fc.assert(
      fc.asyncProperty(names, names, fc.nat(4), async (before, after, moved) => {
        const folder = temporaryFolder();
        write(folder, 'A', before);
        writeFileSync(join(folder, 'download.json'), JSON.stringify(recordOf('A', before)));
        const staging = stagingFolder(folder);
        mkdirSync(staging);
        write(staging, 'B', after);
        writeFileSync(join(staging, 'download.json'), JSON.stringify(recordOf('B', after)));
        writeFileSync(join(staging, 'archive.zip'), 'no longer needed');
        for (const name of after.slice(0, moved)) renameSync(join(staging, name), join(folder, name));
        await settle(folder);
        expect(contents(folder)).toEqual(of('B', after));
        expect(readFileSync(join(folder, 'download.json'), 'utf8')).toContain('"revision":"B"');
      }),
      { numRuns: 30 },
    );
  });

  it('do not lead out of their folder', async () => {
    const folder = temporaryFolder();
    const staging = stagingFolder(folder);
    mkdirSync(staging);
    writeFileSync(join(staging, 'download.json'), JSON.stringify(recordOf('A', ['../../x'])));
    await settle(folder);
    expect(readdirSync(folder)).toEqual(['download.partial']);
  });
});
