import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { DataError, MachineError } from '../../lib/base/errors';
import {
  checkRoom,
  checkWritable,
  filesUnder,
  makeFolder,
  readBytes,
  readError,
  readTextFile,
  readTextLines,
  readTextPieces,
  removeLeftovers,
  sha256,
  sha256File,
  temporaryPath,
  writeError,
  writeFileAtomic,
  writeFilesAtomic,
} from '../../lib/base/files';
import { displayPath, projectPath } from '../../lib/base/paths';
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

  it('flushes all files to the disk before the first takes its name', async () => {
    const folder = temporaryFolder();
    const names = ['a.json', 'b.json', 'c.json'];
    const handle = await open(join(folder, 'any'), 'w');
    const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync');
    await handle.close();
    const flushed: unknown[] = [];
    sync.mockImplementation(async function (this: FileHandle) {
      const { size } = await this.stat();
      flushed.push({ size, there: names.filter((name) => existsSync(join(folder, name))) });
    });
    try {
      await writeFilesAtomic(names.map((name, index) => [join(folder, name), 'x'.repeat(10 + index)]));
    } finally {
      sync.mockRestore();
    }
    expect(flushed).toEqual([10, 11, 12].map((size) => ({ size, there: [] })));
    expect(names.map((name) => statSync(join(folder, name)).size)).toEqual([10, 11, 12]);
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

describe('checkWritable', () => {
  it('leaves nothing in a folder, nor one that was not there', async () => {
    const folder = temporaryFolder();
    await checkWritable(folder);
    await checkWritable(join(folder, 'a', 'b'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('names the folder that was asked for', async () => {
    await expect(checkWritable('/proc/none/such')).rejects.toThrow(/^\/proc\/none\/such: /);
  });
});

describe('what is read or written in vain', () => {
  const failed = (code: string): Error => Object.assign(new Error('no'), { code });

  it.each([
    ['ENOSPC', 'x.txt: the disk is full; free some space and run the same command again'],
    ['ENOTDIR', 'x.txt: a file stands where a folder should be; choose another name'],
    ['EACCES', 'x.txt: not writable by this user; change its permissions or write elsewhere'],
    ['EPERM', 'x.txt: not writable by this user; change its permissions or write elsewhere'],
    ['EROFS', 'x.txt: not writable by this user; change its permissions or write elsewhere'],
    ['EIO', 'x.txt: could not be written (no)'],
  ])('says why a write failed with %s', (code, says) => {
    expect(writeError(projectPath('x.txt'), failed(code))).toEqual(new MachineError(says));
  });

  it.each([
    ['ENOENT', 'x.txt: no such file; check the path'],
    ['EISDIR', 'x.txt: is a folder; name a file in it'],
    ['EACCES', 'x.txt: not readable by this user; change its permissions'],
    ['EIO', 'x.txt: could not be read (no)'],
  ])('says why a read failed with %s', (code, says) => {
    expect(readError(projectPath('x.txt'), failed(code))).toEqual(new DataError(says));
  });
});

describe('filesUnder', () => {
  it('gives plain files on all levels, ordered by code unit whatever the locale', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'b', 'Z'), { recursive: true });
    const paths = ['10', '9', 'Z', 'a', 'b/Z/x', 'b/a', 'ä'];
    for (const path of paths.toReversed()) writeFileSync(join(folder, path), '');
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    symlinkSync(join(folder, 'b'), join(folder, 'c'));
    expect(await filesUnder(folder)).toEqual(paths);
  });

  it('is refused in one line without the folder', async () => {
    await expect(filesUnder('/nowhere/at/all')).rejects.toThrow(
      new DataError('/nowhere/at/all: no such file; check the path'),
    );
  });
});

describe('readBytes', () => {
  it('gives what stands at a place, in however many reads', async () => {
    const path = join(temporaryFolder(), 'bytes');
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, index) => index));
    writeFileSync(path, bytes);
    const file = await open(path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(99),
        fc.nat(100),
        fc.integer({ min: 1, max: 40 }),
        async (start, length, atOnce) => {
          const asked: number[] = [];
          // A disk may also give less than it is asked for.
          const read = ((into: Buffer, offset: number, count: number, position: number) => {
            asked.push(count);
            return file.read(into, offset, Math.ceil(count / 2), position);
          }) as FileHandle['read'];
          const found = readBytes({ read }, start, length, atOnce);
          if (start + length > 100) await expect(found).rejects.toThrow('the file ends early');
          else expect((await found).equals(bytes.subarray(start, start + length))).toBe(true);
          expect(Math.max(0, ...asked)).toBeLessThanOrEqual(atOnce);
        },
      ),
    );
    await file.close();
  });

  it('reads what stands beyond 4 GiB', async () => {
    const path = join(temporaryFolder(), 'sparse');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 32 + 10);
    const file = await open(path, 'r+');
    await file.write(Buffer.from('end'), 0, 3, 2 ** 32 + 5);
    expect((await readBytes(file, 2 ** 32 + 4, 5, 2)).toString()).toBe('\0end\0');
    await file.close();
  });
});

describe('checkRoom', () => {
  it('refuses what the system has no room for', async () => {
    const path = join(temporaryFolder(), 'file');
    const { bavail, bsize, blocks } = statfsSync(dirname(path));
    await checkRoom(path, bavail * bsize * 0.9);
    const tooMuch = checkRoom(path, blocks * bsize * 1.1);
    await expect(tooMuch).rejects.toThrow(MachineError);
    await expect(tooMuch).rejects.toThrow(/file: needs .+ of disk, .+ are free; free some space/);
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
