// A corpus as a stream of token ids on the disk, read where it is asked for. Node.js cannot map a
// file into memory, so each read is one call to the system at a position; what is read again comes
// from the system's page cache, and the process never holds the whole.

import { closeSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bipe } from '../../base/command';
import { DataError } from '../../base/errors';
import { readError, sha256File } from '../../base/files';
import { displayPath } from '../../base/paths';
import {
  type CorpusDocument,
  type CorpusIndex,
  type CorpusInfo,
  type CorpusSource,
  idBytes,
  idsFile,
  readIndex,
  type TokenizerIdentity,
} from './corpus-index';

/** A token file that was opened. */
export interface Corpus {
  readonly folder: string;
  readonly info: CorpusInfo;
  /** In the order of their ids. */
  readonly documents: readonly CorpusDocument[];
  /** The sources, for provenance. */
  readonly data: readonly CorpusSource[];
  /**
   * Ids from `start` on, [count].
   *
   * @throws DataError if the file has been cut short since it was opened
   */
  readonly read: (start: number, count: number) => Int32Array;
  /** Gives the file back to the system; no read after that. */
  readonly close: () => void;
}

const remake = `delete the folder and make it again with ${bipe('data tokens')}`;

/**
 * Opens a token file, after a check of its index against the size of its ids; `verifyCorpus` checks
 * each id.
 *
 * @param tokenizer the one that is to have made the ids; left out, any
 * @throws DataError if there is none, it is not whole, or another tokenizer made it
 */
export async function openCorpus(folder: string, tokenizer?: TokenizerIdentity): Promise<Corpus> {
  const { documents, ...info } = await readIndex(folder);
  if (tokenizer !== undefined) checkTokenizer(folder, info, tokenizer);
  const path = join(folder, idsFile);
  await checkSize(path, info);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw readError(path, error);
  }
  return {
    folder,
    info,
    documents,
    data: info.sources,
    read: (start, count) => readIds(file, path, info, start, count),
    close: () => {
      closeSync(file);
    },
  };
}

/**
 * Checks a token file as a whole.
 *
 * @param tokenizer as `openCorpus`
 * @returns its index
 * @throws DataError as `openCorpus`, and if an id was changed
 */
export async function verifyCorpus(folder: string, tokenizer?: TokenizerIdentity): Promise<CorpusIndex> {
  const index = await readIndex(folder);
  if (tokenizer !== undefined) checkTokenizer(folder, index, tokenizer);
  const path = join(folder, idsFile);
  await checkSize(path, index);
  const sha256 = await sha256File(path);
  if (sha256 !== index.sha256)
    throw new DataError(
      `${displayPath(path)}: ids were changed (SHA-256 is ${sha256}, should be ${index.sha256}); ${remake}`,
    );
  return index;
}

function checkTokenizer(folder: string, { tokenizer: made }: CorpusInfo, wanted: TokenizerIdentity): void {
  if (made.fingerprint === wanted.fingerprint) return;
  const where = displayPath(folder);
  throw new DataError(
    made.name === wanted.name
      ? `${where}: made with another version of the tokenizer ${made.name} (fingerprint ${made.fingerprint.slice(0, 12)}, now ${wanted.fingerprint.slice(0, 12)}); ${remake}`
      : `${where}: made with the tokenizer ${made.name}, not ${wanted.name}; make one with ${bipe(`data tokens --tokenizer ${wanted.name}`)}`,
  );
}

async function checkSize(path: string, { tokens, type }: CorpusInfo): Promise<void> {
  const wanted = tokens * idBytes[type];
  const { size } = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  if (size === wanted) return;
  throw new DataError(
    `${displayPath(path)}: ${size < wanted ? 'cut short' : 'too long'}: ${size} bytes, but ${tokens} tokens take ${wanted}; ${remake}`,
  );
}

/** Ids of an open file that holds `tokens` of them. Throws as `Corpus.read`. */
export function readIds(
  file: number,
  path: string,
  { tokens, type }: Pick<CorpusInfo, 'tokens' | 'type'>,
  start: number,
  count: number,
): Int32Array {
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(count) ||
    start < 0 ||
    count < 0 ||
    start + count > tokens
  )
    throw new RangeError(`tokens ${start} to ${start + count} of a corpus of ${tokens}`);
  const ids = type === 'uint16' ? new Uint16Array(count) : new Int32Array(count);
  const bytes = new Uint8Array(ids.buffer);
  const position = start * idBytes[type];
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new DataError(`${displayPath(path)}: cut short while it was read; ${remake}`);
    done += read;
  }
  return ids instanceof Int32Array ? ids : Int32Array.from(ids);
}
