import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DataError, NetworkError } from '../../lib/base/errors';
import { downloadScrolls, type ScrollsDownloadOptions } from '../../lib/data/scrolls/download';
import { openPromptedRows } from '../../lib/data/scrolls/prompted-data';
import { bipe, temporaryFolder } from '../support/command';
import { type LocalServer, sendFile, serve } from './local-server';
import { zipOf } from './zip';

const commit = 'd'.repeat(40);
const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

const rowLine = (id: string, output: string | null): string =>
  `${JSON.stringify({ id, pid: `${id}_0`, input: `Who?\n\n${id}`, output })}\n`;
const files = {
  'train.jsonl': ['a', 'b', 'c'].map((id) => rowLine(id, 'x')).join(''),
  'validation.jsonl': rowLine('d', 'y') + rowLine('d', 'z'),
  'test.jsonl': rowLine('e', null),
};
const inFolder = Object.fromEntries(Object.entries(files).map(([name, text]) => [`qasper/${name}`, text]));
/** Padded, so that a cut leaves enough to go on from. */
const archive = zipOf({ ...inFolder, filler: { content: Buffer.alloc(200_000, 7), stored: true } });

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/**
 * A server that answers as the hub does for a dataset's large files: by a redirect to their
 * storage.
 */
async function hub(
  content: Buffer,
  send: (request: IncomingMessage, response: ServerResponse) => void = (request, response) => {
    sendFile(request, response, content);
  },
): Promise<ScrollsDownloadOptions> {
  server = await serve((request, response) => {
    const [, asked = ''] =
      /^\/datasets\/tau\/scrolls\/resolve\/([^/]+)\/qasper\.zip$/.exec(request.url ?? '') ?? [];
    if (request.url === '/storage') send(request, response);
    else if (!['main', commit].includes(asked)) response.writeHead(404).end('Entry not found');
    else {
      const headers = {
        location: '/storage',
        'x-repo-commit': commit,
        'x-linked-etag': `"${sha256(content)}"`,
        'x-linked-size': String(content.length),
      };
      response.writeHead(302, headers).end();
    }
  });
  return { to: temporaryFolder(), environment: { BIPE_MIRROR_HUGGINGFACE: server.url }, backoffMs: 1 };
}

describe("SCROLLS' files", () => {
  it('come as one archive a task, and are unpacked, read and recorded', async () => {
    const options = await hub(archive);
    const download = await downloadScrolls('qasper', options);
    expect(download).toEqual({
      task: 'qasper',
      folder: options.to,
      revision: commit,
      archive: sha256(archive),
      files: Object.entries(files).map(([name, text]) => ({
        name,
        rows: text.split('\n').length - 1,
        sha256: sha256(text),
      })),
    });
    const folder = options.to ?? '';
    expect(readdirSync(folder).sort()).toEqual(['download.json', ...Object.keys(files)].sort());
    for (const [name, text] of Object.entries(files))
      expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    const rows = await openPromptedRows({ kind: 'scrolls', task: 'qasper', folder }, 'train');
    expect(await rows.row(2)).toMatchObject({ id: 'c', output: 'x' });
  });

  it('are not asked for again where they are here and right, and are where they are not', async () => {
    const options = await hub(archive);
    const first = await downloadScrolls('qasper', options);
    const asked = server?.requests.length;
    expect(await downloadScrolls('qasper', options)).toEqual(first);
    expect(server?.requests.length).toBe(asked);
    writeFileSync(join(options.to ?? '', 'train.jsonl'), rowLine('other', 'x'));
    expect(await downloadScrolls('qasper', options)).toEqual(first);
    expect(readFileSync(join(options.to ?? '', 'train.jsonl'), 'utf8')).toBe(files['train.jsonl']);
  });

  it('are those of the revision that is asked for, whatever is here', async () => {
    const options = await hub(archive);
    const first = await downloadScrolls('qasper', options);
    const asked = server?.requests.length;
    expect(await downloadScrolls('qasper', { ...options, revision: commit })).toEqual(first);
    expect(server?.requests.length).toBe(asked);
    // A branch is asked for; it is the commit that is here.
    expect(await downloadScrolls('qasper', { ...options, revision: 'main' })).toEqual(first);
    await expect(downloadScrolls('qasper', { ...options, revision: 'v0' })).rejects.toThrow(
      /^tau\/scrolls \(v0\): has no qasper\.zip/,
    );
    const record = join(options.to ?? '', 'download.json');
    const older = readFileSync(record, 'utf8').replace(commit, 'e'.repeat(40));
    writeFileSync(record, older);
    expect((await downloadScrolls('qasper', options)).revision).toBe('e'.repeat(40));
    expect(await downloadScrolls('qasper', { ...options, revision: 'main' })).toEqual(first);
  });

  it('stay those of their revision where another one is broken, and are found without a network', async () => {
    const options = await hub(archive);
    const first = await downloadScrolls('qasper', options);
    await server?.close();
    const others = { ...inFolder, 'qasper/train.jsonl': rowLine('new', 'x'), 'qasper/test.jsonl': '{"id"' };
    const later = await hub(zipOf(others));
    const revision = 'main';
    const record = join(options.to ?? '', 'download.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(commit, 'e'.repeat(40)));
    const broken = downloadScrolls('qasper', { ...later, to: options.to ?? '', revision });
    await expect(broken).rejects.toThrow(/test\.jsonl:1: not JSON/);
    await server?.close();
    expect(await downloadScrolls('qasper', options)).toEqual({ ...first, revision: 'e'.repeat(40) });
    const rows = await openPromptedRows(
      { kind: 'scrolls', task: 'qasper', folder: options.to ?? '' },
      'train',
    );
    expect(rows.count).toBe(3);
    const mended = await hub(zipOf({ ...others, 'qasper/test.jsonl': rowLine('e', null) }));
    const next = await downloadScrolls('qasper', { ...mended, to: options.to ?? '', revision });
    expect(next.files[0]).toMatchObject({ name: 'train.jsonl', rows: 1 });
    expect(readdirSync(options.to ?? '').sort()).toEqual(['download.json', ...Object.keys(files)].sort());
  });

  it('leave no archive behind, also where the process was killed before it was deleted', async () => {
    const options = await hub(archive);
    await downloadScrolls('qasper', options);
    const staging = join(options.to ?? '', 'download.partial');
    mkdirSync(staging);
    renameSync(join(options.to ?? '', 'download.json'), join(staging, 'download.json'));
    const path = join(staging, 'qasper.zip');
    writeFileSync(path, archive);
    await downloadScrolls('qasper', options);
    expect(existsSync(path)).toBe(false);
  });

  it('are continued where a connection was cut', async () => {
    let served = 0;
    const options = await hub(archive, (request, response) => {
      const isProbe = request.headers.range === 'bytes=0-0';
      if (!isProbe) served += 1;
      if (isProbe) response.writeHead(206, { 'content-range': `bytes 0-0/${archive.length}` }).end('x');
      else sendFile(request, response, archive, served === 1 ? { cutAfter: 150_000 } : {});
    });
    await downloadScrolls('qasper', options);
    const ranges = server?.requests.filter(({ path }) => path === '/storage').map(({ range }) => range);
    expect(ranges).toEqual(['bytes=0-0', undefined, 'bytes=150000-']);
  });

  it.each<[what: string, content: Buffer, says: RegExp]>([
    ['no archive', Buffer.from('<html>'), /qasper\.zip: not a zip archive, or cut short; get it again/],
    [
      'an archive of something else',
      zipOf({ 'a.txt': 'a' }),
      /qasper\.zip: holds no train\.jsonl; it is not SCROLLS'/,
    ],
    [
      'an archive that leads out of its folder',
      zipOf({ ...inFolder, '../../x': '' }),
      /lies outside of its folder/,
    ],
    [
      'rows of something else',
      zipOf({ ...inFolder, 'qasper/validation.jsonl': '{"question": "Who?"}\n' }),
      /validation\.jsonl:1: id: .+; a row of SCROLLS is/,
    ],
    ['a file without rows', zipOf({ ...inFolder, 'qasper/train.jsonl': '\n' }), /train\.jsonl: no rows/],
  ])('are refused in one line where what comes is %s', async (_, content, says) => {
    const options = await hub(content);
    const work = downloadScrolls('qasper', options);
    await expect(work).rejects.toThrow(DataError);
    await expect(work).rejects.toThrow(says);
    await expect(work).rejects.not.toThrow('\n');
    expect(readdirSync(options.to ?? '')).not.toContain('download.json');
  });

  it('say what is missing where the release has no such archive, or no server is there', async () => {
    const options = await hub(archive);
    const absent = downloadScrolls('quality', options);
    await expect(absent).rejects.toThrow(NetworkError);
    await expect(absent).rejects.toThrow(/^tau\/scrolls \(main\): has no quality\.zip; try again later/);
    await server?.close();
    await expect(downloadScrolls('qasper', options)).rejects.toThrow(
      /no server answers at .*BIPE_MIRROR_HUGGINGFACE/,
    );
  });

  it('that are not here are said so, with the command that gets them', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'qasper'));
    const rows = openPromptedRows(
      { kind: 'scrolls', task: 'qasper', folder: join(folder, 'qasper') },
      'train',
    );
    await expect(rows).rejects.toThrow(
      /qasper\/train\.jsonl: no such file; get it by: npm run -s bipe -- data scrolls qasper$/,
    );
  });
});

describe('bipe data scrolls', () => {
  it('refuses a task that is none, before it asks anybody', () => {
    const { exitCode, stdout, stderr } = bipe(['data', 'scrolls', 'quasper']);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/unknown SCROLLS task "quasper"; did you mean qasper\?/);
  });
});
