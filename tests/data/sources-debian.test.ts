import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AbsentError, DataError, MachineError, NetworkError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { prepareSource, verifySource } from '../../lib/data/sources/prepare';
import { type SourceOptions, type TextDocument } from '../../lib/data/sources/source';
import { interruptibleCell } from '../support/cell';

// apt-get and dpkg-deb are scripts of the test's own here: what is tested is what the workbench
// makes of them.
let folder: string;
let cache: string;
let contents: string;
const packageContent = 'the package file';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-debian-'));
  cache = join(folder, 'cache');
  contents = join(folder, 'contents');
  await program('apt-get', `case "$3" in download) printf '${packageContent}' > "$4_2.0-1_all.deb";; esac`);
  await program('dpkg-deb', `mkdir -p "$3" && cp -r "${contents}/." "$3"`);
  const docs = 'usr/share/doc/texlive-doc/latex';
  await put(
    `${docs}/one/one.tex`,
    '\\documentclass{article}\r\n\\begin{document}Prose about G\u00f6del.\r\n\\end{document}',
  );
  await put(`${docs}/two/chapter.tex.gz`, gzipSync('\\section{Two} Compressed prose, as Debian likes it.'));
  await put(
    `${docs}/three/old.tex`,
    Buffer.from('\\chapter{Drei} Stra\u00dfe, in an old encoding.', 'latin1'),
  );
  await put(`${docs}/four/short.tex`, '\\section{x}');
  await put(
    `${docs}/five/package.tex`,
    '\\ProvidesPackage{five} \\section{not prose but a package of macros}',
  );
  await put(`${docs}/six/manual.pdf`, 'not LaTeX at all, however long it may be');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const to = join(contents, path);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, content);
}

async function program(name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

async function options(
  changes: { checksum?: string; packageSha256?: string; version?: string } = {},
): Promise<SourceOptions> {
  const registryFile = join(folder, 'registry.json');
  const source = {
    name: 'papers',
    modality: 'papers',
    title: 'Test',
    document: 'a file',
    licence: 'LPPL-1.3c',
    version: changes.version ?? '2.0-1',
    checksum: changes.checksum ?? null,
    bytes: 1,
    reader: {
      kind: 'debian-latex',
      package: 'texlive-test-doc',
      packageSha256: changes.packageSha256 ?? sha256(packageContent),
      minimumCharacters: 20,
    },
  };
  await writeFile(registryFile, JSON.stringify({ sources: [source] }));
  return { registryFile, cacheFolder: cache, environment: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` } };
}

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

describe('LaTeX sources of a Debian package', () => {
  it('are the prose alone, decompressed, as UTF-8, in a fixed order', async () => {
    const source = await prepareSource('papers', await options());
    expect((await all(source.documents())).map(({ id, text }) => [id, text])).toEqual([
      [
        'latex/one/one.tex',
        '\\documentclass{article}\n\\begin{document}Prose about G\u00f6del.\n\\end{document}',
      ],
      ['latex/three/old.tex', '\\chapter{Drei} Stra\u00dfe, in an old encoding.'],
      ['latex/two/chapter.tex', '\\section{Two} Compressed prose, as Debian likes it.'],
    ]);
    expect(await readdir(join(cache, 'debian'))).toEqual(['texlive-test-doc']);
  });

  it('are let go of where a cell is stopped, with the program that fetches them, and fetched by the next one', async () => {
    const given = await options();
    await program('apt-get', `echo $$ > "${folder}/running"; exec sleep 600`);
    const stop = interruptibleCell();
    const work = failure(prepareSource('papers', given));
    const pid = Number(
      await vi.waitUntil(() => readFile(join(folder, 'running'), 'utf8').catch(() => ''), 20_000),
    );
    stop();
    expect((await work).name).toBe('AbortError');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await readdir(join(cache, 'debian'))).toEqual([]);

    interruptibleCell();
    await program('apt-get', `case "$3" in download) printf '${packageContent}' > "$4_2.0-1_all.deb";; esac`);
    expect(await all((await prepareSource('papers', given)).documents())).toHaveLength(3);
  });

  it('are pinned when the text has the checksum that the registry gives, and reported when not', async () => {
    const { checksum } = await prepareSource('papers', await options());
    expect((await prepareSource('papers', await options({ checksum }))).pinned).toBe(true);
    expect(await verifySource('papers', await options({ checksum }))).toMatchObject({ status: 'ok' });
    const notes: string[] = [];
    const reporter = {
      note: (line: string) => {
        notes.push(line);
      },
      task: () => ({ update: () => undefined, finish: () => undefined }),
    };
    const other = await options({ checksum: '0'.repeat(64), version: '1.0-1' });
    expect((await prepareSource('papers', { ...other, reporter })).pinned).toBe(false);
    expect(notes[0]).toContain('version 2.0-1 of texlive-test-doc, not the pinned 1.0-1');
    expect(await verifySource('papers', other)).toMatchObject({ status: 'unpinned' });
  });

  it('are fetched once', async () => {
    const first = await prepareSource('papers', await options());
    await program('apt-get', 'exit 1');
    expect((await prepareSource('papers', await options())).checksum).toBe(first.checksum);
  });

  it('are fetched again from the start when an earlier try was interrupted', async () => {
    const left = join(cache, 'debian', 'texlive-test-doc.partial', 'unpacked', 'usr');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'half.tex'), '\\section{Half} of what an interrupted try unpacked');
    expect(await all((await prepareSource('papers', await options())).documents())).toHaveLength(3);
    expect(await readdir(join(cache, 'debian'))).toEqual(['texlive-test-doc']);
  });

  it('are taken from a package file put in place by hand', async () => {
    await program('apt-get', 'exit 1');
    const file = join(cache, 'debian', 'texlive-test-doc_2.0-1_all.deb');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, packageContent);
    expect(await all((await prepareSource('papers', await options())).documents())).toHaveLength(3);
    expect(await readFile(file, 'utf8')).toBe(packageContent);
  });

  it('are refused when the pinned version is not the pinned file', async () => {
    const error = await failure(prepareSource('papers', await options({ packageSha256: 'f'.repeat(64) })));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('says version 2.0-1 but does not match its checksum');
    expect(await readdir(join(cache, 'debian'))).toEqual([]);
  });

  it('are noticed when changed', async () => {
    await prepareSource('papers', await options());
    await writeFile(join(cache, 'debian/texlive-test-doc/text/latex/one/one.tex'), 'other');
    const error = await failure(prepareSource('papers', await options()));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('the text was changed; delete this folder and prepare papers again');
    expect(await verifySource('papers', await options())).toMatchObject({ status: 'corrupt' });
  });

  it('are missing, in one line that says what to do, where there is no apt', async () => {
    const error = await failure(
      prepareSource('papers', { ...(await options()), environment: { PATH: folder } }),
    );
    expect(error).toBeInstanceOf(AbsentError);
    expect(error.message).toMatch(
      /^papers: needs apt-get, which only Debian and its like have; choose another source/,
    );
    expect(error.message).not.toContain('\n');
    expect(await readdir(join(cache, 'debian'))).toEqual([]);
    expect(await verifySource('papers', await options())).toMatchObject({ status: 'missing' });
  });

  it('tell of apt\u2019s own error when it cannot fetch the package', async () => {
    await program(
      'apt-get',
      'echo "W: some warning" >&2; echo "E: Failed to fetch http://host/x.deb  Could not resolve" >&2; exit 100',
    );
    const error = await failure(prepareSource('papers', await options()));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain('apt could not fetch texlive-test-doc (E: Failed to fetch');
    expect(error.message).not.toContain('\n');
    await program('apt-get', 'echo "E: Write error - write (28: No space left on device)" >&2; exit 100');
    const full = await failure(prepareSource('papers', await options()));
    expect(full).toBeInstanceOf(MachineError);
    expect(full.message).toContain('the disk is full');
    expect(await readdir(join(cache, 'debian'))).toEqual([]);
  });

  it('give apt a state of its own, without the system\u2019s hooks, and leave none of it', async () => {
    await program(
      'apt-get',
      `cp "$2" "${folder}/seen.conf"; case "$3" in download) printf '${packageContent}' > "$4_2.0-1_all.deb";; esac`,
    );
    await prepareSource('papers', await options());
    const configuration = await readFile(join(folder, 'seen.conf'), 'utf8');
    for (const setting of ['Dir::State "', 'Dir::State::lists "', 'Dir::Cache "'])
      expect(configuration).toContain(`${setting}${cache}`);
    expect(configuration).toContain('#clear APT::Update::Post-Invoke-Success;');
    expect(await readdir(cache)).toEqual(['debian']);
  });
});
