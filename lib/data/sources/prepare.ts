// Prepares, reads and verifies a source by name. Each kind of source is a reader of this folder and
// a line here.

import { join } from 'node:path';
import { silentReporter } from '../../base/progress';
import { packagesFolder } from '../../base/paths';
import { datasetsFolder, defaultRegistryFile, type ReaderSettings, sourceNamed } from './registry';
import { openDebianLatex } from './debian-latex';
import { openAddresses, openChapters, openPackageFiles } from './packages';
import { openPg19 } from './pg19';
import { openPile } from './pile';
import {
  type PreparedSource,
  type SourceContext,
  type SourceOptions,
  type SourceReader,
  type SourceReport,
} from './source';

/**
 * Prepares a source on this machine, unless it is prepared, and checks it.
 *
 * @throws UsageError for an unknown name, listing all names
 * @throws ConfigError for a wrong registry
 * @throws DataError for text that does not match its checksum
 * @throws AbsentError, NetworkError if it cannot be fetched: a package is not installed, a server
 *   does not have it
 * @throws MachineError if it cannot be stored
 */
export async function prepareSource(name: string, options: SourceOptions = {}): Promise<PreparedSource> {
  const { context, reader } = openSource(name, options);
  const { checksum, pinned } = await reader.prepare();
  return { info: context.info, checksum, pinned, documents: () => reader.documents() };
}

/**
 * Recomputes a source's checksums. Fetches nothing and changes nothing.
 *
 * @throws UsageError, ConfigError as `prepareSource`
 */
export async function verifySource(name: string, options: SourceOptions = {}): Promise<SourceReport> {
  const { reader } = openSource(name, options);
  return { name, ...(await reader.inspect()) };
}

function openSource(name: string, options: SourceOptions): { context: SourceContext; reader: SourceReader } {
  const { environment = process.env } = options;
  const registryFile = options.registryFile ?? defaultRegistryFile(environment);
  const { info, reader } = sourceNamed(name, registryFile);
  const context: SourceContext = {
    info,
    registryFile,
    reporter: options.reporter ?? silentReporter,
    cacheFolder: options.cacheFolder ?? join(datasetsFolder(environment), 'cache'),
    packagesFolder: options.packagesFolder ?? packagesFolder,
    environment,
  };
  return { context, reader: openReader(reader, context) };
}

function openReader(settings: ReaderSettings, context: SourceContext): SourceReader {
  switch (settings.kind) {
    case 'chapters':
      return openChapters(settings.package, context);
    case 'addresses':
      return openAddresses(settings.package, context);
    case 'package-files':
      return openPackageFiles(settings.packages, context);
    case 'debian-latex':
      return openDebianLatex(settings, context);
    case 'pg19':
      return openPg19(settings, context);
    case 'pile':
      return openPile(settings, context);
  }
}
