// LaTeX sources from a documentation package of Debian's TeX Live: the papers modality on systems
// with apt. Fetched and unpacked once; the prose is kept as UTF-8, with a record of its package.

import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { bipe } from '../../base/command';
import { DataError } from '../../base/errors';
import { filesUnder, readTextFile, sha256File, writeFileAtomic } from '../../base/files';
import { heedStop } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { withLock } from '../io/lock';
import { type ReaderSettings } from './registry';
import { fetchPackage, findPackage, unpackPackage } from './apt';
import { type SourceContext, type SourceReader, type TextDocument } from './source';
import { decodedText, digestOf } from './text';

/** Origin of the text; written last, so that its presence means that the text is complete. */
interface PackageRecord {
  readonly package: string;
  readonly version: string;
  readonly packageSha256: string;
  readonly textSha256: string;
  readonly documents: number;
  readonly bytes: number;
}

/** Opens the LaTeX files of one package, each a document. */
export function openDebianLatex(
  settings: Extract<ReaderSettings, { kind: 'debian-latex' }>,
  context: SourceContext,
): SourceReader {
  const { info } = context;
  const packagesFolder = join(context.cacheFolder, 'debian');
  const folder = join(packagesFolder, settings.package);
  const documents = (): AsyncGenerator<TextDocument> => readFolder(join(folder, 'text'));
  const digest = async (record: PackageRecord): Promise<string> => {
    const { sha256 } = await digestOf(documents());
    if (sha256 !== record.textSha256)
      throw new DataError(
        `${displayPath(folder)}: the text was changed; delete this folder and prepare ${info.name} again`,
      );
    return sha256;
  };
  return {
    documents,
    async prepare() {
      const record =
        (await readRecord(folder)) ??
        (await withLock(`${folder}.lock`, info.name, () =>
          fetchText(settings, packagesFolder, folder, context),
        ));
      const checksum = await digest(record);
      if (checksum !== info.checksum)
        context.reporter.note(
          `${info.name}: version ${record.version} of ${record.package}, not the pinned ${info.version} (SHA-256 of its text: ${checksum})`,
        );
      return { checksum, pinned: checksum === info.checksum };
    },
    async inspect() {
      const record = await readRecord(folder);
      if (record === undefined) return { status: 'missing', detail: `${displayPath(folder)} is not there` };
      const { sha256, documents: count, bytes } = await digestOf(documents());
      const detail = `version ${record.version}, ${count} documents, ${bytes} bytes, SHA-256 ${sha256}`;
      if (sha256 !== record.textSha256)
        return {
          status: 'corrupt',
          detail: `${detail}, should be ${record.textSha256}; delete ${displayPath(folder)}`,
        };
      return { status: sha256 === info.checksum ? 'ok' : 'unpinned', detail };
    },
  };
}

async function fetchText(
  settings: Extract<ReaderSettings, { kind: 'debian-latex' }>,
  packagesFolder: string,
  folder: string,
  context: SourceContext,
): Promise<PackageRecord> {
  const { info } = context;
  const working = `${folder}.partial`;
  try {
    await removeFolder(working); // what an interrupted earlier try may have left
    await mkdir(working);
    const found =
      (await findPackage(settings.package, packagesFolder)) ??
      (await fetchPackage(settings.package, working, context));
    const packageSha256 = await sha256File(found.path);
    if (found.version === info.version && packageSha256 !== settings.packageSha256)
      throw new DataError(
        `${displayPath(found.path)}: says version ${info.version} but does not match its checksum (SHA-256 is ${packageSha256}, ` +
          `should be ${settings.packageSha256}); delete it and prepare ${info.name} again`,
      );
    await unpackPackage(found.path, join(working, 'unpacked'), context);
    await collectProse(
      join(working, 'unpacked'),
      join(working, 'result', 'text'),
      settings.minimumCharacters,
    );
    const { sha256, documents, bytes } = await digestOf(readFolder(join(working, 'result', 'text')));
    if (documents === 0)
      throw new DataError(
        `${info.name}: version ${found.version} of ${settings.package} holds no LaTeX prose; choose another source (${bipe('data list')})`,
      );
    const record: PackageRecord = {
      package: settings.package,
      version: found.version,
      packageSha256,
      textSha256: sha256,
      documents,
      bytes,
    };
    await writeFileAtomic(join(working, 'result', 'record.json'), `${JSON.stringify(record, null, 1)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(join(working, 'result'), folder);
    return record;
  } finally {
    await removeFolder(working);
  }
}

/**
 * Removes a folder. The retries outlast a program of a killed process that still unpacks into it.
 */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 8, retryDelay: 100 });
}

async function readRecord(folder: string): Promise<PackageRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as PackageRecord;
  } catch {
    return undefined;
  }
}

/**
 * Writes the LaTeX prose under `from` into `to` as UTF-8, under the same paths. Debian compresses
 * larger documents.
 */
async function collectProse(from: string, to: string, minimumCharacters: number): Promise<void> {
  for (const path of await filesUnder(from).catch(() => [])) {
    if (!/\.(tex|ltx)(\.gz)?$/.test(path)) continue;
    await heedStop();
    const bytes = await readFile(join(from, path));
    const text = decodedText(path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes);
    if (text.length < minimumCharacters || !isProse(text)) continue;
    await writeFileAtomic(join(to, path.replace(/^usr\/share\/doc\/(texlive-doc\/)?|\.gz$/g, '')), text);
  }
}

/**
 * True if a LaTeX file is a text, or part of one with headings; not a package, a hyphenation table,
 * or a list of commands.
 */
function isProse(text: string): boolean {
  if (text.includes('\\begin{document}')) return true;
  return /\\(chapter|(sub)*section)\*?\s*[[{]/.test(text) && !text.includes('\\ProvidesPackage');
}

async function* readFolder(folder: string): AsyncGenerator<TextDocument> {
  for (const path of await filesUnder(folder).catch(() => []))
    yield { id: path, title: path, text: await readTextFile(join(folder, path)) };
}
