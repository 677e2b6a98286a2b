// A server on 127.0.0.1 that misbehaves as told: the other end of every download test.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface LocalServer {
  readonly url: string;
  /** Every request so far, with the headers that matter. */
  readonly requests: readonly { readonly path: string; readonly range?: string; readonly ifRange?: string }[];
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** `count` is 1 for the first request. */
export async function serve(handler: Handler): Promise<LocalServer> {
  const requests: { path: string; range?: string; ifRange?: string }[] = [];
  const server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers;
    requests.push({
      path: request.url ?? '',
      ...(range === undefined ? {} : { range }),
      ...(typeof ifRange === 'string' ? { ifRange } : {}),
    });
    handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/**
 * Sends `content` as a server does that knows ranges; with `cutAfter`, drops the connection after
 * so many bytes.
 */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
  { etag = '"v1"', cutAfter }: { etag?: string; cutAfter?: number } = {},
): void {
  const { range, 'if-range': condition } = request.headers;
  const asked = range !== undefined && (condition === undefined || condition === etag) ? range : undefined;
  const start = asked === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(asked)?.[1]);
  if (asked !== undefined && start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(start);
  response.writeHead(asked === undefined ? 200 : 206, {
    etag,
    'content-length': body.length,
    ...(asked === undefined
      ? {}
      : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  if (cutAfter === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, cutAfter), () => {
    // The bytes must have left before the connection goes, or the client would see none of them.
    setTimeout(() => response.destroy(), 150);
  });
}
