import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataError, MachineError, NetworkError, UsageError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { downloadFile, type DownloadOptions, type DownloadRequest } from '../../lib/data/io/download';
import { type Handler, type LocalServer, sendFile, serve } from './local-server';

/** A disk on which every file is full after `capacity` bytes, and which has `free` bytes left. */
const disk = vi.hoisted(() => ({ capacity: Infinity, free: Infinity }));

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof promises>();
  const changed = {
    open: async (path: string, flags?: string) => {
      const file = await actual.open(path, flags);
      const write = file.writeFile.bind(file);
      file.writeFile = async (chunk) => {
        const bytes = Buffer.from(chunk as Uint8Array);
        const room = Math.max(0, disk.capacity - (await file.stat()).size);
        await write(bytes.subarray(0, room));
        if (bytes.length > room) throw Object.assign(new Error('write'), { code: 'ENOSPC' });
      };
      return file;
    },
    statfs: async (path: string) => {
      const found = await actual.statfs(path);
      return disk.free === Infinity ? found : Object.assign(found, { bavail: disk.free, bsize: 1 });
    },
  };
  return { ...actual, ...changed, default: { ...actual, ...changed } };
});

const content = randomBytes(300_000);
const patient: DownloadOptions = { backoffMs: 1, idleTimeoutMs: 5_000 };

let folder: string;
let target: string;
const servers: LocalServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-download-'));
  target = join(folder, 'corpus.bin');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
  Object.assign(disk, { capacity: Infinity, free: Infinity });
});

async function started(handler: Handler): Promise<LocalServer> {
  const server = await serve(handler);
  servers.push(server);
  return server;
}

function requestOf(url: string, changes: Partial<DownloadRequest> = {}): DownloadRequest {
  return {
    urls: [`${url}/corpus.bin`],
    to: target,
    sha256: sha256(content),
    bytes: null,
    maxBytes: 10_000_000,
    advice: 'put the file there by hand',
    ...changes,
  };
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('should have failed');
    },
    (error: unknown) => error as Error,
  );
}

describe('a download', () => {
  it('brings the whole file and leaves nothing else', async () => {
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    const seen: number[] = [];
    const result = await downloadFile(requestOf(server.url), {
      ...patient,
      onProgress: (bytes) => seen.push(bytes),
    });
    expect(result).toEqual({
      sha256: sha256(content),
      bytes: content.length,
      url: `${server.url}/corpus.bin`,
    });
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual(['corpus.bin']);
    expect(seen.at(-1)).toBe(content.length);
  });

  it('continues after a cut connection with the bytes that are missing', async () => {
    const server = await started((request, response, count) => {
      sendFile(request, response, content, count < 3 ? { cutAfter: 100_000 } : {});
    });
    await downloadFile(requestOf(server.url), patient);
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(server.requests).toEqual([
      { path: '/corpus.bin' },
      { path: '/corpus.bin', range: 'bytes=100000-', ifRange: '"v1"' },
      { path: '/corpus.bin', range: 'bytes=200000-', ifRange: '"v1"' },
    ]);
  });

  it('continues in a later call what an earlier one gave up', async () => {
    const server = await started((request, response, count) => {
      sendFile(request, response, content, count === 1 ? { cutAfter: 123_456 } : {});
    });
    const error = await failure(downloadFile(requestOf(server.url), { ...patient, attempts: 1 }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(existsSync(target)).toBe(false);
    expect((await stat(`${target}.partial`)).size).toBe(123_456);
    await downloadFile(requestOf(server.url), patient);
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(server.requests[1]?.range).toBe('bytes=123456-');
  });

  it('starts over where the server does not know ranges', async () => {
    const server = await started((_request, response, count) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      if (count === 1)
        response.write(content.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 30));
      else response.end(content);
    });
    await downloadFile(requestOf(server.url), patient);
    // How much had arrived is the machine's business.
    expect(server.requests[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('starts over when the file changed between two tries', async () => {
    const newer = randomBytes(200_000);
    const server = await started((request, response, count) => {
      if (count === 1) sendFile(request, response, content, { etag: '"old"', cutAfter: 90_000 });
      else sendFile(request, response, newer, { etag: '"new"' });
    });
    const { sha256: checksum } = await downloadFile(requestOf(server.url, { sha256: null }), patient);
    expect(server.requests[1]).toEqual({ path: '/corpus.bin', range: 'bytes=90000-', ifRange: '"old"' });
    expect(checksum).toBe(sha256(newer));
    expect((await readFile(target)).equals(newer)).toBe(true);
  });

  it('keeps nothing of an unknown version when neither a validator nor a checksum could vouch for the rest', async () => {
    await writeFile(`${target}.partial`, 'something else');
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    await downloadFile(requestOf(server.url, { sha256: null }), patient);
    expect(server.requests).toEqual([{ path: '/corpus.bin' }]);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it.each([
    ['are others', (partial: string) => writeFile(partial, randomBytes(90_000))],
    ['are fewer', (partial: string) => truncate(partial, 80_000)],
    [
      'have zeros at their end',
      async (partial: string) => {
        await truncate(partial, 80_000);
        await truncate(partial, 90_000);
      },
    ],
    [
      'were not recorded',
      async (partial: string) => {
        const origin = JSON.parse(await readFile(`${partial}.json`, 'utf8')) as object;
        await writeFile(`${partial}.json`, JSON.stringify({ ...origin, sha256: undefined }));
      },
    ],
  ])('without a checksum, starts over when the bytes of the partial file %s', async (_what, spoil) => {
    const server = await started((request, response, count) => {
      sendFile(request, response, content, count === 1 ? { cutAfter: 90_000 } : {});
    });
    const request = requestOf(server.url, { sha256: null });
    expect(await failure(downloadFile(request, { ...patient, attempts: 1 }))).toBeInstanceOf(NetworkError);
    await spoil(`${target}.partial`);
    await downloadFile(request, patient);
    expect(server.requests).toEqual([{ path: '/corpus.bin' }, { path: '/corpus.bin' }]);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('without a checksum, starts over when the bytes are changed while they come', async () => {
    const server = await started((request, response, count) => {
      if (count === 2)
        writeFileSync(`${target}.partial`, readFileSync(`${target}.partial`).fill(7, 100, 200));
      sendFile(request, response, content, count === 1 ? { cutAfter: 90_000 } : {});
    });
    await downloadFile(requestOf(server.url, { sha256: null }), patient);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=90000-', undefined]);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('without a checksum, continues in a later call a partial file as it was recorded', async () => {
    const server = await started((request, response, count) => {
      sendFile(request, response, content, count < 3 ? { cutAfter: 50_000 } : {});
    });
    const request = requestOf(server.url, { sha256: null });
    for (let call = 0; call < 2; call += 1) await failure(downloadFile(request, { ...patient, attempts: 1 }));
    await downloadFile(request, patient);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=50000-', 'bytes=100000-']);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('starts over by itself when a partial file of unknown origin turns out wrong', async () => {
    await writeFile(`${target}.partial`, randomBytes(1000));
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    await downloadFile(requestOf(server.url), patient);
    expect(server.requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('only checks a partial file that is already complete', async () => {
    await writeFile(`${target}.partial`, content);
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    await downloadFile(requestOf(server.url), patient);
    expect(server.requests).toHaveLength(1);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('refuses a wrong checksum, keeps nothing of it, and leaves the earlier file alone', async () => {
    await writeFile(target, 'the earlier file');
    const server = await started((request, response) => {
      sendFile(request, response, randomBytes(5000));
    });
    const error = await failure(downloadFile(requestOf(server.url), patient));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(
      /does not match the checksum \(SHA-256 is [0-9a-f]{64}, should be [0-9a-f]{64}\); put the file/,
    );
    expect(error.message).not.toContain('\n');
    expect(await readdir(folder)).toEqual(['corpus.bin']);
    expect(await readFile(target, 'utf8')).toBe('the earlier file');
  });

  it('follows redirects, relative ones too', async () => {
    const server = await started((request, response) => {
      if (request.url === '/corpus.bin') response.writeHead(302, { location: '/elsewhere?signed=1' }).end();
      else if (request.url === '/elsewhere?signed=1')
        response.writeHead(307, { location: 'end' }).end('moved');
      else sendFile(request, response, content);
    });
    await downloadFile(requestOf(server.url), patient);
    expect(server.requests.map(({ path }) => path)).toEqual(['/corpus.bin', '/elsewhere?signed=1', '/end']);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('says that redirects go in a circle, and does not try again', async () => {
    const server = await started((request, response) => {
      response.writeHead(302, { location: request.url === '/corpus.bin' ? '/b' : '/corpus.bin' }).end();
    });
    const error = await failure(downloadFile(requestOf(server.url), patient));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain('redirects in a circle');
    expect(server.requests).toHaveLength(2);
  });

  it('gives up an endless chain of redirects', async () => {
    const server = await started((_request, response, count) => {
      response.writeHead(302, { location: `/step-${count}` }).end();
    });
    const error = await failure(downloadFile(requestOf(server.url), { ...patient, maxRedirects: 3 }));
    expect(error.message).toContain('redirects more than 3 times');
  });

  it('follows as many redirects as it may', async () => {
    const server = await started((request, response, count) => {
      if (count <= 3) response.writeHead(302, { location: `/step-${count}` }).end();
      else sendFile(request, response, content);
    });
    await downloadFile(requestOf(server.url), { ...patient, maxRedirects: 3 });
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('stops before the first byte when the announced size is over the limit', async () => {
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    const error = await failure(downloadFile(requestOf(server.url, { maxBytes: 1000 }), patient));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('more than the 1000 bytes allowed');
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops when a body of unknown size grows over the limit', async () => {
    const server = await started((_request, response) => {
      response.writeHead(200);
      const pour = (): void => {
        // In a round of its own: a write to a connection that is gone is answered before anything
        // else is heard.
        if (!response.destroyed) response.write(Buffer.alloc(10_000), () => setImmediate(pour));
      };
      pour();
    });
    const error = await failure(downloadFile(requestOf(server.url, { maxBytes: 50_000 }), patient));
    expect(error).toBeInstanceOf(DataError);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops at once when the size says it is another version', async () => {
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    const error = await failure(downloadFile(requestOf(server.url, { bytes: 299_999 }), patient));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('another version (300000 bytes, should be 299999)');
  });

  it('tries again after a server error, and waits as long as the server asks', async () => {
    const notes: string[] = [];
    const server = await started((request, response, count) => {
      if (count === 1) response.writeHead(500).end();
      else if (count === 2) response.writeHead(503, { 'retry-after': '0' }).end();
      else sendFile(request, response, content);
    });
    const reporter = {
      note: (line: string) => {
        notes.push(line);
      },
      task: () => ({ update: () => undefined, finish: () => undefined }),
    };
    await downloadFile(requestOf(server.url), { ...patient, reporter });
    expect(server.requests).toHaveLength(3);
    expect(notes[0]).toMatch(/answered 500; trying again in 0\.0 s$/);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('takes 404 as final and goes on to the next address', async () => {
    const empty = await started((_request, response) => response.writeHead(404).end());
    const full = await started((request, response) => {
      sendFile(request, response, content);
    });
    const { url } = await downloadFile(
      requestOf('', { urls: [`${empty.url}/corpus.bin`, `${full.url}/corpus.bin`] }),
      patient,
    );
    expect(url).toBe(`${full.url}/corpus.bin`);
    expect(empty.requests).toHaveLength(1);
    const error = await failure(downloadFile(requestOf(empty.url), patient));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain('has no /corpus.bin (404)');
  });

  it('names the host when no server is there, and what to do', async () => {
    const server = await started(() => undefined);
    await server.close();
    const error = await failure(downloadFile(requestOf(server.url), patient));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain(`no server answers at ${new URL(server.url).host} (ECONNREFUSED)`);
    expect(error.message).toContain('put the file there by hand');
    expect(error.message).not.toContain('\n');
  });

  it('does not wait for ever for a server that falls silent', async () => {
    const server = await started(() => undefined);
    const error = await failure(
      downloadFile(requestOf(server.url), { ...patient, idleTimeoutMs: 50, attempts: 2 }),
    );
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toContain('fell silent');
  });

  it('keeps what has arrived when the disk is full, and continues once there is room', async () => {
    await writeFile(target, 'the earlier file');
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    disk.capacity = 111_111;
    const error = await failure(downloadFile(requestOf(server.url), patient));
    disk.capacity = Infinity;
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toContain('the disk is full; free some space and run the same command again');
    expect((await stat(`${target}.partial`)).size).toBe(111_111);
    expect(await readFile(target, 'utf8')).toBe('the earlier file');
    await downloadFile(requestOf(server.url), patient);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, 'bytes=111111-']);
    expect((await readFile(target)).equals(content)).toBe(true);
  });

  it('does not begin what does not fit on the disk', async () => {
    const server = await started((request, response) => {
      sendFile(request, response, content);
    });
    disk.free = 1000;
    const error = await failure(downloadFile(requestOf(server.url), patient));
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toContain('needs 300 kB of disk, 1 kB are free');
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not let two downloads write the same file', async () => {
    let release: () => void = () => undefined;
    const server = await started((request, response) => {
      release = () => {
        sendFile(request, response, content);
      };
    });
    const first = downloadFile(requestOf(server.url), patient);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const error = await failure(downloadFile(requestOf(server.url), patient));
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toContain(`process ${process.pid}`);
    release();
    await first;
    expect(await readdir(folder)).toEqual(['corpus.bin']);
  });

  it('goes through the proxy that the environment names, but not to reach this machine itself', async () => {
    const asked: string[] = [];
    const proxy = createServer().listen(0, '127.0.0.1');
    proxy.on('connect', ({ url = '' }, socket) => {
      asked.push(url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await once(proxy, 'listening');
    try {
      const environment = { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      const server = await started((request, response) => {
        sendFile(request, response, content);
      });
      await downloadFile(requestOf(server.url), { ...patient, environment });
      expect(asked).toEqual([]);
      const error = await failure(
        downloadFile(requestOf('http://corpus.invalid'), { ...patient, environment }),
      );
      expect(error).toBeInstanceOf(NetworkError);
      expect(error.message).toContain('the proxy does not let corpus.invalid through');
      expect(asked).toEqual(['corpus.invalid:80']);
    } finally {
      proxy.close();
    }
  });

  it('gives up a proxy that hangs up, which the HTTP library by itself would not', async () => {
    const proxy = createServer().listen(0, '127.0.0.1');
    proxy.on('connect', (_request, socket) => socket.destroy());
    await once(proxy, 'listening');
    try {
      const environment = { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      const limits = { idleTimeoutMs: 100, connectTimeoutMs: 100 };
      const error = await failure(
        downloadFile(requestOf('http://corpus.invalid'), { ...patient, ...limits, environment }),
      );
      expect(error.message).toContain('nothing came from corpus.invalid in 0.2 s');
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('refuses a proxy that is not an address', async () => {
    const error = await failure(
      downloadFile(requestOf('http://corpus.invalid'), { environment: { HTTPS_PROXY: 'proxy:3128' } }),
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain("HTTPS_PROXY: 'proxy:3128' is not an address");
  });
});

describe('a download in a process that is killed', () => {
  it('is continued by the next process', async () => {
    const server = await started((request, response, count) => {
      if (count > 1) {
        sendFile(request, response, content);
        return;
      }
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      response.write(content.subarray(0, 150_000)); // and then nothing more, until the client is gone
    });
    const compiled = await compileDownloader();
    try {
      const child = fork(join(compiled, 'main.js'), [JSON.stringify(requestOf(server.url))]);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      while ((await stat(`${target}.partial`).catch(() => ({ size: 0 }))).size < 150_000)
        await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill('SIGKILL');
      await gone;
    } finally {
      await rm(compiled, { recursive: true });
    }
    expect(existsSync(target)).toBe(false);
    expect(existsSync(`${target}.lock`)).toBe(true); // nobody was left to remove it
    await downloadFile(requestOf(server.url), patient);
    expect(server.requests[1]).toEqual({ path: '/corpus.bin', range: 'bytes=150000-', ifRange: '"v1"' });
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual(['corpus.bin']);
  });
});

/**
 * The downloader as JavaScript, for a process of its own; below the project, so that it finds the
 * packages.
 */
async function compileDownloader(): Promise<string> {
  const parent = projectPath('.cache');
  await mkdir(parent, { recursive: true });
  const out = await mkdtemp(join(parent, 'test-download-'));
  for (const folder of ['base', 'data/io']) {
    const source = projectPath('lib', folder);
    for (const file of await readdir(source)) {
      if (!file.endsWith('.ts')) continue;
      const { outputText } = ts.transpileModule(await readFile(join(source, file), 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.Node20, target: ts.ScriptTarget.ES2022 },
        fileName: file,
      });
      const path = join(out, folder, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, outputText);
    }
  }
  await writeFile(
    join(out, 'main.js'),
    "require('./data/io/download.js').downloadFile(JSON.parse(process.argv[2]));\n",
  );
  return out;
}
