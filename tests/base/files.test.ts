import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeFolder, readTextFile, sha256, sha256File, writeFileAtomic } from '../../lib/base/files';
import { displayPath } from '../../lib/base/paths';
import { temporaryFolder } from '../support/command';

describe('readTextFile', () => {
  it('reads back any text', async () => {
    const file = join(temporaryFolder(), 'text');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        writeFileSync(file, text);
        expect(await readTextFile(file)).toBe(text.replace(/^\uFEFF/, ''));
      }),
      { numRuns: 50 },
    );
  });

  it('names the first byte that is not UTF-8', async () => {
    const file = join(temporaryFolder(), 'text');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.constantFrom(' tail', ''), async (text, tail) => {
        // 0xE9 begins a character of three bytes that never comes.
        writeFileSync(file, Buffer.concat([Buffer.from(text), Buffer.from([0xe9]), Buffer.from(tail)]));
        await expect(readTextFile(file)).rejects.toThrow(`(byte ${Buffer.byteLength(text)})`);
      }),
      { numRuns: 50 },
    );
  });
});

describe('writeFileAtomic', () => {
  it('makes the folders and leaves nothing else behind', async () => {
    const folder = temporaryFolder();
    await writeFileAtomic(join(folder, 'a', 'b.txt'), 'text');
    expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
  });

  it('keeps what existed when it cannot write', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'inside'), 'kept');
    // A folder cannot be replaced by a file: the rename fails after all was written.
    await expect(writeFileAtomic(join(folder, 'taken'), 'text')).rejects.toThrow('could not be written');
    expect(readFileSync(join(folder, 'taken', 'inside'), 'utf8')).toBe('kept');
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

describe('makeFolder', () => {
  it('makes folders in folders, and takes those that are there', async () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    await Promise.all([makeFolder(folder), makeFolder(folder)]);
    await makeFolder(folder);
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('says where none can be made, under /proc too', async () => {
    await expect(makeFolder('/proc/none/such')).rejects.toThrow('ENOENT');
    await expect(writeFileAtomic('/proc/none/such/x.json', '')).rejects.toThrow(
      '/proc/none/such/x.json: could not be written (ENOENT',
    );
  });

  it('says where a file is in the way', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, 'text');
    await expect(makeFolder(join(file, 'folder'))).rejects.toThrow('ENOTDIR');
    await expect(writeFileAtomic(join(file, 'x.json'), '')).rejects.toThrow(
      `${displayPath(join(file, 'x.json'))}: could not be written (`,
    );
  });
});

describe('sha256File', () => {
  it('is the hash of the content', async () => {
    const file = join(temporaryFolder(), 'abc');
    writeFileSync(file, 'abc');
    // FIPS 180-2, appendix B.1.
    expect(await sha256File(file)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(await sha256File(file)).toBe(sha256('abc'));
  });
});
