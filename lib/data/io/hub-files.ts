// Files of a repository on the Hugging Face hub, a model's or a dataset's. It serves each under
// `<repository>/resolve/<revision>/<file>`; large ones by a redirect whose headers say the file's
// SHA-256 and size (`x-linked-etag`, `x-linked-size`), small ones directly, with git's hash of them
// as `etag`. This is what its own client reads (huggingface_hub, `get_hf_file_metadata`).

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NetworkError, UsageError } from '../../base/errors';
import { sha256File } from '../../base/files';
import { megabytes } from '../../base/format';
import { type Reporter, silentReporter } from '../../base/progress';
import { downloadFile, type DownloadOptions } from './download';
import { gitHashOfFile } from './git-hash';
import { type HttpClient, HttpFailure, type HttpResponse, statusFailure } from './http';
import { stagingFolder } from './staging';

/** How to get files; every field has a default. */
export interface HubFileOptions extends Omit<DownloadOptions, 'client' | 'onProgress'> {
  /** A branch, tag or commit. Default `main`. */
  readonly revision?: string;
}

/** A file that is here and was checked. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether the hub gave a hash to compare with. */
  readonly verified: boolean;
}

const hubAddress = 'https://huggingface.co';
const mirrorVariable = 'BIPE_MIRROR_HUGGINGFACE';
/** More than any file here may have; the 1.6 B model's is 6.5 GB in float32. */
const maxFileBytes = 20e9;

/** What the hub says about a file. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  readonly bytes: number | null;
  readonly hash: RemoteHash | null;
}

/** SHA-256 of the content, or git's hash of it. */
interface RemoteHash {
  readonly kind: 'sha256' | 'git';
  readonly value: string;
}

/** Where a repository is and where its files go. */
export interface HubPlace {
  /** What messages call it: `owner/name`. */
  readonly name: string;
  /** Its path on the hub: a model's is its name, a dataset's begins with `datasets/`. */
  readonly path: string;
  /** Where files are once they are published; see `staging.ts`. */
  readonly folder: string;
}

/**
 * The files of one repository. From the first one on, all are of that one's commit. The address of
 * another server that speaks as the hub does can be given in BIPE_MIRROR_HUGGINGFACE.
 */
export class HubFiles {
  private readonly address: string;
  private readonly reporter: Reporter;
  private current: string;

  /** @throws UsageError if the mirror is no address */
  constructor(
    private readonly place: HubPlace,
    private readonly client: HttpClient,
    private readonly options: HubFileOptions,
  ) {
    const { environment = process.env, reporter = silentReporter, revision = 'main' } = options;
    this.address = hubFrom(environment);
    this.reporter = reporter;
    this.current = revision;
  }

  /** The commit, once the hub has said it; else the revision that was asked for. */
  get revision(): string {
    return this.current;
  }

  /**
   * What the hub says about a file, if it has it.
   *
   * @throws NetworkError if the hub cannot be reached, or refuses
   */
  async find(name: string): Promise<RemoteFile | undefined> {
    const url = `${this.address}/${this.place.path}/resolve/${encodeURIComponent(this.current)}/${name}`;
    try {
      const response = await this.client.get(url, { range: 'bytes=0-0' });
      response.body.destroy();
      if (response.status === 404) return undefined;
      if (response.status !== 200 && response.status !== 206 && response.status !== 416)
        throw statusFailure(url, response);
      const said = (header: string): string | undefined => headerOf(response, header);
      const commit = said('x-repo-commit');
      if (commit !== undefined && /^[0-9a-f]{40}$/.test(commit)) this.current = commit;
      const linked = said('x-linked-etag');
      const { etag } = response.redirects[0] ?? response.headers;
      return {
        name,
        url: url.replace(/\/resolve\/[^/]+\//, `/resolve/${encodeURIComponent(this.current)}/`),
        bytes: wholeSize(said('x-linked-size'), response),
        hash: hashFrom(linked ?? etag),
      };
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      throw new NetworkError(`${this.place.name}: could not be downloaded: ${error.message}; ${advice}`, {
        cause: error,
      });
    }
  }

  /**
   * Brings a file into the staging folder, or leaves the one that is there or published. A partial
   * one is continued.
   *
   * @throws NetworkError if it cannot be reached
   * @throws AbsentError if what comes does not match the hub's hash
   * @throws MachineError if the disk is full or cannot be written
   */
  async fetch(file: RemoteFile): Promise<HubFile> {
    const to = join(stagingFolder(this.place.folder), file.name);
    const published = await this.presentFile(join(this.place.folder, file.name), file);
    if (published !== undefined) await rm(to, { force: true });
    const here = published ?? (await this.presentFile(to, file));
    if (here !== undefined) return here;
    const task = this.reporter.task(`download ${file.name}`, megabytes(file.bytes ?? 0), 'MB');
    try {
      const { sha256, bytes } = await downloadFile(
        {
          urls: [file.url],
          to,
          sha256: file.hash?.kind === 'sha256' ? file.hash.value : null,
          ...(file.hash?.kind === 'git' ? { gitHash: file.hash.value } : {}),
          bytes: file.bytes,
          maxBytes: file.bytes ?? maxFileBytes,
          advice,
        },
        {
          ...this.options,
          client: this.client,
          onProgress: (done) => {
            task.update(megabytes(done));
          },
        },
      );
      return { name: file.name, bytes, sha256, verified: file.hash !== null };
    } finally {
      task.finish();
    }
  }

  /** The file if it is here and is what the hub has, as far as the hub lets that be known. */
  private async presentFile(path: string, { name, bytes, hash }: RemoteFile): Promise<HubFile | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (bytes !== null && found.size !== bytes) || hash === null) return undefined;
    const sha256 = await sha256File(path);
    const own = hash.kind === 'sha256' ? sha256 : await gitHashOfFile(path);
    return own === hash.value ? { name, bytes: found.size, sha256, verified: true } : undefined;
  }

  /** Where a file that was fetched is. */
  pathOf({ name }: HubFile): string {
    const staged = join(stagingFolder(this.place.folder), name);
    return existsSync(staged) ? staged : join(this.place.folder, name);
  }

  /** What to say of a file that the repository does not have. */
  absent(file: string, mend: string): NetworkError {
    return new NetworkError(`${this.place.name} (${this.current}): has no ${file}; ${mend}`);
  }
}

const advice = `check the name, the network and HTTPS_PROXY, or set ${mirrorVariable} to the address of a server that speaks as the hub does`;

function hubFrom(environment: Readonly<Record<string, string | undefined>>): string {
  const mirror = environment[mirrorVariable];
  if (mirror === undefined || mirror === '') return hubAddress;
  if (!/^https?:/.test(mirror) || !URL.canParse(mirror))
    throw new UsageError(
      `${mirrorVariable}: '${mirror}' is not an http or https address; write it as https://host`,
    );
  return mirror.replace(/\/+$/, '');
}

/** A header of the first response that has it: the hub's own comes before that of its storage. */
function headerOf({ redirects, headers }: HttpResponse, name: string): string | undefined {
  for (const one of [...redirects, headers]) {
    const value = one[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/** The size of the whole file, of which one byte was asked for. */
function wholeSize(linked: string | undefined, { status, headers }: HttpResponse): number | null {
  if (linked !== undefined && /^\d+$/.test(linked)) return Number(linked);
  const [, total] = /^bytes (?:\*|\d+-\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (total !== undefined) return Number(total);
  const length = headers['content-length'];
  return status === 200 && length !== undefined ? Number(length) : null;
}

function hashFrom(etag: string | undefined): RemoteHash | null {
  const value = etag?.replace(/^W\//, '').replaceAll('"', '') ?? '';
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'sha256', value };
  return /^[0-9a-f]{40}$/.test(value) ? { kind: 'git', value } : null;
}
