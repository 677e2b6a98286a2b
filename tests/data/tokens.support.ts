// What the tests of token files share: corpora of given ids, and a registry of one source per
// package of the tests' own.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../lib/base/files';
import { type SourceOptions } from '../../lib/data/sources/source';
import { type Corpus, openCorpus } from '../../lib/data/tokens/corpus';
import { type TokenizerIdentity } from '../../lib/data/tokens/corpus-index';
import { type CorpusOrigin, writeCorpus } from '../../lib/data/tokens/corpus-writer';

/** A tokenizer that exists in name only. */
export function vocabularyOf(vocabularySize: number): TokenizerIdentity {
  return { name: `of ${vocabularySize}`, fingerprint: sha256(`${vocabularySize}`), vocabularySize };
}

/** A source that exists in name only, in that vocabulary. */
export function originOf(vocabularySize: number): CorpusOrigin {
  const source = { name: 'test', version: '1', checksum: sha256('test'), modality: 'books' } as const;
  return { tokenizer: vocabularyOf(vocabularySize), sources: [source] };
}

/** Writes documents of these ids and opens them; the caller closes. */
export async function corpusOf(
  folder: string,
  documents: readonly (readonly number[])[],
  vocabularySize = 256,
): Promise<Corpus> {
  await writeCorpus(folder, originOf(vocabularySize), async (writer) => {
    for (const [index, ids] of documents.entries()) {
      writer.begin({ id: `d${index}`, title: `document ${index}`, source: 'test' });
      await writer.append(Int32Array.from(ids));
    }
  });
  return openCorpus(folder);
}

/**
 * Sources in a folder: `files` by source and name, each source an npm package of text files.
 * Options, and the environment for commands, that know these sources alone.
 */
export function textSources(
  folder: string,
  sources: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Required<Pick<SourceOptions, 'environment' | 'packagesFolder'>> {
  const packagesFolder = join(folder, 'packages');
  const entries = Object.entries(sources).map(([name, files]) => {
    mkdirSync(join(packagesFolder, name, 'text'), { recursive: true });
    writeFileSync(join(packagesFolder, name, 'package.json'), '{"version": "1.0.0"}');
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(packagesFolder, name, 'text', `${file}.txt`), text);
    return sourceEntry(name, '1.0.0', ['text'], ['.txt']);
  });
  writeFileSync(join(folder, 'registry.json'), JSON.stringify({ sources: entries }));
  return { environment: { ...process.env, BIPE_DATASETS: folder }, packagesFolder };
}

/**
 * A datasets folder for what takes no options, tasks and commands: its one source, `commander`, has
 * the six source files of an installed package. Give it as `BIPE_DATASETS`.
 */
export function installedSource(folder: string): void {
  const source = {
    ...sourceEntry('commander', '14.0.3', ['lib'], ['.js']),
    modality: 'code',
  };
  writeFileSync(join(folder, 'registry.json'), JSON.stringify({ sources: [source] }));
}

function sourceEntry(name: string, version: string, paths: string[], extensions: string[]): object {
  return {
    name,
    modality: 'books',
    title: name,
    document: 'a text',
    licence: 'CC0-1.0',
    version: '1',
    checksum: null,
    bytes: 1000,
    reader: { kind: 'package-files', packages: [{ package: name, version, paths, extensions }] },
  };
}
