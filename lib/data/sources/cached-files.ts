// Downloaded files on this machine. `verified.json` in their folder records each file's size, time
// and checksum at the last check, so that a source of 500 MB is not hashed at each use; it also
// keeps the checksum of a file for which the registry has none, from its first download on.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../base/errors';
import { sha256File, writeFileAtomic } from '../../base/files';
import { megabytes } from '../../base/format';
import { canonicalJson } from '../../base/json';
import { displayPath } from '../../base/paths';
import { downloadFile } from '../io/download';
import { mirrorAddress, openHttpClient } from '../io/http';
import { type SourceContext, type SourceReport } from './source';

/** A file of a downloaded source. */
export interface CachedFile {
  /** Path in the source's cache folder, and under each of its addresses. */
  readonly path: string;
  /** null if unknown. */
  readonly bytes: number | null;
  /** null if unknown: recorded at the first download and verified afterwards. */
  readonly sha256: string | null;
}

/** Addresses of files, and their folder. */
export interface CachedFolder {
  readonly folder: string;
  /** Addresses of the folder, tried in this order; an environment variable may name another. */
  readonly addresses: readonly string[];
  readonly mirrorVariable: string;
  /** Most bytes of a file whose size is unknown. */
  readonly maxBytes: number;
}

/** By which a file is known to be the one that was hashed. */
interface FileState {
  readonly bytes: number;
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
}

type VerifiedFiles = Readonly<Record<string, FileState & { readonly sha256: string }>>;

/**
 * Makes sure that every file is present and correct: a recorded one by its size and times, another
 * by its checksum, an absent one by a download.
 *
 * @returns SHA-256 of each file, in the given order
 * @throws DataError if a present file is wrong; it is left alone
 * @throws NetworkError, MachineError as `downloadFile`
 */
export async function ensureFiles(
  files: readonly CachedFile[],
  place: CachedFolder,
  context: SourceContext,
): Promise<string[]> {
  const missing: CachedFile[] = [];
  const checksums = new Map<string, string>();
  for (const file of files) {
    if ((await stateOf(join(place.folder, file.path))) === undefined) missing.push(file);
    else checksums.set(file.path, await checkFile(file, place));
  }
  if (missing.length > 0) {
    for (const [path, sha256] of await downloadFiles(missing, place, context)) checksums.set(path, sha256);
  }
  return files.map(({ path }) => checksums.get(path) ?? '');
}

/** Hashes every file; changes nothing. */
export async function inspectFiles(
  files: readonly CachedFile[],
  place: CachedFolder,
): Promise<Omit<SourceReport, 'name'>> {
  for (const file of files) {
    const path = join(place.folder, file.path);
    if ((await stateOf(path)) === undefined)
      return { status: 'missing', detail: `${displayPath(path)} is not there` };
    const sha256 = await sha256File(path);
    const expected = file.sha256 ?? (await readVerified(place))[file.path]?.sha256 ?? sha256;
    if (sha256 !== expected) return { status: 'corrupt', detail: mismatch(path, sha256, expected) };
  }
  const pinned = files.every((file) => file.sha256 !== null);
  const detail = `${files.length} ${files.length === 1 ? 'file' : 'files'} in ${displayPath(place.folder)} match their checksums`;
  return { status: pinned ? 'ok' : 'unpinned', detail };
}

/** Checks a present file, whatever its origin, and records it. */
async function checkFile(file: CachedFile, place: CachedFolder): Promise<string> {
  const path = join(place.folder, file.path);
  const found = await stateOf(path);
  const recorded = (await readVerified(place))[file.path];
  const expected = file.sha256 ?? recorded?.sha256 ?? null;
  const untouched =
    recorded !== undefined && canonicalJson({ ...found, sha256: expected }) === canonicalJson(recorded);
  if (untouched) return recorded.sha256;
  const sha256 = await sha256File(path);
  if (expected !== null && sha256 !== expected)
    throw new DataError(
      `${mismatch(path, sha256, expected)}; delete it and prepare ${displayPath(place.folder)} again`,
    );
  await record(file.path, sha256, place);
  return sha256;
}

async function downloadFiles(
  files: readonly CachedFile[],
  place: CachedFolder,
  context: SourceContext,
): Promise<Map<string, string>> {
  const { environment, reporter } = context;
  const addresses = mirrorsOf(place, environment);
  const total = files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const task = reporter.task(`download ${context.info.name}`, megabytes(total), 'MB');
  const client = await openHttpClient({ environment });
  const checksums = new Map<string, string>();
  let before = 0;
  let note: string | undefined = 'stopped';
  try {
    for (const file of files) {
      const to = join(place.folder, file.path);
      const { sha256, bytes } = await downloadFile(
        {
          urls: addresses.map((base) => `${base.replace(/\/$/, '')}/${file.path}`),
          to,
          sha256: file.sha256,
          bytes: file.bytes,
          maxBytes: file.bytes ?? place.maxBytes,
          advice: `check the network and HTTPS_PROXY, set ${place.mirrorVariable} to the address of another server, or put the file there by hand`,
        },
        {
          client,
          reporter,
          onProgress: (done) => {
            task.update(megabytes(before + done));
          },
        },
      );
      before += bytes;
      await record(file.path, sha256, place);
      checksums.set(file.path, sha256);
    }
    note = `${megabytes(before)} MB in ${displayPath(place.folder)}`;
  } finally {
    task.finish(note);
    await client.close();
  }
  return checksums;
}

function mirrorsOf(
  { addresses, mirrorVariable }: CachedFolder,
  environment: SourceContext['environment'],
): readonly string[] {
  const mirror = mirrorAddress(environment, mirrorVariable, 'https://host/folder');
  return mirror === undefined ? addresses : [mirror];
}

async function readVerified(place: CachedFolder): Promise<VerifiedFiles> {
  try {
    return JSON.parse(await readFile(verifiedPath(place), 'utf8')) as VerifiedFiles;
  } catch {
    return {}; // absent or spoilt: everything is hashed once more
  }
}

async function record(path: string, sha256: string, place: CachedFolder): Promise<void> {
  const found = await stateOf(join(place.folder, path));
  if (found === undefined) return;
  const verified: VerifiedFiles = { ...(await readVerified(place)), [path]: { ...found, sha256 } };
  await writeFileAtomic(verifiedPath(place), `${JSON.stringify(verified, null, 1)}\n`);
}

function verifiedPath({ folder }: CachedFolder): string {
  return join(folder, 'verified.json');
}

function mismatch(path: string, sha256: string, expected: string): string {
  return `${displayPath(path)}: does not match its checksum (SHA-256 is ${sha256}, should be ${expected})`;
}

/**
 * Size, times and number of a file. The time of its last change cannot be set, and a copy has
 * another number, so that one that was copied here or replaced is hashed anew.
 */
async function stateOf(path: string): Promise<FileState | undefined> {
  return stat(path).then(
    ({ size, mtimeMs, ctimeMs, ino }) => ({ bytes: size, modified: mtimeMs, changed: ctimeMs, inode: ino }),
    () => undefined,
  );
}
