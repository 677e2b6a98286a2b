// Texts in installed npm packages: novels and speeches of the stdlib datasets, and source files as
// the code modality. Nothing is fetched; the checksum over the extracted text is recomputed at
// every use.

import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setUpHint } from '../../base/command';
import { AbsentError, DataError, messageOf } from '../../base/errors';
import { filesUnder, readTextFile } from '../../base/files';
import { displayPath } from '../../base/paths';
import { type PackageFiles } from './registry';
import { type SourceContext, type SourceReader, type TextDocument } from './source';
import { digestOf, normalizedText } from './text';

interface Chapter {
  readonly text: string;
}

interface Address extends Chapter {
  readonly year: number;
  readonly name: string;
}

/** Opens a novel, its chapters joined in the book's order to one document. */
export function openChapters(packageName: string, context: SourceContext): SourceReader {
  // The stdlib packages begin with the table of contents, which is no prose; a chapter's title is a
  // field of its own.
  return packageReader(context, [packageName], async function* () {
    const chapters = await loadDataset<Chapter & { readonly chapter: string; readonly title: string }>(
      packageName,
      context,
    );
    const text = chapters
      .filter(({ chapter }) => chapter !== 'Contents')
      .map(({ chapter, title, text: body }) =>
        /^\d+$/.test(chapter) ? `CHAPTER ${chapter}. ${title}\n\n${body}` : body,
      )
      .join('\n\n');
    yield { id: context.info.name, title: context.info.title, text: normalizedText(text) };
  });
}

/** Opens speeches, each a document, in chronological order. */
export function openAddresses(packageName: string, context: SourceContext): SourceReader {
  return packageReader(context, [packageName], async function* () {
    for (const { year, name, text } of await loadDataset<Address>(packageName, context))
      yield { id: `${year} ${name}`, title: `${name}, ${year}`, text: normalizedText(text) };
  });
}

/** Opens source files of packages, each a document, by package and then by path. */
export function openPackageFiles(packages: readonly PackageFiles[], context: SourceContext): SourceReader {
  const names = packages.map((files) => files.package);
  return packageReader(context, names, async function* () {
    for (const files of packages) {
      const root = join(context.packagesFolder, files.package);
      await checkVersion(files.package, files.version, context);
      for (const path of await sourceFiles(root, files)) {
        const text = normalizedText(await readTextFile(join(root, path)));
        if (text.trim() !== '') yield { id: `${files.package}/${path}`, title: path, text };
      }
    }
  });
}

function packageReader(
  context: SourceContext,
  packageNames: readonly string[],
  documents: () => AsyncGenerator<TextDocument>,
): SourceReader {
  const { info } = context;
  return {
    documents,
    async prepare() {
      const { sha256 } = await digestOf(documents());
      if (info.checksum !== null && sha256 !== info.checksum)
        throw new DataError(mismatch(context, packageNames, sha256));
      return { checksum: sha256, pinned: info.checksum !== null };
    },
    async inspect() {
      for (const name of packageNames) {
        if (!(await isFolder(join(context.packagesFolder, name))))
          return { status: 'missing', detail: `package ${name} is not installed; ${setUpHint}` };
      }
      try {
        const { sha256, documents: count, bytes } = await digestOf(documents());
        if (info.checksum !== null && sha256 !== info.checksum)
          return { status: 'corrupt', detail: mismatch(context, packageNames, sha256) };
        return {
          status: info.checksum === null ? 'unpinned' : 'ok',
          detail: `${count} ${count === 1 ? 'document' : 'documents'}, ${bytes} bytes, SHA-256 ${sha256}`,
        };
      } catch (error) {
        return { status: 'corrupt', detail: messageOf(error) };
      }
    },
  };
}

function mismatch(context: SourceContext, packageNames: readonly string[], sha256: string): string {
  return (
    `${context.info.name}: the text in ${packageNames.map((name) => displayPath(join(context.packagesFolder, name))).join(', ')} ` +
    `is not what ${displayPath(context.registryFile)} pins (SHA-256 is ${sha256}, should be ${String(context.info.checksum)}); ` +
    'delete those folders and run npm run setup'
  );
}

/** The result of a stdlib dataset package's function. */
async function loadDataset<T>(name: string, context: SourceContext): Promise<readonly T[]> {
  await checkVersion(name, context.info.version, context);
  const load = createRequire(join(context.packagesFolder, 'package.json'));
  try {
    return (load(name) as () => readonly T[])();
  } catch (error) {
    throw new DataError(
      `${displayPath(join(context.packagesFolder, name))}: cannot be loaded (${messageOf(error).split('\n')[0] ?? ''}); ` +
        'delete that folder and run npm run setup',
      { cause: error },
    );
  }
}

async function checkVersion(name: string, version: string, context: SourceContext): Promise<void> {
  const manifest = join(context.packagesFolder, name, 'package.json');
  const content = await readFile(manifest, 'utf8').catch((error: unknown) => {
    throw new AbsentError(`${displayPath(manifest)}: package ${name} is not installed; ${setUpHint}`, {
      cause: error,
    });
  });
  const installed = (JSON.parse(content) as { version?: string }).version;
  if (installed !== version)
    throw new DataError(
      `${displayPath(manifest)}: version ${String(installed)} is installed, ${displayPath(context.registryFile)} pins ${version}; ${setUpHint}`,
    );
}

/**
 * Paths under `root`, with forward slashes, sorted; `.d.ts` files have no code and are left out.
 */
async function sourceFiles(root: string, files: PackageFiles): Promise<string[]> {
  const found: string[] = [];
  for (const path of files.paths) {
    if (!(await isFolder(join(root, path)))) found.push(path);
    else
      for (const inner of await filesUnder(join(root, path)))
        if (files.extensions.some((end) => inner.endsWith(end)) && !inner.endsWith('.d.ts'))
          found.push(`${path}/${inner}`);
  }
  return found.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
