// Downloads one file completely and checked, or says in one line why not. An unfinished download
// stays beside the target as `.partial` and is continued; the target appears only when it is
// correct.

import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbsentError, NetworkError } from '../../base/errors';
import { checkRoom, sha256File, writeError } from '../../base/files';
import { cellInterrupt } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { type Reporter, silentReporter } from '../../base/progress';
import { gitHashOfFile } from './git-hash';
import {
  connectionFailure,
  hostOf,
  type HttpClient,
  HttpFailure,
  type HttpOptions,
  type HttpResponse,
  openHttpClient,
} from './http';
import { withLock } from './lock';
import { PartialFile } from './partial-file';
import { headersFor, partOf, type ResponsePart } from './response-part';

/** The file to download, and the checks on it. */
export interface DownloadRequest {
  /** Addresses of the same file, tried in this order. */
  readonly urls: readonly string[];
  /** Path of the file. */
  readonly to: string;
  /** SHA-256 as lower-case hex; null if unknown. */
  readonly sha256: string | null;
  /** Git's hash of the content as lower-case hex, if only that is known. */
  readonly gitHash?: string;
  /** Exact size; null if unknown. */
  readonly bytes: number | null;
  /** Most bytes that are written. */
  readonly maxBytes: number;
  /** The end of an error's line: advice for the user. */
  readonly advice: string;
}

/** Result of a download. */
export interface Download {
  readonly sha256: string;
  readonly bytes: number;
  /** The address that served it. */
  readonly url: string;
}

/** Options of a download; every field has a default. */
export interface DownloadOptions extends HttpOptions {
  readonly reporter?: Reporter;
  /** Called with the bytes on the disk so far. */
  readonly onProgress?: (bytes: number) => void;
  /**
   * Attempts in a row without new bytes before an address is given up; at most 200 attempts in all.
   */
  readonly attempts?: number;
  /** A body with less than 64 kB in this time is given up as if it were cut. Default a minute. */
  readonly slowMs?: number;
  /** Wait before the first further attempt; doubled for each next one. */
  readonly backoffMs?: number;
  /** A client to share among many downloads; whoever opened it closes it. */
  readonly client?: HttpClient;
}

/**
 * Bytes beyond all earlier ones with which a connection counts as a success, however it ended; a
 * connection with fewer in `slowMs` counts as a failure.
 */
const worthwhileBytes = 1 << 16;
/**
 * Most requests to one address, whatever they bring: a file that needs more is continued by the
 * next call.
 */
const mostRequests = 200;
const longestBackoffMs = 15_000;

/**
 * Downloads a file: continues a partial one if the server still has the same version, tries again
 * after a cut connection, moves to the next address after a failure, checks size and checksum, and
 * only then gives the file its name. A present file is replaced by a correct one or stays as it is.
 *
 * @throws NetworkError if no address could be reached or served it
 * @throws AbsentError if the addresses serve another file than requested
 * @throws MachineError if the disk is full or not writable (the partial file is kept), or another
 *   process downloads it
 */
export async function downloadFile(
  request: DownloadRequest,
  options: DownloadOptions = {},
): Promise<Download> {
  const client = options.client ?? (await openHttpClient(options));
  try {
    return await withLock(`${request.to}.lock`, 'this download', () =>
      tryAddresses(request, options, client),
    );
  } finally {
    if (options.client === undefined) await client.close();
  }
}

async function tryAddresses(
  request: DownloadRequest,
  options: DownloadOptions,
  client: HttpClient,
): Promise<Download> {
  const where = displayPath(request.to);
  const reasons: string[] = [];
  let wrongContent = false;
  for (const url of request.urls) {
    try {
      return await downloadFrom(url, request, options, client);
    } catch (error) {
      if (!(error instanceof HttpFailure) && !(error instanceof WrongContent)) throw error;
      reasons.push(error.message);
      wrongContent ||= error instanceof WrongContent;
      if (url !== request.urls.at(-1))
        options.reporter?.note(`${where}: ${error.message}; trying another address`);
    }
  }
  if (wrongContent) throw new AbsentError(`${where}: ${reasons.join('; ')}; ${request.advice}`);
  throw new NetworkError(`${where}: could not be downloaded: ${reasons.join('; ')}; ${request.advice}`);
}

/** A server that works but serves another file. */
class WrongContent extends Error {}

async function downloadFrom(
  url: string,
  request: DownloadRequest,
  options: DownloadOptions,
  client: HttpClient,
): Promise<Download> {
  const { attempts = 5, backoffMs = 500, reporter = silentReporter } = options;
  const partial = new PartialFile(request.to, url, isChecked(request));
  let [failures, startedOver, reached] = [0, false, false];
  // Discarded bytes that come again are not new.
  let most = await partial.size();
  for (let requests = 1; ; requests += 1) {
    const before = await partial.size();
    try {
      await transfer(url, request, options, client, partial);
    } catch (error) {
      if (!(error instanceof HttpFailure) || error.kind === 'refused') throw error;
      reached ||= error.kind === 'transient';
      if (!reached) throw error;
      const size = await partial.size();
      failures = size - most >= worthwhileBytes ? 1 : failures + 1;
      most = Math.max(most, size);
      if (failures >= attempts || requests >= mostRequests) throw error;
      const wait = error.retryAfterMs ?? Math.min(backoffMs * 2 ** (failures - 1), longestBackoffMs);
      reporter.note(
        `${displayPath(request.to)}: ${error.message}; trying again in ${(wait / 1000).toFixed(1)} s`,
      );
      await sleep(wait, undefined, { signal: cellInterrupt() });
      continue;
    }
    const { sha256, wrong } = await compareChecksum(partial, request);
    if (wrong === undefined) {
      const bytes = await partial.size();
      await partial.finish();
      return { sha256, bytes, url };
    }
    await partial.discard();
    if (before === 0 || startedOver)
      throw new WrongContent(`what ${hostOf(url)} sent does not match the checksum (${wrong})`);
    startedOver = true;
    reporter.note(
      `${displayPath(request.to)}: the continued download does not match its checksum; starting over`,
    );
  }
}

function isChecked({ sha256, gitHash }: DownloadRequest): boolean {
  return sha256 !== null || gitHash !== undefined;
}

/** A file's SHA-256, and its difference from the request, if any. */
async function compareChecksum(
  partial: PartialFile,
  request: DownloadRequest,
): Promise<{ readonly sha256: string; readonly wrong: string | undefined }> {
  const { path } = partial;
  const sha256 = await sha256File(path);
  const written = isChecked(request) ? sha256 : await partial.digest();
  if (written !== sha256) return { sha256, wrong: 'it was changed while it was downloaded' };
  if (request.sha256 !== null && sha256 !== request.sha256)
    return { sha256, wrong: `SHA-256 is ${sha256}, should be ${request.sha256}` };
  const gitHash = request.gitHash === undefined ? undefined : await gitHashOfFile(path);
  if (gitHash !== request.gitHash)
    return { sha256, wrong: `git's is ${gitHash}, should be ${request.gitHash}` };
  return { sha256, wrong: undefined };
}

/**
 * Makes one request and appends its body to the partial file. Returns when the file is complete.
 */
async function transfer(
  url: string,
  request: DownloadRequest,
  options: DownloadOptions,
  client: HttpClient,
  partial: PartialFile,
): Promise<void> {
  const held = await partial.held();
  const response = await client.get(url, headersFor(held));
  try {
    const part = partOf(url, response, held, isChecked(request));
    if (part === 'complete') return;
    if (part === 'mismatch') {
      await partial.discard();
      throw new HttpFailure('transient', `${hostOf(url)} cannot continue this download`, 0);
    }
    checkSize(url, part.version.bytes, request);
    await checkRoom(request.to, (part.version.bytes ?? request.bytes ?? 0) - part.offset);
    if (part.offset === 0) await partial.begin(part.version);
    const written = await writeBody(url, request, options, response, partial, part);
    const total = part.version.bytes ?? request.bytes;
    if (total !== null && written < total)
      throw new HttpFailure('transient', `${hostOf(url)} stopped after ${written} of ${total} bytes`);
  } finally {
    response.body.destroy();
  }
}

/**
 * Appends a body to the partial file and returns the file's size; bytes written before a failure
 * stay.
 */
async function writeBody(
  url: string,
  request: DownloadRequest,
  { onProgress, slowMs = 60_000 }: DownloadOptions,
  response: HttpResponse,
  partial: PartialFile,
  { offset, end }: ResponsePart,
): Promise<number> {
  let written = offset;
  const most = end ?? request.bytes ?? request.maxBytes;
  try {
    const file = await open(partial.path, offset === 0 ? 'w' : 'a');
    try {
      onProgress?.(written);
      for await (const chunk of bodyOf(url, response, slowMs)) {
        if (written + chunk.length > most) {
          await partial.discard();
          throw tooLarge(url, most);
        }
        await file.writeFile(chunk);
        partial.wrote(chunk);
        written += chunk.length;
        onProgress?.(written);
      }
    } finally {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await partial.record();
    }
  } catch (error) {
    throw error instanceof HttpFailure || error instanceof WrongContent
      ? error
      : writeError(partial.path, error);
  }
  return written;
}

/**
 * Yields the pieces of a body. A cut becomes an HttpFailure, so that it is not taken for an error
 * of the disk, and so does a body that is too slow; the time in which the disk writes is not
 * counted.
 */
async function* bodyOf(
  url: string,
  response: HttpResponse,
  slowMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  let [bytes, waited] = [0, 0];
  for (;;) {
    const asked = performance.now();
    const piece = await pieces.next().catch((error: unknown) => {
      throw connectionFailure(url, error);
    });
    if (piece.done === true) return;
    waited += performance.now() - asked;
    bytes += piece.value.length;
    yield piece.value;
    if (bytes >= worthwhileBytes) [bytes, waited] = [0, 0];
    else if (waited > slowMs)
      throw new HttpFailure(
        'transient',
        `${hostOf(url)} is too slow (${bytes} bytes in ${(waited / 1000).toFixed(1)} s)`,
      );
  }
}

function checkSize(url: string, bytes: number | null, request: DownloadRequest): void {
  if (bytes === null) return;
  if (bytes > request.maxBytes) throw tooLarge(url, request.bytes ?? request.maxBytes);
  if (request.bytes !== null && bytes !== request.bytes)
    throw new WrongContent(`${hostOf(url)} has another version (${bytes} bytes, should be ${request.bytes})`);
}

function tooLarge(url: string, most: number): WrongContent {
  return new WrongContent(`${hostOf(url)} sends more than the ${most} bytes allowed`);
}
