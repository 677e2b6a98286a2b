// Checkpoints from the Hugging Face hub. It serves each file under `<model>/resolve/<revision>/<file>`; large ones by a
// redirect whose headers say the file's SHA-256 and size (`x-linked-etag`, `x-linked-size`), small ones directly, with
// git's hash of them as `etag`. This is what its own client reads (huggingface_hub, `get_hf_file_metadata`).

import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DataError, NetworkError, UsageError } from '../base/errors';
import { sha256File, writeFileAtomic } from '../base/files';
import { displayPath } from '../base/paths';
import { type Reporter, silentReporter } from '../base/progress';
import { parseWith } from '../base/schema';
import { downloadFile, type DownloadOptions } from './download';
import { type HttpClient, HttpFailure, type HttpResponse, openHttpClient, statusFailure } from './http';
import { datasetsFolder } from './registry';

/** The checkpoints that the authors released. */
export const releasedCheckpoints = [
  'hzy00/BiPE_RoPE-151M',
  'hzy00/RoPE-151M',
  'hzy00/BiPE_ALiBi-151M',
  'hzy00/ALiBi-151M',
  'hzy00/BiPE_RoPE-1.6B',
] as const;

/** What to get, and how; every field has a default. */
export interface HubOptions extends Omit<DownloadOptions, 'client' | 'onProgress'> {
  /** A branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Where the checkpoint's folder goes. Default `cache/checkpoints/<model>` in `datasetsFolder`. */
  readonly to?: string;
}

/** A file of a checkpoint that is here and was checked. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether the hub gave a hash to compare with. */
  readonly verified: boolean;
}

/** A checkpoint that is here. */
export interface HubCheckpoint {
  readonly model: string;
  /** The commit, where the hub says it; else the revision that was asked for. */
  readonly revision: string;
  readonly folder: string;
  readonly files: readonly HubFile[];
}

const hubAddress = 'https://huggingface.co';
const mirrorVariable = 'BIPE_MIRROR_HUGGINGFACE';
const configFile = 'config.json';
/** The files that tensors can be in, the better first; lib/model/checkpoint.ts reads both. */
const formats = [
  { whole: 'model.safetensors', index: 'model.safetensors.index.json' },
  { whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' },
] as const;
/** More than any checkpoint's file here may have; the 1.6 B model's is 6.5 GB in float32. */
const maxFileBytes = 20e9;

/**
 * Downloads a checkpoint's configuration and tensors: files that are here and right stay, partial ones are continued,
 * and each is compared with the hash that the hub gives for it. The address of another server that speaks as the hub
 * does can be given in BIPE_MIRROR_HUGGINGFACE.
 *
 * @param model `owner/name`, e.g. `hzy00/BiPE_RoPE-151M`
 * @throws UsageError if that is no model's name
 * @throws NetworkError if the hub cannot be reached, or has no such model, or none of its formats is read here
 * @throws DataError if what it sends does not match its hash
 */
export async function downloadCheckpoint(model: string, options: HubOptions = {}): Promise<HubCheckpoint> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(model) || model.includes('..'))
    throw new UsageError(`checkpoint '${model}': give owner/name, e.g. ${releasedCheckpoints[0]}`);
  const client = await openHttpClient(options);
  try {
    return await new CheckpointDownload(model, client, options).run();
  } finally {
    await client.close();
  }
}

const recordFile = 'download.json';

const recordSchema = z.object({
  model: z.string(),
  revision: z.string(),
  files: z.array(
    z.object({
      name: z.string().regex(/^[\w-][\w.-]*$/),
      bytes: z.int().nonnegative(),
      sha256: z.string(),
      verified: z.boolean(),
    }),
  ),
});

/**
 * The checkpoint that an earlier download left on this machine, if every file of it still has its checksum. Asks no server: what is here
 * stays what it is, whatever the hub has by now, and is found without a network.
 *
 * @param options `to` and `environment` say where it would be
 */
export async function downloadedCheckpoint(
  model: string,
  options: Pick<HubOptions, 'to' | 'environment'> = {},
): Promise<HubCheckpoint | undefined> {
  const folder = checkpointFolder(model, options);
  const text = await readFile(join(folder, recordFile), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = recordSchema.safeParse(jsonOrUndefined(text));
  if (!record.success || record.data.model !== model) return undefined;
  for (const { name, bytes, sha256 } of record.data.files) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== bytes || (await sha256File(path)) !== sha256) return undefined;
  }
  return { ...record.data, folder };
}

function checkpointFolder(
  model: string,
  { to, environment = process.env }: Pick<HubOptions, 'to' | 'environment'>,
): string {
  return to ?? join(datasetsFolder(environment), 'cache', 'checkpoints', ...model.split('/'));
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What the hub says about a file. */
interface RemoteFile {
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

const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[\w-][\w.-]*$/)),
});

class CheckpointDownload {
  private readonly folder: string;
  private readonly address: string;
  private readonly reporter: Reporter;
  private revision: string;

  constructor(
    private readonly model: string,
    private readonly client: HttpClient,
    private readonly options: HubOptions,
  ) {
    this.folder = checkpointFolder(model, options);
    this.address = hubFrom(options.environment ?? process.env);
    this.reporter = options.reporter ?? silentReporter;
    this.revision = options.revision ?? 'main';
  }

  async run(): Promise<HubCheckpoint> {
    const config = await this.find(configFile);
    if (config === undefined) throw this.absent(configFile, 'check its name and revision');
    const files = [await this.fetch(config)];
    files.push(...(await this.fetchTensors()));
    const { model, revision, folder } = this;
    const checkpoint: HubCheckpoint = { model, revision, folder, files };
    const record = { model, revision, files };
    await writeFileAtomic(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`);
    return checkpoint;
  }

  /** The tensors in the first of the formats that the model has, whole or in the pieces that an index names. */
  private async fetchTensors(): Promise<HubFile[]> {
    for (const format of formats) {
      const whole = await this.find(format.whole);
      if (whole) return [await this.fetch(whole)];
      const index = await this.find(format.index);
      if (index) return [await this.fetch(index), ...(await this.fetchPieces(format.index))];
    }
    const known = formats.map(({ whole }) => whole).join(' or ');
    throw this.absent(known, 'choose a checkpoint that has one');
  }

  private async fetchPieces(index: string): Promise<HubFile[]> {
    const path = join(this.folder, index);
    const { weight_map: places } = parseWith(indexSchema, await readJson(path), displayPath(path));
    const files: HubFile[] = [];
    for (const name of [...new Set(Object.values(places))].sort()) {
      const piece = await this.find(name);
      if (piece === undefined) throw this.absent(name, `${index} names it; try again later`);
      files.push(await this.fetch(piece));
    }
    return files;
  }

  /** What the hub says about a file, if it has it. From the first one on, all are of that one's commit. */
  private async find(name: string): Promise<RemoteFile | undefined> {
    const url = `${this.address}/${this.model}/resolve/${encodeURIComponent(this.revision)}/${name}`;
    try {
      const response = await this.client.get(url, { range: 'bytes=0-0' });
      response.body.destroy();
      if (response.status === 404) return undefined;
      if (response.status !== 200 && response.status !== 206 && response.status !== 416)
        throw statusFailure(url, response);
      const said = (header: string): string | undefined => headerOf(response, header);
      const commit = said('x-repo-commit');
      if (commit !== undefined && /^[0-9a-f]{40}$/.test(commit)) this.revision = commit;
      const linked = said('x-linked-etag');
      const { etag } = response.redirects[0] ?? response.headers;
      return {
        name,
        url: url.replace(/\/resolve\/[^/]+\//, `/resolve/${encodeURIComponent(this.revision)}/`),
        bytes: wholeSize(said('x-linked-size'), response),
        hash: hashFrom(linked ?? etag),
      };
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      throw new NetworkError(`${this.model}: could not be downloaded: ${error.message}; ${advice}`, {
        cause: error,
      });
    }
  }

  /** Brings a file here, or leaves the one that is. */
  private async fetch(file: RemoteFile): Promise<HubFile> {
    const to = join(this.folder, file.name);
    const here = await this.presentFile(to, file);
    if (here !== undefined) return here;
    const task = this.reporter.task(`download ${file.name}`, megabytes(file.bytes ?? 0), 'MB');
    try {
      const { sha256, bytes } = await downloadFile(
        {
          urls: [file.url],
          to,
          sha256: file.hash?.kind === 'sha256' ? file.hash.value : null,
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
      if (file.hash?.kind === 'git') await checkGitHash(to, file.hash.value);
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
    const own = hash.kind === 'sha256' ? sha256 : await gitHash(path);
    return own === hash.value ? { name, bytes: found.size, sha256, verified: true } : undefined;
  }

  private absent(file: string, mend: string): NetworkError {
    return new NetworkError(`${this.model} (${this.revision}): has no ${file}; ${mend}`);
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

async function checkGitHash(path: string, expected: string): Promise<void> {
  const own = await gitHash(path);
  if (own === expected) return;
  await rm(path);
  throw new DataError(
    `${displayPath(path)}: what came does not match the hub's hash (git's is ${own}, should be ${expected}); run the same command again`,
  );
}

/** Git's hash of a file's content; only small files have no other. */
async function gitHash(path: string): Promise<string> {
  const content = await readFile(path);
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new DataError(`${displayPath(path)}: not JSON; delete it and run the same command again`, {
      cause: error,
    });
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
