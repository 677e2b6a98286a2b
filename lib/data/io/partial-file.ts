// An unfinished download: `<target>.partial` and, beside it, a record of the file's version.

import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeError, writeFileAtomic } from '../../base/files';
import { jsonOrUndefined } from '../../base/json';
import { type FileVersion, type HeldPart } from './response-part';

const originSchema = z.object({
  url: z.string(),
  etag: z.string().nullable(),
  modified: z.string().nullable(),
  bytes: z.number().nullable(),
});

/** The unfinished file of one download from one address. */
export class PartialFile {
  readonly path: string;
  private readonly originPath: string;

  /**
   * @param to the target
   * @param isChecked whether the finished file will be compared with a checksum
   */
  constructor(
    private readonly to: string,
    private readonly url: string,
    private readonly isChecked: boolean,
  ) {
    this.path = `${to}.partial`;
    this.originPath = `${this.path}.json`;
  }

  /** Its size in bytes; 0 if there is none. */
  async size(): Promise<number> {
    return stat(this.path).then(
      (found) => found.size,
      () => 0,
    );
  }

  /**
   * The part that can be continued. Without a strong validator or a checksum nothing shows whether
   * the rest belongs to the same version; then nothing is kept.
   */
  async held(): Promise<HeldPart> {
    const size = await this.size();
    const version = size === 0 ? undefined : await this.version();
    if (size === 0 || this.isChecked || typeof version?.etag === 'string') return { size, version };
    await this.discard();
    return { size: 0, version: undefined };
  }

  /** Records the version before its first byte is written. */
  async begin(version: FileVersion): Promise<void> {
    await rm(this.path, { force: true });
    await writeFileAtomic(this.originPath, `${JSON.stringify({ url: this.url, ...version })}\n`);
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.originPath, { force: true });
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    try {
      await mkdir(dirname(this.to), { recursive: true });
      await rename(this.path, this.to);
    } catch (error) {
      throw writeError(this.to, error);
    }
    await rm(this.originPath, { force: true });
  }

  /** The recorded version; unknown if the record is missing, truncated or of another address. */
  private async version(): Promise<FileVersion | undefined> {
    const text = await readFile(this.originPath, 'utf8').catch(() => '');
    const origin = originSchema.safeParse(jsonOrUndefined(text));
    return origin.success && origin.data.url === this.url ? origin.data : undefined;
  }
}
