import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  makeFolder,
  readTextFile,
  readTextLines,
  readTextPieces,
  removeLeftovers,
  sha256,
  sha256File,
  temporaryPath,
  writeFileAtomic,
} from '../../lib/base/files';
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

describe('a text that is read in pieces', () => {
  const bytesAtOnce = fc.integer({ min: 1, max: 9 });
  const collect = async (pieces: AsyncIterable<string>): Promise<string[]> => {
    const all: string[] = [];
    for await (const piece of pieces) all.push(piece);
    return all;
  };

  it('is the whole text, wherever its bytes are cut, and no piece ends inside a character', async () => {
    const file = join(temporaryFolder(), 'text');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), bytesAtOnce, async (text, atOnce) => {
        writeFileSync(file, text);
        const pieces = await collect(readTextPieces(file, atOnce));
        expect(pieces.join('')).toBe(text.replace(/^\uFEFF/, ''));
        // Half a character would come back from its bytes as another one.
        expect(pieces.map((piece) => Buffer.from(piece).toString())).toEqual(pieces);
      }),
      { numRuns: 100 },
    );
  });

  it('names the same byte that is not UTF-8, wherever its bytes are cut', async () => {
    const file = join(temporaryFolder(), 'text');
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom([0xe9], [0xff], [0x80], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0xc0, 0xaf]),
        fc.constantFrom(' tail', 'é', ''),
        bytesAtOnce,
        async (text, bad, tail, atOnce) => {
          writeFileSync(file, Buffer.concat([Buffer.from(text), Buffer.from(bad), Buffer.from(tail)]));
          const place = `(byte ${Buffer.byteLength(text)})`;
          await expect(collect(readTextPieces(file, atOnce))).rejects.toThrow(place);
          await expect(readTextFile(file)).rejects.toThrow(place);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has lines, with either end', async () => {
    const file = join(temporaryFolder(), 'text');
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.string().map((line) => line.replace(/[\r\n]/g, '')),
            fc.constantFrom('\n', '\r\n'),
          ),
        ),
        async (lines) => {
          writeFileSync(file, lines.flat().join(''));
          expect(await collect(readTextLines(file))).toEqual([...lines.map(([line]) => line), '']);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is refused as one text by its size, before it is read', async () => {
    const file = join(temporaryFolder(), 'long.txt');
    writeFileSync(file, 'x'.repeat(1001));
    await expect(readTextFile(file, 1000)).rejects.toThrow(
      /long\.txt: 1 kB of text, and at most 1 kB are read at once; split it$/,
    );
    expect(await readTextFile(file, 1001)).toHaveLength(1001);
    // Larger than any text that JavaScript can make, and without one block on the disk.
    truncateSync(file, 2 ** 33);
    await expect(readTextFile(file)).rejects.toThrow(
      /long\.txt: 8\.59 GB of text, and at most 268 MB are read at once/,
    );
  });

  it('is told as any file that cannot be read', async () => {
    const folder = temporaryFolder();
    for (const read of [
      (path: string) => readTextFile(path),
      (path: string) => collect(readTextPieces(path)),
    ]) {
      await expect(read(join(folder, 'none'))).rejects.toThrow(/none: no such file; check the path$/);
      await expect(read(folder)).rejects.toThrow(/is a folder; name a file in it$/);
    }
  });
});

describe('removeLeftovers', () => {
  it('does nothing where there is no folder', async () => {
    await removeLeftovers(join(temporaryFolder(), 'none'));
  });

  it('removes what temporaryPath names, and nothing else', async () => {
    const folder = temporaryFolder();
    writeFileSync(temporaryPath(join(folder, 'a.json')), '');
    writeFileSync(join(folder, 'a.json'), '');
    await removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual(['a.json']);
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
    await expect(makeFolder(file)).rejects.toThrow('ENOTDIR');
    await expect(writeFileAtomic(join(file, 'x.json'), '')).rejects.toThrow(
      `${displayPath(join(file, 'x.json'))}: a file stands where a folder should be; choose another name`,
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
