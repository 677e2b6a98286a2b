// An unfinished download: `<target>.partial` and, beside it, a record of the file's version. Where
// no checksum will show whether the finished file is correct, the record has one of the bytes that
// had been written when the connection ended: a beginning that is no longer these bytes (another
// program wrote to it, or the machine lost power before they reached the disk) is not continued.

import { createHash, type Hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { hashFile, writeError, writeFileAtomic } from '../../base/files';
import { jsonOrUndefined } from '../../base/json';
import { type FileVersion, type HeldPart } from './response-part';

const originSchema = z.object({
  url: z.string(),
  etag: z.string().nullable(),
  modified: z.string().nullable(),
  bytes: z.number().nullable(),
  /** SHA-256 of the bytes written so far; absent while they are written. */
  sha256: z.string().optional(),
});

/** The unfinished file of one download from one address. */
export class PartialFile {
  readonly path: string;
  private readonly originPath: string;
  /** Hash of all bytes written; undefined until it is needed, without a checksum. */
  private hash: Hash | undefined;

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
   * The part that can be continued. Without a checksum, only bytes that are still those recorded,
   * of a version with a strong validator, can be; then nothing else is kept.
   */
  async held(): Promise<HeldPart> {
    const size = await this.size();
    const origin = size === 0 ? undefined : await this.origin();
    if (size === 0 || this.isChecked) return { size, version: origin };
    if (typeof origin?.etag === 'string' && origin.sha256 === (await this.digest()))
      return { size, version: origin };
    await this.discard();
    return { size: 0, version: undefined };
  }

  /** Records the version before its first byte is written. */
  async begin(version: FileVersion): Promise<void> {
    await rm(this.path, { force: true });
    if (!this.isChecked) this.hash = createHash('sha256');
    await writeFileAtomic(this.originPath, `${JSON.stringify({ url: this.url, ...version })}\n`);
  }

  /** Counts bytes that were appended to the file. */
  wrote(bytes: Uint8Array): void {
    this.hash?.update(bytes);
  }

  /** Records what was written, once it is on the disk. */
  async record(): Promise<void> {
    const origin = this.isChecked ? undefined : await this.origin();
    if (origin === undefined) return;
    const sha256 = await this.digest();
    await writeFileAtomic(this.originPath, `${JSON.stringify({ ...origin, sha256 })}\n`);
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

  /** SHA-256 of the bytes written; the file is read only for those of another process. */
  async digest(): Promise<string> {
    this.hash ??= await hashFile(createHash('sha256'), this.path);
    return this.hash.copy().digest('hex');
  }

  /** The recorded version; unknown if the record is missing, truncated or of another address. */
  private async origin(): Promise<z.infer<typeof originSchema> | undefined> {
    const text = await readFile(this.originPath, 'utf8').catch(() => '');
    const origin = originSchema.safeParse(jsonOrUndefined(text));
    return origin.success && origin.data.url === this.url ? origin.data : undefined;
  }
}
