// Git's hash of a file's content, which servers of git repositories give for small files.

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hashFile, readError } from '../../base/files';

/**
 * Computes git's hash of a file as lower-case hex, streamed.
 *
 * @throws DataError if it cannot be read
 */
export async function gitHashOfFile(path: string): Promise<string> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  const hash = createHash('sha1').update(`blob ${size}\0`);
  return (await hashFile(hash, path)).digest('hex');
}
