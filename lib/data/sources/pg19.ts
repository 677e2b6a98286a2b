// PG-19 (Rae et al., 2020): books of Project Gutenberg from before 1919, the paper's
// language-modelling corpus. A document is a book; the origin has one file for each and a table of
// their titles.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../base/errors';
import { readError, readTextFile, sha256 } from '../../base/files';
import { displayPath } from '../../base/paths';
import { besideRegistry, type ReaderSettings } from './registry';
import { type CachedFile, type CachedFolder, ensureFiles, inspectFiles } from './cached-files';
import { type SourceContext, type SourceReader } from './source';
import { normalizedText } from './text';

const titlesFile = 'metadata.csv';

/** Opens one split of PG-19. */
export function openPg19(
  settings: Extract<ReaderSettings, { kind: 'pg19' }>,
  context: SourceContext,
): SourceReader {
  const place: CachedFolder = {
    folder: join(context.cacheFolder, 'pg19'),
    addresses: settings.addresses,
    mirrorVariable: 'BIPE_MIRROR_PG19',
    maxBytes: 100e6,
  };
  const list = readFileList(besideRegistry(context.registryFile, settings.files));
  const books = list.filter(({ path }) => path.startsWith(`${settings.split}/`));
  const titles = list.filter(({ path }) => path === titlesFile);
  return {
    async prepare() {
      const checksums = await ensureFiles([...titles, ...books], place, context);
      const checksum = digestOfBooks(books, checksums.slice(titles.length));
      return { checksum, pinned: checksum === context.info.checksum };
    },
    inspect: () => inspectFiles([...titles, ...books], place),
    async *documents() {
      const titleOf = await readTitles(join(place.folder, titlesFile));
      for (const { path } of books) {
        const id = path.replace(/^.*\/|\.txt$/g, '');
        // The files' lines end in \r\n, which the usual loaders turn into \n; so must a count of
        // newline tokens.
        yield {
          id,
          title: titleOf.get(id) ?? id,
          text: normalizedText(await readTextFile(join(place.folder, path))),
        };
      }
    },
  };
}

/**
 * SHA-256 of the lines `<file's SHA-256> <path>`, in the list's order: one checksum for a whole
 * split.
 */
export function digestOfBooks(books: readonly CachedFile[], checksums: readonly string[]): string {
  return sha256(books.map(({ path }, index) => `${checksums[index] ?? ''}  ${path}\n`).join(''));
}

/** Reads a list of files: SHA-256 (or `-`), bytes and path on each line, `#` before a comment. */
export function readFileList(file: string): CachedFile[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw readError(file, error);
  }
  return content.split('\n').flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const [, checksum, bytes, path] = /^([0-9a-f]{64}|-) (\d+) ([\w.-]+(?:\/[\w.-]+)*)$/.exec(line) ?? [];
    if (checksum === undefined || bytes === undefined || path === undefined || path.includes('..'))
      throw new ConfigError(
        `${displayPath(file)}: line ${index + 1}: must be SHA-256, bytes and path; restore it from the repository`,
      );
    return [{ path, bytes: Number(bytes), sha256: checksum === '-' ? null : checksum }];
  });
}

/**
 * Reads short titles by book id. The table has no header: id, title, year, link; a title with
 * commas is in quotes.
 */
async function readTitles(file: string): Promise<Map<string, string>> {
  const rows = (await readTextFile(file)).matchAll(/^(\d+),(?:"((?:[^"]|"")*)"|([^,\n]*)),/gm);
  return new Map(
    [...rows].map(([, id = '', quoted, plain = '']) => [id, quoted?.replaceAll('""', '"') ?? plain]),
  );
}
