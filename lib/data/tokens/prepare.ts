// From text sources to a token file: the documents of each, in order, tokenized as they are read. A
// corpus is named by what it depends on (sources with their checksums, tokenizer, limit), so one
// that is there is used again.

import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bipe } from '../../base/command';
import { DataError, messageOf, UsageError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { formatCount } from '../../base/format';
import { heedStop } from '../../base/interrupt';
import { canonicalJson } from '../../base/json';
import { displayPath } from '../../base/paths';
import { present } from '../../base/present';
import { silentReporter } from '../../base/progress';
import { withLock } from '../io/lock';
import { datasetsFolder } from '../sources/registry';
import { prepareSource } from '../sources/prepare';
import { type PreparedSource, type SourceOptions, type SourceReport } from '../sources/source';
import { getTokenizer } from '../tokenizers/registry';
import { type Tokenizer } from '../tokenizers/tokenizer';
import { type Corpus, openCorpus, verifyCorpus } from './corpus';
import { type CorpusSource, indexFile, readIndex } from './corpus-index';
import { type CorpusWriter, writeCorpus } from './corpus-writer';

/** A request for a corpus. */
export interface CorpusConfig {
  /** Names of text sources (`bipe data list`), read in this order. */
  readonly sources: readonly string[];
  /** A tokenizer by name. */
  readonly tokenizer: string;
  /**
   * The corpus ends after so many tokens, if need be within a document. Left out: with the last
   * document.
   */
  readonly maxTokens?: number;
}

/** Folders of corpora and of their sources. */
export interface CorpusOptions extends SourceOptions {
  /** Default `prepared` in `datasetsFolder`. */
  readonly preparedFolder?: string;
}

/** Characters that are tokenized at once. */
const charactersAtOnce = 1 << 16;

/**
 * The corpus of a request, made unless it is there. Each document begins with the tokenizer's
 * begin-of-text token, if it has one, as with Hugging Face's Llama tokenizer in the released code.
 *
 * @returns the corpus, the caller's to close
 * @throws UsageError for an unknown source or tokenizer, or a request that makes no sense
 * @throws ConfigError, DataError, NetworkError, MachineError as `prepareSource`; MachineError if
 *   the disk is full or another process is making the same corpus
 */
export async function prepareCorpus(request: CorpusConfig, options: CorpusOptions = {}): Promise<Corpus> {
  checkRequest(request);
  const { reporter = silentReporter } = options;
  const tokenizer = await getTokenizer(request.tokenizer);
  const prepared: PreparedSource[] = [];
  for (const name of request.sources) prepared.push(await prepareSource(name, options));
  const sources = prepared.map(({ info: { name, version, modality }, checksum }): CorpusSource => ({
    name,
    version,
    checksum,
    modality,
  }));
  const folder = join(preparedFolder(options), nameOf(request, sources, tokenizer));
  const there = await openIfWhole(folder, tokenizer);
  if (there !== undefined) return there;
  return withLock(`${folder}.lock`, displayPath(folder), async () => {
    // Another process may have made it since.
    const made = await openIfWhole(folder, tokenizer, (line) => {
      reporter.note(line);
    });
    if (made !== undefined) return made;
    // An interrupted process may have left something.
    await rm(folder, { recursive: true, force: true });
    const { maxTokens = Infinity } = request;
    const task = reporter.task(`tokenize ${request.sources.join(', ')}`, request.maxTokens ?? 0, 'tokens');
    let note = 'stopped';
    try {
      // Sources behind the last token are no part of the corpus.
      const read: CorpusSource[] = [];
      const { tokens } = await writeCorpus(folder, { tokenizer, sources: read }, async (writer) => {
        for (const [place, source] of prepared.entries()) {
          read.push(present(sources[place], 'source'));
          await tokenizeSource(source, tokenizer, writer, maxTokens, () => {
            task.update(writer.tokens, `${formatCount(writer.tokens)} tokens`);
          });
          if (writer.tokens >= maxTokens) return;
        }
      });
      note = `${formatCount(tokens)} tokens in ${displayPath(folder)}`;
      return await openCorpus(folder);
    } finally {
      task.finish(note);
    }
  });
}

/** The folders of corpora that are there, or were begun, by their names in `preparedFolder`. */
export async function preparedCorpora(options: CorpusOptions = {}): Promise<string[]> {
  const entries = await readdir(preparedFolder(options), { withFileTypes: true }).catch(() => []);
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  // Locks are folders, too.
  return names.filter((name) => !/^\.lock-|\.lock$/.test(name)).sort();
}

/**
 * Checks every id of a prepared corpus, and that its tokenizer is still the same. Changes nothing.
 */
export async function verifyPrepared(name: string, options: CorpusOptions = {}): Promise<SourceReport> {
  const folder = join(preparedFolder(options), name);
  if (!existsSync(join(folder, indexFile)))
    return {
      name,
      status: 'missing',
      detail: `not whole: interrupted, or being made; ${bipe('data tokens')} makes it`,
    };
  try {
    const { tokenizer } = await readIndex(folder);
    const { tokens, documents, sha256 } = await verifyCorpus(folder, await getTokenizer(tokenizer.name));
    const count = `${documents.length} ${documents.length === 1 ? 'document' : 'documents'}`;
    return { name, status: 'ok', detail: `${count}, ${tokens} tokens, SHA-256 ${sha256}` };
  } catch (error) {
    return { name, status: 'corrupt', detail: messageOf(error) };
  }
}

function checkRequest({ sources, maxTokens }: CorpusConfig): void {
  if (sources.length === 0) throw new UsageError(`corpus: no sources; name some of ${bipe('data list')}`);
  const twice = sources.find((name, place) => sources.indexOf(name) !== place);
  if (twice !== undefined) throw new UsageError(`corpus: source ${twice} is named twice; name it once`);
  if (maxTokens !== undefined && (!Number.isInteger(maxTokens) || maxTokens < 1))
    throw new UsageError(`corpus: maxTokens ${maxTokens}: must be an integer of 1 or more`);
}

function preparedFolder({ preparedFolder: folder, environment }: CorpusOptions): string {
  return folder ?? join(datasetsFolder(environment), 'prepared');
}

/** Readable, and another one for whatever changes an id. */
function nameOf({ maxTokens }: CorpusConfig, sources: readonly CorpusSource[], tokenizer: Tokenizer): string {
  const identity = {
    version: 1,
    sources: sources.map(({ name, checksum }) => ({ name, checksum })),
    tokenizer: tokenizer.fingerprint,
    maxTokens: maxTokens ?? null,
  };
  const names = sources.map(({ name }) => name).join('+');
  const readable = names.length > 60 ? `${Array.from(names).slice(0, 57).join('')}...` : names;
  return `${readable}-${tokenizer.name}-${sha256(canonicalJson(identity)).slice(0, 12)}`;
}

/**
 * The corpus that is there, every id as it was written; undefined, with a line for whoever listens,
 * if it is not.
 */
async function openIfWhole(
  folder: string,
  tokenizer: Tokenizer,
  tell: (line: string) => void = () => undefined,
): Promise<Corpus | undefined> {
  if (!existsSync(join(folder, indexFile))) return undefined;
  try {
    await verifyCorpus(folder, tokenizer);
    return await openCorpus(folder);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    tell(`${error.message.replace(/;[^;]*$/, '')}; it is made again`);
    return undefined;
  }
}

async function tokenizeSource(
  source: PreparedSource,
  tokenizer: Tokenizer,
  writer: CorpusWriter,
  maxTokens: number,
  tell: () => void,
): Promise<void> {
  const append = async (ids: Int32Array): Promise<void> => {
    await writer.append(ids.subarray(0, maxTokens - writer.tokens));
  };
  for await (const { id, title, text } of source.documents()) {
    writer.begin({ id: `${source.info.name}/${id}`, title, source: source.info.name });
    const stream = tokenizer.stream({ beginOfText: tokenizer.beginOfText !== undefined });
    for (let start = 0; start < text.length && writer.tokens < maxTokens; start += charactersAtOnce) {
      await heedStop();
      await append(stream.push(text.slice(start, start + charactersAtOnce)));
    }
    await append(stream.finish());
    tell();
    if (writer.tokens >= maxTokens) return;
  }
}
