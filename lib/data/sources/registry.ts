// Text sources by name, from datasets/registry.json, checked on reading.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigError, messageOf } from '../../base/errors';
import { displayPath, projectPath, workPath } from '../../base/paths';
import { parseWith } from '../../base/schema';
import { checkKeys } from '../../base/strict-json';
import { unknownName } from '../../base/suggest';
import { type SourceInfo } from './source';

const words = z.string().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const address = z.url({ protocol: /^https?$/ });
const relativePath = words.regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))/, 'must be a path inside its folder');

const packageFilesSchema = z.strictObject({
  package: words,
  version: words,
  /** Files or folders in the package; folders are read completely. */
  paths: z.array(relativePath).min(1),
  extensions: z.array(words.startsWith('.')).min(1),
});

/** Source files of an installed package. */
export type PackageFiles = z.infer<typeof packageFilesSchema>;

const readerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['chapters', 'addresses']), package: words }),
  z.strictObject({
    kind: z.literal('package-files'),
    packages: z.array(packageFilesSchema).min(1),
  }),
  z.strictObject({
    kind: z.literal('debian-latex'),
    package: words.regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package'),
    packageSha256: sha256,
    minimumCharacters: z.int().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal('pg19'),
    split: z.enum(['validation', 'test']),
    files: relativePath,
    addresses: z.array(address).min(1),
  }),
  z.strictObject({
    kind: z.literal('pile'),
    subset: words,
    file: relativePath,
    addresses: z.array(address).min(1),
  }),
]);

/** Settings by which a reader finds its text; the kinds are the readers of lib/data/sources. */
export type ReaderSettings = z.infer<typeof readerSchema>;

/** A source with its reader's settings. */
export interface RegisteredSource {
  readonly info: SourceInfo;
  readonly reader: ReaderSettings;
}

const needsOf: Readonly<Record<ReaderSettings['kind'], SourceInfo['needs']>> = {
  chapters: 'package',
  addresses: 'package',
  'package-files': 'package',
  'debian-latex': 'apt',
  pg19: 'download',
  pile: 'download',
};

const registrySchema = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/, 'must be lower-case letters, digits and hyphens'),
        modality: z.enum(['books', 'code', 'papers']),
        title: words,
        document: words,
        licence: words,
        version: words,
        checksum: sha256.nullable(),
        bytes: z.int().positive(),
        reader: readerSchema,
      }),
    )
    .min(1),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of downloads: the project's `datasets`, or the one that BIPE_DATASETS names. */
export function datasetsFolder(environment: Environment = process.env): string {
  return environment['BIPE_DATASETS'] ?? workPath('datasets');
}

/** The registry: the project's own, or that of the folder that BIPE_DATASETS names. */
export function defaultRegistryFile(environment: Environment = process.env): string {
  return join(environment['BIPE_DATASETS'] ?? projectPath('datasets'), 'registry.json');
}

/**
 * Reads every source of a registry, in its order.
 *
 * @throws ConfigError naming the file, the field and the remedy
 */
export function readRegistry(file: string = defaultRegistryFile()): readonly RegisteredSource[] {
  const where = displayPath(file);
  let content: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    content = JSON.parse(text);
    checkKeys(text, where);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${where}: not readable as JSON (${messageOf(error)}); restore it from the repository`,
      {
        cause: error,
      },
    );
  }
  const { sources } = parseWith(registrySchema, content, where);
  const names = new Set<string>();
  for (const { name } of sources) {
    if (names.has(name)) throw new ConfigError(`${where}: sources: two are named '${name}'; rename one`);
    names.add(name);
  }
  return sources.map(({ reader, ...rest }) => ({
    info: { ...rest, origin: originOf(reader), needs: needsOf[reader.kind] },
    reader,
  }));
}

/** Descriptions of all sources, in the registry's order. */
export function listSources(file: string = defaultRegistryFile()): SourceInfo[] {
  return readRegistry(file).map(({ info }) => info);
}

/**
 * Finds a source by name.
 *
 * @throws UsageError listing the names, with the one that was probably meant
 */
export function sourceNamed(name: string, file: string = defaultRegistryFile()): RegisteredSource {
  const sources = readRegistry(file);
  const found = sources.find(({ info }) => info.name === name);
  if (found !== undefined) return found;
  throw unknownName(
    'dataset',
    name,
    sources.map(({ info }) => info.name),
  );
}

/** Path of a file that a registry names; it is beside the registry. */
export function besideRegistry(registryFile: string, name: string): string {
  return join(dirname(registryFile), name);
}

function originOf(reader: ReaderSettings): string {
  switch (reader.kind) {
    case 'chapters':
    case 'addresses':
      return `npm ${reader.package}`;
    case 'package-files':
      return `npm ${reader.packages.map((files) => `${files.package}@${files.version}`).join(', ')}`;
    case 'debian-latex':
      return `Debian ${reader.package}`;
    case 'pg19':
    case 'pile':
      return reader.addresses.join(', ');
  }
}
