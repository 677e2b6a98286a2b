// The gallery on this machine's own address, for nobody else: written anew when a run has ended
// since.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readdir, readFile, stat } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { extname, join, relative, resolve } from 'node:path';
import { MachineError, messageOf } from '../../lib/base/errors';
import { type GalleryOptions, writeGallery } from './site';

/** A gallery that is served. */
export interface ServedGallery {
  readonly url: string;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Writes the gallery and serves it on loopback.
 *
 * @param port 0 takes a free one
 * @throws MachineError if the port is taken; and as `writeGallery`
 */
export async function serveGallery(options: GalleryOptions, port: number): Promise<ServedGallery> {
  const upToDate = renewing(options);
  await upToDate();
  const server = createServer((request, response) => {
    answer(request, response, options.folder, upToDate).catch((error: unknown) => {
      end(response, 500, messageOf(error));
    });
  });
  await listening(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${loopback}:${taken}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}

/** A function that writes the gallery if runs have changed; one writing at a time. */
function renewing(options: GalleryOptions): () => Promise<void> {
  let written: string | undefined;
  let last: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const state = await stateOf(options.store?.folder);
    if (state === written) return;
    await writeGallery(options);
    written = state;
  };
  return () => {
    // What one reader's request could not write, the next one tries again.
    last = last.catch(() => undefined).then(renew);
    return last;
  };
}

/** The finished runs of a store, with the times at which they ended. */
async function stateOf(folder: string | undefined): Promise<string> {
  if (folder === undefined) return 'reference';
  const names = await readdir(folder).catch(() => []);
  const ended = await Promise.all(
    names.map(async (name) => {
      const result = await stat(join(folder, name, 'result.json')).catch(() => undefined);
      return `${name} ${result?.mtimeMs ?? 0}`;
    }),
  );
  return ended.sort().join('\n');
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error) => {
      fail(new MachineError(`port ${port}: ${error.message}; give another one: --port`, { cause: error }));
    });
    server.listen(port, loopback, done);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  upToDate: () => Promise<void>,
): Promise<void> {
  const path = pathIn(folder, request.url ?? '/');
  const refusal = refusalOf(request);
  if (refusal === undefined && path?.endsWith('.html') === true) await upToDate();
  const content = path === undefined ? undefined : await readFile(path).catch(() => undefined);
  if (refusal !== undefined) end(response, ...refusal);
  else if (path === undefined || content === undefined) end(response, 404, 'no such page');
  else {
    const type = contentTypes[extname(path)] ?? '';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    response.end(request.method === 'HEAD' ? undefined : content);
  }
}

/** Why a request is not answered, as a status and its words. */
function refusalOf({ method = '', headers }: IncomingMessage): [status: number, words: string] | undefined {
  // A page of elsewhere whose name was made to lead here has another host.
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (host !== loopback && host !== 'localhost') return [403, 'only for this machine'];
  return method === 'GET' || method === 'HEAD' ? undefined : [405, 'only GET'];
}

/** The file of an address; undefined outside of the folder, and for other kinds than the site's. */
function pathIn(folder: string, url: string): string | undefined {
  const { pathname } = new URL(url, `http://${loopback}`);
  const wanted = pathname === '/' ? 'index.html' : pathname.slice(1);
  const path = resolve(folder, wanted);
  const inside = relative(folder, path);
  const isInside = inside !== '' && !inside.startsWith('..') && resolve(folder, inside) === path;
  return isInside && extname(path) in contentTypes ? path : undefined;
}

function end(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${words}\n`);
}
