// The tokens of a text file of any length: read and tokenized in pieces, and kept on the disk where
// they are read again and again.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTextPieces, writeError } from '../../base/files';
import { type EncodeOptions, type Tokenizer } from '../tokenizers/tokenizer';
import { type Corpus, readIds } from './corpus';
import { idTypeFor } from './corpus-index';

/**
 * The ids of a file's text, some at a time.
 *
 * @throws DataError if it is missing, a folder, or not UTF-8; UsageError as the tokenizer's
 *   `stream`
 */
export async function* fileTokens(
  path: string,
  tokenizer: Tokenizer,
  options: EncodeOptions = {},
): AsyncGenerator<Int32Array> {
  const stream = tokenizer.stream(options);
  for await (const piece of readTextPieces(path)) yield stream.push(piece);
  yield stream.finish();
}

/** Token ids on the disk. */
export interface StoredTokens extends Pick<Corpus, 'read' | 'close'> {
  readonly tokens: number;
}

/**
 * The ids of a file's text, kept in the system's folder for temporary files until they are closed
 * or the process ends.
 *
 * @returns ids, the caller's to close
 * @throws DataError as `fileTokens`; MachineError if the disk is full
 */
export async function storeFileTokens(path: string, tokenizer: Tokenizer): Promise<StoredTokens> {
  const folder = await mkdtemp(join(tmpdir(), 'bipe-text-')).catch((error: unknown) => {
    throw writeError(tmpdir(), error);
  });
  const place = join(folder, 'ids');
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  const file = openSync(place, 'w+');
  // An open file needs no name, and without one it ends with the process, however that ends.
  if (process.platform !== 'win32') remove();
  const close = (): void => {
    closeSync(file);
    remove();
  };
  const type = idTypeFor(tokenizer.vocabularySize);
  let tokens = 0;
  try {
    for await (const ids of fileTokens(path, tokenizer)) {
      const packed = type === 'uint16' ? Uint16Array.from(ids) : ids;
      const bytes = new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
      append(file, bytes, place);
      tokens += ids.length;
    }
  } catch (error) {
    close();
    throw error;
  }
  return { tokens, read: (start, count) => readIds(file, place, { tokens, type }, start, count), close };
}

function append(file: number, bytes: Uint8Array, place: string): void {
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  } catch (error) {
    throw writeError(place, error);
  }
}
