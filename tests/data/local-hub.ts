// What a server says that speaks as the Hugging Face hub does: small files itself, large ones by a
// redirect to their storage.

import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { sendFile } from './local-server';

/** The commit that every model is at. */
export const commit = 'c'.repeat(40);

/** The files of a model by name. */
export interface HubFiles {
  readonly small: Readonly<Record<string, Buffer>>;
  readonly large: Readonly<Record<string, Buffer>>;
}

/** How the storage of large files answers; `path` is `/storage/<model>/<file>`. */
export type Storage = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  path: string,
) => void;

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
export const gitHash = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

/** Sends a large file as it is. */
export const sendStored: Storage = (request, response, content) => {
  sendFile(request, response, content, { etag: '"of-the-storage"' });
};

/** Answers as the hub that has these models, by `owner/name`. */
export function answerAsHub(
  models: Readonly<Record<string, HubFiles>>,
  request: IncomingMessage,
  response: ServerResponse,
  storage: Storage = sendStored,
  said = commit,
): void {
  const path = request.url ?? '';
  const [, name = '', asked = '', file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const [, storedOf = '', stored = ''] = /^\/storage\/([^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
  const content = models[storedOf]?.large[stored];
  const [here, elsewhere] = [models[name]?.small[file], models[name]?.large[file]];
  if (content) storage(request, response, content, path);
  else if (!['main', commit].includes(asked)) response.writeHead(404).end('Revision Not Found');
  else if (here) {
    response.setHeader('x-repo-commit', said);
    sendFile(request, response, here, { etag: `"${gitHash(here)}"` });
  } else if (elsewhere) {
    const headers = {
      location: `/storage/${name}/${file}`,
      'x-repo-commit': said,
      'x-linked-etag': `"${sha256(elsewhere)}"`,
      'x-linked-size': String(elsewhere.length),
    };
    response.writeHead(302, headers).end();
  } else response.writeHead(404).end('Entry not found');
}
