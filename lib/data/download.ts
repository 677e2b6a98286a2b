// Brings one file from the network to the disk, whole and checked, or says in one line why not. What has
// arrived stays beside the target as `.partial` and is continued; the target appears only when it is right.

import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbsentError, MachineError, NetworkError } from '../base/errors';
import { freeBytes, sha256File, writeError, writeFileAtomic } from '../base/files';
import { formatBytes } from '../base/format';
import { cellInterrupt } from '../base/interrupt';
import { displayPath } from '../base/paths';
import { type Reporter, silentReporter } from '../base/progress';
import {
  connectionFailure,
  hostOf,
  type HttpClient,
  HttpFailure,
  type HttpOptions,
  type HttpResponse,
  openHttpClient,
  statusFailure,
} from './http';
import { withLock } from './lock';

/** What to fetch and what it must be. */
export interface DownloadRequest {
  /** Addresses of the same file, tried in this order. */
  readonly urls: readonly string[];
  /** Where it goes. */
  readonly to: string;
  /** SHA-256 as lower-case hex; null if nobody knows it. */
  readonly sha256: string | null;
  /** Exact size; null if nobody knows it. */
  readonly bytes: number | null;
  /** More than this is never written. */
  readonly maxBytes: number;
  /** The end of an error's line: what the user can do. */
  readonly advice: string;
}

/** What came of it. */
export interface Download {
  readonly sha256: string;
  readonly bytes: number;
  /** The address that served it. */
  readonly url: string;
}

/** A file being written. */
export interface WritableFile {
  /** Writes all of `chunk` or throws a system error. */
  write(chunk: Uint8Array): Promise<void>;
  /** Flushes to the disk and closes. */
  close(): Promise<void>;
}

/** The disk as a download sees it; replaced in tests to fill it up. */
export interface DownloadDisk {
  open(path: string, flags: 'a' | 'w'): Promise<WritableFile>;
  /** Bytes this user may still write into a folder. */
  freeBytes(folder: string): Promise<number>;
}

/** How to go about it; every field has a default. */
export interface DownloadOptions extends HttpOptions {
  readonly reporter?: Reporter;
  /** Called with the bytes on the disk so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Tries in a row that bring nothing new before an address is given up. */
  readonly attempts?: number;
  /** Wait before the first further try; doubled for each next one. */
  readonly backoffMs?: number;
  readonly disk?: DownloadDisk;
  /** A client to share among many downloads; whoever opened it closes it. */
  readonly client?: HttpClient;
}

const realDisk: DownloadDisk = {
  async open(path, flags) {
    const file = await open(path, flags);
    return {
      async write(chunk) {
        for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
      },
      async close() {
        try {
          await file.sync();
        } finally {
          await file.close();
        }
      },
    };
  },
  freeBytes,
};

/** A connection that brought at least this much was no failure, however it ended. */
const worthwhileBytes = 1 << 16;
const longestBackoffMs = 15_000;

/**
 * Downloads a file: continues a partial one where the server still has the same version, tries again where
 * a connection was cut, goes on to the next address where one fails, checks size and checksum, and only then
 * gives the file its name. A file already there is replaced by a right one or stays as it is.
 *
 * @throws NetworkError if no address could be reached or served it
 * @throws AbsentError if what they serve is not the file that was asked for
 * @throws MachineError if the disk is full or not writable (what has arrived is kept), or another process downloads it
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

/** A server that works but does not have the file that was asked for. */
class WrongContent extends Error {}

async function downloadFrom(
  url: string,
  request: DownloadRequest,
  options: DownloadOptions,
  client: HttpClient,
): Promise<Download> {
  const { attempts = 5, backoffMs = 500, reporter = silentReporter } = options;
  const partial = new PartialFile(request, url);
  let [failures, startedOver, reached] = [0, false, false];
  for (;;) {
    const before = await partial.size();
    try {
      await transfer(url, request, options, client, partial);
    } catch (error) {
      if (!(error instanceof HttpFailure) || error.kind === 'refused') throw error;
      reached ||= error.kind === 'transient';
      if (!reached) throw error;
      failures = (await partial.size()) - before >= worthwhileBytes ? 1 : failures + 1;
      if (failures >= attempts) throw error;
      const wait = error.retryAfterMs ?? Math.min(backoffMs * 2 ** (failures - 1), longestBackoffMs);
      reporter.note(
        `${displayPath(request.to)}: ${error.message}; trying again in ${(wait / 1000).toFixed(1)} s`,
      );
      await sleep(wait, undefined, { signal: cellInterrupt() });
      continue;
    }
    const sha256 = await sha256File(partial.path);
    if (request.sha256 === null || sha256 === request.sha256) return partial.finish(sha256);
    await partial.discard();
    if (before === 0 || startedOver)
      throw new WrongContent(
        `what ${hostOf(url)} sent does not match the checksum (SHA-256 is ${sha256}, should be ${request.sha256})`,
      );
    startedOver = true;
    reporter.note(
      `${displayPath(request.to)}: the continued download does not match its checksum; starting over`,
    );
  }
}

/** One request, its body appended to the partial file. Returns when the file is complete. */
async function transfer(
  url: string,
  request: DownloadRequest,
  options: DownloadOptions,
  client: HttpClient,
  partial: PartialFile,
): Promise<void> {
  const { size, headers } = await partial.resumption();
  const response = await client.get(url, headers);
  try {
    const extent = extentOf(url, response, size);
    if (extent === 'complete') return;
    if (extent === 'mismatch') {
      await partial.discard();
      throw new HttpFailure('transient', `${hostOf(url)} cannot continue this download`, 0);
    }
    checkExtent(url, extent.total, request);
    await checkSpace(options.disk ?? realDisk, request, extent);
    if (extent.offset === 0) await partial.begin(response);
    const written = await writeBody(url, request, options, response, partial, extent.offset);
    const total = extent.total ?? request.bytes;
    if (total !== null && written < total)
      throw new HttpFailure('transient', `${hostOf(url)} stopped after ${written} of ${total} bytes`);
  } finally {
    response.body.destroy();
  }
}

/** Appends a body to the partial file and returns the file's size; what was written before a failure stays. */
async function writeBody(
  url: string,
  request: DownloadRequest,
  { disk = realDisk, onProgress }: DownloadOptions,
  response: HttpResponse,
  partial: PartialFile,
  offset: number,
): Promise<number> {
  let written = offset;
  try {
    const file = await disk.open(partial.path, offset === 0 ? 'w' : 'a');
    try {
      onProgress?.(written);
      for await (const chunk of bodyOf(url, response)) {
        if (written + chunk.length > (request.bytes ?? request.maxBytes)) {
          await partial.discard();
          throw tooLarge(url, request);
        }
        await file.write(chunk);
        written += chunk.length;
        onProgress?.(written);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof HttpFailure || error instanceof WrongContent
      ? error
      : writeError(partial.path, error);
  }
  return written;
}

/** The pieces of a body; a cut becomes an HttpFailure, so that it cannot be taken for an error of the disk. */
async function* bodyOf(url: string, response: HttpResponse): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  for (;;) {
    const piece = await pieces.next().catch((error: unknown) => {
      throw connectionFailure(url, error);
    });
    if (piece.done === true) return;
    yield piece.value;
  }
}

interface Extent {
  /** Where the body's first byte belongs. */
  readonly offset: number;
  /** Size of the whole file, if the server says. */
  readonly total: number | null;
}

/** Which part of the file a response brings, given that `size` bytes are here and the rest was asked for. */
function extentOf(url: string, response: HttpResponse, size: number): Extent | 'complete' | 'mismatch' {
  const { status, headers } = response;
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const total = range?.[2] === undefined || range[2] === '*' ? null : Number(range[2]);
  if (status === 206) return range?.[1] === String(size) ? { offset: size, total } : 'mismatch';
  if (status === 416 && size > 0) return total === size ? 'complete' : 'mismatch';
  if (status !== 200) throw statusFailure(url, response);
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity')
    throw new HttpFailure('refused', `${hostOf(url)} sends the file ${coding}-coded, not as it is`);
  const length = headers['content-length'];
  return { offset: 0, total: length === undefined ? null : Number(length) };
}

function checkExtent(url: string, total: number | null, request: DownloadRequest): void {
  if (total === null) return;
  if (total > request.maxBytes) throw tooLarge(url, request);
  if (request.bytes !== null && total !== request.bytes)
    throw new WrongContent(`${hostOf(url)} has another version (${total} bytes, should be ${request.bytes})`);
}

function tooLarge(url: string, request: DownloadRequest): WrongContent {
  return new WrongContent(
    `${hostOf(url)} sends more than the ${request.bytes ?? request.maxBytes} bytes allowed`,
  );
}

async function checkSpace(
  disk: DownloadDisk,
  request: DownloadRequest,
  { offset, total }: Extent,
): Promise<void> {
  const needed = (total ?? request.bytes ?? 0) - offset;
  const free = await disk.freeBytes(dirname(request.to));
  if (free < needed)
    throw new MachineError(
      `${displayPath(request.to)}: needs ${formatBytes(needed)} of disk, ${formatBytes(free)} are free; free some space and run the same command again`,
    );
}

/** What the server said of the version a partial file holds. */
interface PartialOrigin {
  readonly url: string;
  readonly validator: string | null;
}

/** `<target>.partial` and, beside it, which version it is a part of. */
class PartialFile {
  readonly path: string;
  private readonly originPath: string;

  constructor(
    private readonly request: DownloadRequest,
    private readonly url: string,
  ) {
    this.path = `${request.to}.partial`;
    this.originPath = `${this.path}.json`;
  }

  async size(): Promise<number> {
    return stat(this.path).then(
      (found) => found.size,
      () => 0,
    );
  }

  /**
   * How much is here and what to send to get the rest. Without a validator or a checksum nothing could tell
   * whether the rest belongs to the same version; then nothing is kept.
   */
  async resumption(): Promise<{ size: number; headers: Record<string, string> }> {
    const size = await this.size();
    if (size === 0) return { size: 0, headers: {} };
    const origin = await this.origin();
    const validator = origin?.url === this.url ? origin.validator : null;
    if (validator === null && this.request.sha256 === null) {
      await this.discard();
      return { size: 0, headers: {} };
    }
    const range = { range: `bytes=${size}-` };
    return { size, headers: validator === null ? range : { ...range, 'if-range': validator } };
  }

  /** Notes which version is about to be written, before its first byte is. */
  async begin(response: HttpResponse): Promise<void> {
    const { etag, 'last-modified': modified } = response.headers;
    const strong = etag !== undefined && !etag.startsWith('W/') ? etag : undefined; // a weak one promises no equal bytes
    const origin: PartialOrigin = { url: this.url, validator: strong ?? modified ?? null };
    await rm(this.path, { force: true });
    await writeFileAtomic(this.originPath, `${JSON.stringify(origin)}\n`);
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.originPath, { force: true });
  }

  /** Gives the file its name. */
  async finish(sha256: string): Promise<Download> {
    const bytes = await this.size();
    try {
      await mkdir(dirname(this.request.to), { recursive: true });
      await rename(this.path, this.request.to);
    } catch (error) {
      throw writeError(this.request.to, error);
    }
    await rm(this.originPath, { force: true });
    return { sha256, bytes, url: this.url };
  }

  private async origin(): Promise<PartialOrigin | undefined> {
    try {
      return JSON.parse(await readFile(this.originPath, 'utf8')) as PartialOrigin;
    } catch {
      return undefined; // absent or cut short: as good as unknown
    }
  }
}
