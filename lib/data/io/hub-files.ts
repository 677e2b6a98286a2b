// Files of a repository on the Hugging Face hub, a model's or a dataset's. The hub serves each
// under `<repository>/resolve/<revision>/<file>`; large ones by a redirect whose headers have the
// file's SHA-256 and size (`x-linked-etag`, `x-linked-size`), small ones directly, with their git
// hash as `etag`. The hub's own client reads the same headers (huggingface_hub,
// `get_hf_file_metadata`).

import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NetworkError } from '../../base/errors';
import { sha256File } from '../../base/files';
import { megabytes } from '../../base/format';
import { type Reporter, silentReporter } from '../../base/progress';
import { downloadFile, type DownloadOptions } from './download';
import { gitHashOfFile } from './git-hash';
import { type HttpClient, HttpFailure, type HttpResponse, mirrorAddress, statusFailure } from './http';
import { stagingFolder } from './staging';

/** Options; every field has a default. */
export interface HubFileOptions extends Omit<DownloadOptions, 'client' | 'onProgress'> {
  /** A branch, tag or commit. Default `main`. */
  readonly revision?: string;
}

/** A present file that was checked. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** True if the hub gave a hash to compare with. */
  readonly verified: boolean;
}

const hubAddress = 'https://huggingface.co';
const mirrorVariable = 'BIPE_MIRROR_HUGGINGFACE';
/** Most bytes of a file; the 1.6 B model's has 6.5 GB in float32. */
const maxFileBytes = 20e9;

/** The hub's description of a file. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  readonly bytes: number | null;
  readonly hash: RemoteHash | null;
}

/** SHA-256 of the content, or its git hash. */
interface RemoteHash {
  readonly kind: 'sha256' | 'git';
  readonly value: string;
}

/** Address of a repository, and the folder for its files. */
export interface HubPlace {
  /** Name in messages: `owner/name`. */
  readonly name: string;
  /** Its path on the hub: a model's is its name, a dataset's begins with `datasets/`. */
  readonly path: string;
  /** Folder of published files; see `staging.ts`. */
  readonly folder: string;
}

/**
 * Files of one repository, all of the commit of the first one. BIPE_MIRROR_HUGGINGFACE may name
 * another server with the hub's interface.
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
    this.address = (mirrorAddress(environment, mirrorVariable, 'https://host') ?? hubAddress).replace(
      /\/+$/,
      '',
    );
    this.reporter = reporter;
    this.current = revision;
  }

  /** The commit, once the hub has named it; until then the requested revision. */
  get revision(): string {
    return this.current;
  }

  /**
   * Asks the hub about a file; undefined if it has none.
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
   * Downloads a file into the staging folder, unless it is there or published. A partial one is
   * continued.
   *
   * @throws NetworkError if it cannot be reached
   * @throws AbsentError if the download does not match the hub's hash
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

  /** The present file if it equals the hub's, as far as the hub's headers show. */
  private async presentFile(path: string, { name, bytes, hash }: RemoteFile): Promise<HubFile | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (bytes !== null && found.size !== bytes) || hash === null) return undefined;
    const sha256 = await sha256File(path);
    const own = hash.kind === 'sha256' ? sha256 : await gitHashOfFile(path);
    return own === hash.value ? { name, bytes: found.size, sha256, verified: true } : undefined;
  }

  /** Path of a fetched file. */
  pathOf({ name }: HubFile): string {
    const staged = join(stagingFolder(this.place.folder), name);
    return existsSync(staged) ? staged : join(this.place.folder, name);
  }

  /** The error for a file that the repository does not have. */
  absent(file: string, mend: string): NetworkError {
    return new NetworkError(`${this.place.name} (${this.current}): has no ${file}; ${mend}`);
  }
}

const advice = `check the name, the network and HTTPS_PROXY, or set ${mirrorVariable} to the address of a server that speaks as the hub does`;

/** A header of the first response that has it: the hub's own precedes that of its storage. */
function headerOf({ redirects, headers }: HttpResponse, name: string): string | undefined {
  for (const one of [...redirects, headers]) {
    const value = one[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/** The size of the whole file, of which one byte was requested. */
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
