import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, UsageError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import {
  besideRegistry,
  defaultRegistryFile,
  listSources,
  readRegistry,
  sourceNamed,
} from '../../lib/data/sources/registry';
import { digestOfBooks, readFileList } from '../../lib/data/sources/pg19';

describe('the registry that the project ships', () => {
  it('has every modality once without a download and once from the corpora of the paper', () => {
    for (const modality of ['books', 'code', 'papers'] as const) {
      const needs = listSources()
        .filter((source) => source.modality === modality)
        .map((source) => source.needs);
      expect(needs).toContain('download');
      expect(needs.some((need) => need !== 'download')).toBe(true);
    }
  });

  it('pins a checksum for every source', () => {
    for (const { name, checksum } of listSources()) expect(checksum, name).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names the package versions that the lock file installs', () => {
    const { packages } = JSON.parse(readFileSync(projectPath('package-lock.json'), 'utf8')) as {
      packages: Record<string, { version?: string }>;
    };
    const pins = readRegistry().flatMap(({ info, reader }) => {
      if (reader.kind === 'package-files')
        return reader.packages.map((files) => [files.package, files.version]);
      return reader.kind === 'chapters' || reader.kind === 'addresses'
        ? [[reader.package, info.version]]
        : [];
    });
    expect(pins.length).toBeGreaterThan(5);
    for (const [name, version] of pins)
      expect(packages[`node_modules/${String(name)}`]?.version, name).toBe(version);
  });

  it('lists 50 and 100 books of PG-19, with their total size and one checksum', () => {
    for (const [name, books] of [
      ['pg19-validation', 50],
      ['pg19-test', 100],
    ] as const) {
      const { info, reader } = sourceNamed(name);
      if (reader.kind !== 'pg19') throw new Error(`${name} is read as ${reader.kind}`);
      const files = readFileList(besideRegistry(defaultRegistryFile(), reader.files)).filter(({ path }) =>
        path.startsWith(`${reader.split}/`),
      );
      expect(files).toHaveLength(books);
      expect(files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(info.bytes);
      expect(
        digestOfBooks(
          files,
          files.map((file) => file.sha256 ?? ''),
        ),
      ).toBe(info.checksum);
    }
  });
});

describe('a source by name', () => {
  it('is found', () => {
    expect(sourceNamed('moby-dick').info).toMatchObject({
      modality: 'books',
      needs: 'package',
      version: '0.2.3',
    });
  });

  it('is suggested when the name is nearly right, and all are listed', () => {
    expect(() => sourceNamed('mobydick')).toThrow(UsageError);
    expect(() => sourceNamed('mobydick')).toThrow(/did you mean moby-dick\?.*sotu.*pile-github/);
  });
});

describe('the folder of registry and downloads', () => {
  it("is the one that BIPE_DATASETS names, else the project's own", () => {
    expect(defaultRegistryFile({ BIPE_DATASETS: '/data/texts' })).toBe('/data/texts/registry.json');
    expect(defaultRegistryFile({})).toBe(projectPath('datasets', 'registry.json'));
  });
});

describe('a registry that is not right', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bipe-registry-'));
    file = join(folder, 'registry.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const source = {
    name: 'one',
    modality: 'books',
    title: 'One',
    document: 'a book',
    licence: 'CC0-1.0',
    version: '1',
    checksum: null,
    bytes: 10,
    reader: { kind: 'pile', subset: 'ArXiv', file: 'val.jsonl.zst', addresses: ['https://127.0.0.1/pile'] },
  };

  it.each([
    ['a modality nobody knows', { ...source, modality: 'poems' }, 'sources[0].modality'],
    [
      'a checksum that is none',
      { ...source, checksum: 'abc' },
      'sources[0].checksum: must be 64 lower-case hexadecimal digits',
    ],
    ['a size that is not a number', { ...source, bytes: '10' }, 'sources[0].bytes'],
    ['no licence', { ...source, licence: '' }, 'sources[0].licence'],
    ['a reader nobody knows', { ...source, reader: { kind: 'ftp' } }, 'sources[0].reader'],
    [
      'an address that is none',
      { ...source, reader: { ...source.reader, addresses: ['ftp://host'] } },
      'sources[0].reader.addresses[0]',
    ],
    [
      'a file outside its folder',
      { ...source, reader: { ...source.reader, file: '../secret' } },
      'sources[0].reader.file: must be a path inside',
    ],
    ['a field too many', { ...source, colour: 'red' }, "'colour'"],
  ])('names the file and the field: %s', async (_what, broken, field) => {
    await writeFile(file, JSON.stringify({ sources: [broken] }));
    const error = thrownBy(() => listSources(file));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain('registry.json');
    expect(error.message).toContain(field);
    expect(error.message).not.toContain('\n');
  });

  it('refuses two sources of one name', async () => {
    await writeFile(file, JSON.stringify({ sources: [source, source] }));
    expect(() => listSources(file)).toThrow("two are named 'one'; rename one");
  });

  it('says so when the file is not JSON or not there', async () => {
    expect(() => listSources(file)).toThrow(ConfigError);
    await writeFile(file, '{"sources": [');
    const error = thrownBy(() => listSources(file));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/not readable as JSON .*restore it/);
    expect(error.message).not.toContain('\n');
  });

  it('names the line of a list of files that is not right', async () => {
    await writeFile(file, `# list\n${'0'.repeat(64)} 12 a/b.txt\nabc 12 c.txt\n`);
    expect(() => readFileList(file)).toThrow(/line 3: must be SHA-256, bytes and path/);
    await writeFile(file, `${'0'.repeat(64)} 12 ../b.txt\n`);
    expect(() => readFileList(file)).toThrow(/line 1/);
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('should have failed');
}
