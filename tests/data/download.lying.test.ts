import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NetworkError, WorkbenchError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { present } from '../../lib/base/present';
import { downloadFile, type DownloadRequest } from '../../lib/data/io/download';
import { type HttpClient } from '../../lib/data/io/http';
import { type Handler, type LocalServer, sendFile, serve } from './local-server';

let folder: string;
let target: string;
let server: LocalServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-lying-'));
  target = join(folder, 'corpus.bin');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

function requestOf(url: string, changes: Partial<DownloadRequest> = {}): DownloadRequest {
  const place = { urls: [`${url}/corpus.bin`], to: target, advice: 'put the file there by hand' };
  return { ...place, sha256: null, bytes: null, maxBytes: 10_000_000, ...changes };
}

async function started(handler: Handler): Promise<LocalServer> {
  server = await serve(handler);
  return server;
}

describe('a download from a server that lies', () => {
  const content = randomBytes(300_000);
  const cut = { etag: '"v1"', cutAfter: 70_000 };

  it('ends where each piece is taken back by the next answer', async () => {
    const { url, requests } = await started((request, response, count) => {
      if (count % 2 === 1) sendFile(request, response, content, cut);
      else response.writeHead(416, { 'content-range': 'bytes */9' }).end();
    });
    const work = downloadFile(requestOf(url, { sha256: sha256(content) }), { backoffMs: 1 });
    await expect(work).rejects.toThrow(NetworkError);
    expect(requests.length).toBeLessThan(20);
    expect(await readdir(folder)).not.toContain('corpus.bin.lock');
  });

  it('ends where there is always a little more to come', async () => {
    const total = 200e6;
    const { url, requests } = await started((request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      response.writeHead(start === 0 ? 200 : 206, {
        etag: '"v1"',
        ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${start + 65_535}/${total}` }),
        'content-length': start === 0 ? total : 65_536,
      });
      response.write(content.subarray(0, 65_536), () => setTimeout(() => response.destroy(), 20));
    });
    const work = downloadFile(requestOf(url, { maxBytes: total }), { backoffMs: 1 });
    await expect(work).rejects.toThrow(NetworkError);
    expect(requests.length).toBeLessThanOrEqual(200);
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['another ETag', { etag: '"v2"' }],
    ['no ETag', {}],
    ['a coded body', { etag: '"v1"', 'content-encoding': 'gzip' }],
    ['a time of change of its own', { etag: '"v1"', 'last-modified': 'Sun, 29 Nov 2026 10:00:00 GMT' }],
    ['another size', { etag: '"v1"', 'content-range': 'bytes 70000-299999/300001' }],
    ['a size below what is here', { etag: '"v1"', 'content-range': 'bytes 70000-70009/60000' }],
    ['a size that it does not know', { etag: '"v1"', 'content-range': 'bytes 70000-299999/*' }],
    ['a part from elsewhere', { etag: '"v1"', 'content-range': 'bytes 69999-299999/300000' }],
    ['no place', { etag: '"v1"', 'content-range': '' }],
  ])('starts anew where the rest comes with %s', async (_what, headers) => {
    let parts = 0;
    const { url } = await started((request, response) => {
      const modified = 'Sat, 28 Nov 2026 10:00:00 GMT';
      if (request.headers.range === undefined) {
        response.setHeader('last-modified', modified);
        sendFile(request, response, content, parts === 0 ? cut : {});
        return;
      }
      parts += 1;
      const range = 'bytes 70000-299999/300000';
      response.writeHead(206, { 'content-range': range, 'last-modified': modified, ...headers });
      response.end(randomBytes(230_000));
    });
    await downloadFile(requestOf(url), { backoffMs: 1 });
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(parts).toBe(1);
  });

  it('refuses a part that nobody asked for, and a file whose end is not told', async () => {
    const unasked = await started((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-99/*' }).end(content.subarray(0, 100));
    });
    await expect(downloadFile(requestOf(unasked.url))).rejects.toThrow(
      /answered with a part, but the whole file was asked for/,
    );
    await unasked.close();
    const endless = await started((_request, response) => {
      response.useChunkedEncodingByDefault = false;
      response.removeHeader('transfer-encoding');
      response.writeHead(200, { connection: 'close' }).end(content);
    });
    await expect(downloadFile(requestOf(endless.url))).rejects.toThrow(/does not say how long the file is/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('gives up a body that drips, and keeps no lock', async () => {
    const { url, requests } = await started((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    const work = downloadFile(requestOf(url), { backoffMs: 1, slowMs: 50, attempts: 2 });
    await expect(work).rejects.toThrow(/is too slow \(\d+ bytes in/);
    expect(requests).toHaveLength(2);
    expect(await readdir(folder)).not.toContain('corpus.bin.lock');
  });

  it('does not wait for the body of a redirect', async () => {
    const { url } = await started((request, response) => {
      if (request.url === '/end') {
        sendFile(request, response, content);
        return;
      }
      response.writeHead(302, { location: '/end' });
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    await downloadFile(requestOf(url));
    expect((await readFile(target)).equals(content)).toBe(true);
  });
});

/**
 * What a server says next. Its headers are true of the body that it sends; which body that is, is
 * its whim.
 */
interface Move {
  readonly status: 200 | 206 | 416 | 404 | 503;
  readonly version: number;
  /** Where a part begins: where it was asked to, or elsewhere. */
  readonly start: number | 'asked';
  readonly length: number | null;
  readonly isGzip: boolean;
  readonly etag: 'strong' | 'weak' | null;
  /** How the end of a body is told; a cut of one that nothing tells looks like its end. */
  readonly end: 'length' | 'chunked' | 'nothing';
  readonly cut: number | null;
  /** Size in the range of a 206 or 416. */
  readonly total: 'true' | 'what is here' | '*';
  /** Bytes that are wrong, whatever the headers say; only where a checksum is known. */
  readonly spoilt: boolean;
}

const place = fc.integer({ min: 0, max: 90_000 });
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    status: fc.constantFrom(200, 200, 200, 200, 206, 206, 206, 206, 206, 416, 416, 404, 503),
    version: fc.nat(2),
    start: fc.oneof({ weight: 5, arbitrary: fc.constant('asked' as const) }, place),
    length: fc.option(place, { freq: 1 }),
    isGzip: fc.nat(9).map((nine) => nine === 9),
    etag: fc.constantFrom('strong', 'strong', 'strong', 'weak', null),
    end: fc.constantFrom('length', 'length', 'chunked', 'nothing'),
    cut: fc.option(place, { freq: 3 }),
    total: fc.constantFrom('true', 'true', 'what is here', '*'),
    spoilt: fc.nat(5).map((five) => five === 5),
  }),
  { minLength: 1, maxLength: 12 },
);

/** A client whose server makes these moves, over and over. */
function lyingClient(
  versions: readonly Buffer[],
  script: readonly Move[],
  mayLie: boolean,
): HttpClient & { requests: number } {
  const client = {
    requests: 0,
    close: () => Promise.resolve(),
    get: (_url: string, { range }: Readonly<Record<string, string>>) => {
      const move = present(script[client.requests++ % script.length], 'move');
      const asked = range === undefined ? 0 : Number(/\d+/.exec(range)?.[0]);
      return Promise.resolve({ redirects: [], ...answer(move, versions, asked, mayLie) });
    },
  };
  return client;
}

function answer(
  { status, version, start, length, isGzip, etag, end, cut, total, spoilt }: Move,
  versions: readonly Buffer[],
  asked: number,
  mayLie: boolean,
): { status: number; headers: IncomingHttpHeaders; body: Readable } {
  const whole = present(versions[version % versions.length], 'version');
  const from = status === 206 ? Math.min(start === 'asked' ? asked : start, whole.length) : 0;
  const to = status === 206 && length !== null ? Math.min(from + length, whole.length) : whole.length;
  const size = total === 'true' ? whole.length : total === '*' ? total : asked;
  const part = spoilt && mayLie ? randomBytes(to - from) : whole.subarray(from, to);
  const headers: IncomingHttpHeaders = {
    ...(etag === null ? {} : { etag: `${etag === 'weak' ? 'W/' : ''}"${version % versions.length}"` }),
    ...(isGzip ? { 'content-encoding': 'gzip' } : {}),
    ...(end === 'length' ? { 'content-length': String(part.length) } : {}),
    ...(end === 'chunked' ? { 'transfer-encoding': 'chunked' } : {}),
    ...(status === 206 ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {}),
    ...(status === 416 ? { 'content-range': `bytes */${size}` } : {}),
    ...(status === 503 ? { 'retry-after': '0' } : {}),
  };
  const isCut = cut !== null && cut < part.length;
  const body = Readable.from(
    (function* () {
      const sent = isCut ? part.subarray(0, cut) : part;
      for (let at = 0; at < sent.length; at += 32_768) yield sent.subarray(at, at + 32_768);
      if (isCut && end !== 'nothing') throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    })(),
  );
  return { status, headers, body };
}

describe('a download from any server', () => {
  const sizesOf = fc.array(fc.integer({ min: 80_000, max: 100_000 }), { minLength: 1, maxLength: 3 });

  it.each([
    ['one version of the file, where its ETags are true', false],
    ['the file that was asked for, whatever it says, where a checksum is known', true],
  ])('is %s, or an error, after a bounded number of requests', async (_what, hasChecksum) => {
    await fc.assert(
      fc.asyncProperty(sizesOf, moves, fc.boolean(), async (sizes, script, hasRest) => {
        const versions = sizes.map((size) => randomBytes(size));
        await rm(folder, { recursive: true, force: true });
        const client = lyingClient(versions, script, hasChecksum);
        const wanted = hasChecksum ? versions.slice(0, 1) : versions;
        const request = requestOf('http://corpus.invalid', {
          sha256: hasChecksum ? sha256(versions[0] as Buffer) : null,
        });
        // Each call goes on with what the one before has left.
        for (let call = 1; call <= 6; call += 1) {
          const before = client.requests;
          const options = { client, backoffMs: 0, attempts: 4 };
          const failure = await downloadFile(request, options).then(
            () => undefined,
            (error: unknown) => error,
          );
          expect(client.requests - before).toBeLessThan(40);
          expect(await readdir(folder)).not.toContain('corpus.bin.lock');
          if (failure === undefined) {
            const found = await readFile(target);
            expect(wanted.some((version) => version.equals(found))).toBe(true);
            break;
          }
          expect(failure).toBeInstanceOf(WorkbenchError);
          expect((failure as Error).message).not.toContain('\n');
          expect(await readdir(folder)).not.toContain('corpus.bin');
          if (hasRest && call === 1) await writeFile(`${target}.partial`, randomBytes(1000));
        }
      }),
      { numRuns: 120 },
    );
  });
});
