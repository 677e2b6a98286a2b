// Git's hash of a file's content, which servers of git repositories give for small files.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { readError } from '../../base/files';

/**
 * Computes git's hash of a file as lower-case hex, streamed.
 *
 * @throws DataError if it cannot be read
 */
export async function gitHashOfFile(path: string): Promise<string> {
  try {
    const hash = createHash('sha1').update(`blob ${(await stat(path)).size}\0`);
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    throw readError(path, error);
  }
}
