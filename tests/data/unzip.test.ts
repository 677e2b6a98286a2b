import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../lib/base/errors';
import { openZip } from '../../lib/data/io/unzip';
import { temporaryFolder } from '../support/command';
import { zipOf, type ZipMember } from './zip';

const allowed = { maxBytes: 1e7 };

/** Writes an archive and unpacks one of its files; the path of that. */
async function unpack(archive: Uint8Array, name: string, folder = temporaryFolder()): Promise<string> {
  const path = join(folder, 'some.zip');
  writeFileSync(path, archive);
  const zip = await openZip(path);
  try {
    await zip.extract(name, join(folder, 'out'), allowed);
  } finally {
    await zip.close();
  }
  return join(folder, 'out');
}

describe('a file out of a zip archive', () => {
  it('is what was put in, packed or as it is, beside others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.boolean(),
        async (part, times, stored) => {
          const content = Buffer.concat(Array.from({ length: times }, () => part));
          const member: ZipMember = stored ? { content, stored: true } : { content };
          const archive = zipOf({ 'a/': '', 'a/first.txt': 'first', 'a/it': member, last: 'last' });
          expect(readFileSync(await unpack(archive, 'a/it')).equals(content)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each<[what: string, member: ZipMember, says: RegExp]>([
    ['whose checksum is another', { content: 'abc', crc32: 5 }, /is not what its size and checksum say; get/],
    [
      'larger than it says',
      { content: 'a'.repeat(100_000), bytes: 10 },
      /is not what its size and checksum say/,
    ],
    [
      'stored as it is, and of another size',
      { content: 'abc', stored: true, bytes: 400 },
      /the archive is damaged; get it again/,
    ],
    ['smaller than it says', { content: 'abc', bytes: 10 }, /is not what its size and checksum say/],
    ['packed in another way', { content: 'abc', method: 9 }, /packed by method 9, which is not supported/],
    [
      'that is no packed data',
      { content: Buffer.alloc(50, 0xff), stored: true, method: 8 },
      /cannot be unpacked/,
    ],
    ['larger than allowed', { content: 'abc', bytes: 2e7 }, /has 20 MB, more than the 10 MB allowed/],
  ])('%s is refused, and nothing of it stays', async (_, member, says) => {
    const folder = temporaryFolder();
    const work = unpack(zipOf({ it: member }), 'it', folder);
    await expect(work).rejects.toThrow(DataError);
    await expect(work).rejects.toThrow(says);
    expect(readdirSync(folder)).toEqual(['some.zip']);
  });

  it.each(['../evil', 'a/../../evil', '/etc/evil', 'c:evil', 'a\\..\\..\\evil'])(
    'is refused where a name of the archive leads out of its folder: %s',
    async (name) => {
      const folder = temporaryFolder();
      await expect(unpack(zipOf({ it: 'fine', [name]: 'evil' }), 'it', folder)).rejects.toThrow(
        /lies outside of its folder/,
      );
      expect(existsSync(join(folder, 'out'))).toBe(false);
    },
  );

  it.each([true, false])(
    'is said to be unreadable where its archive cannot be read (as it is: %s)',
    async (stored) => {
      const folder = temporaryFolder();
      const path = join(folder, 'some.zip');
      const content = 'content '.repeat(100);
      writeFileSync(path, zipOf({ it: stored ? { content, stored } : { content } }));
      const zip = await openZip(path);
      // A file that was closed stands for a disk that fails.
      await zip.close();
      const work = zip.extract('it', join(folder, 'out'), allowed);
      await expect(work).rejects.toThrow(DataError);
      await expect(work).rejects.toThrow(/some\.zip: could not be read \(/);
      expect(readdirSync(folder)).toEqual(['some.zip']);
    },
  );

  it('is refused where the archive is none, or was cut short', async () => {
    const whole = zipOf({ it: 'something' });
    for (const archive of [Buffer.alloc(0), Buffer.from('no archive'), whole.subarray(0, whole.length - 10)])
      await expect(unpack(archive, 'it')).rejects.toThrow(
        /some\.zip: not a zip archive, or cut short; get it again/,
      );
    const displaced = Buffer.from(whole);
    displaced.writeUInt32LE(0xfffff, whole.length - 6);
    await expect(unpack(displaced, 'it')).rejects.toThrow(/the archive is damaged; get it again/);
    // The record for archives over 4 GB, at a place that is not in the file.
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    const end = whole.length - 22;
    for (const place of [BigInt(whole.length), 2n ** 63n]) {
      locator.writeBigUInt64LE(place, 8);
      const wide = Buffer.concat([whole.subarray(0, end), locator, whole.subarray(end)]);
      await expect(unpack(wide, 'it')).rejects.toThrow(/the archive is damaged; get it again/);
    }
    await expect(unpack(whole, 'other')).rejects.toThrow(/has no other; get it again/);
  });
});
