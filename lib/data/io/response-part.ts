// Determines from a response's headers which part of a file it brings. A server may answer the
// request for the rest of a file with another version, another place or another coding of it; none
// of that is appended.

import { hostOf, HttpFailure, type HttpResponse, statusFailure } from './http';

/** Identifies a version of a file; null where the server does not say. */
export interface FileVersion {
  /** A strong ETag; a weak one does not promise equal bytes. */
  readonly etag: string | null;
  readonly modified: string | null;
  /** Size of the whole file. */
  readonly bytes: number | null;
}

/** The present beginning of a file. */
export interface HeldPart {
  /** Bytes; 0 if there is none. */
  readonly size: number;
  /** undefined if unknown. */
  readonly version: FileVersion | undefined;
}

/** The part of the file in a body. */
export interface ResponsePart {
  /** Place of its first byte. */
  readonly offset: number;
  /** Its end, if the server says. */
  readonly end: number | null;
  readonly version: FileVersion;
}

/** Headers of a request for the missing part. */
export function headersFor({ size, version }: HeldPart): Record<string, string> {
  if (size === 0) return {};
  const range = { range: `bytes=${size}-` };
  return typeof version?.etag === 'string' ? { ...range, 'if-range': version.etag } : range;
}

/**
 * Determines the part of a response to a request for the rest.
 *
 * @param isChecked whether the finished file will be compared with a checksum; without one, the
 *   server's headers must be complete
 * @returns `complete`: the present part is the whole file; `mismatch`: the response does not
 *   continue it
 * @throws HttpFailure for a response that brings nothing of the file
 */
export function partOf(
  url: string,
  response: HttpResponse,
  held: HeldPart,
  isChecked: boolean,
): ResponsePart | 'complete' | 'mismatch' {
  const { status, headers } = response;
  const coding = headers['content-encoding'] ?? 'identity';
  if (status === 206 && held.size > 0)
    return coding === 'identity' ? continuation(response, held, isChecked) : 'mismatch';
  if (status === 206)
    throw new HttpFailure('refused', `${hostOf(url)} answered with a part, but the whole file was asked for`);
  if (status === 416 && held.size > 0) return isComplete(response, held, isChecked) ? 'complete' : 'mismatch';
  if (status !== 200) throw statusFailure(url, response);
  if (coding !== 'identity')
    throw new HttpFailure('refused', `${hostOf(url)} sends the file ${coding}-coded, not as it is`);
  const bytes = naturalOrNull(headers['content-length']);
  if (bytes === null && !isChecked && headers['transfer-encoding'] === undefined)
    throw new HttpFailure('refused', `${hostOf(url)} does not say how long the file is`); // a cut would look like its end
  return { offset: 0, end: bytes, version: versionOf(response, bytes) };
}

function continuation(response: HttpResponse, held: HeldPart, isChecked: boolean): ResponsePart | 'mismatch' {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers['content-range'] ?? '');
  const [start = -1, last = -1, bytes = -1] = (range ?? []).slice(1).map(Number);
  const version = versionOf(response, bytes);
  const fits = start === held.size && start <= last && last < bytes;
  if (!fits || !isSameVersion(held.version, version, isChecked)) return 'mismatch';
  return { offset: start, end: last + 1, version };
}

/** True if 416 means that nothing is missing. */
function isComplete(response: HttpResponse, { size, version }: HeldPart, isChecked: boolean): boolean {
  const [, total] = /^bytes \*\/(\d+)$/.exec(response.headers['content-range'] ?? '') ?? [];
  const { etag } = response.headers;
  const isSame = version?.bytes === size && (etag === undefined || etag === version.etag);
  return Number(total) === size && (isChecked || isSame);
}

/**
 * True if nothing contradicts the version; without a checksum, whether the strong ETag confirms it.
 */
function isSameVersion(held: FileVersion | undefined, sent: FileVersion, isChecked: boolean): boolean {
  if (held === undefined) return isChecked;
  if (!isChecked && (held.etag === null || held.etag !== sent.etag)) return false;
  const fields = ['etag', 'modified', 'bytes'] as const;
  return fields.every((field) => held[field] === null || sent[field] === null || held[field] === sent[field]);
}

function versionOf({ headers }: HttpResponse, bytes: number | null): FileVersion {
  const { etag, 'last-modified': modified } = headers;
  return {
    etag: etag !== undefined && !etag.startsWith('W/') ? etag : null,
    modified: modified ?? null,
    bytes,
  };
}

function naturalOrNull(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
