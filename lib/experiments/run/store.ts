// Results by what they depend on. A run is a folder named by the hash of its full configuration;
// asking for a run that is finished returns what it found, and nothing in the store is ever half
// written. What a result is called is no part of it: whoever asks for it says so each time.

import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DataError, systemCode } from '../../base/errors';
import { readError, sha256, temporaryPath, writeFileAtomic } from '../../base/files';
import { canonicalJson, toJson } from '../../base/json';
import { displayPath, workPath } from '../../base/paths';
import { type Reporter, silentReporter } from '../../base/progress';
import { parseJsonWith } from '../../base/schema';
import {
  joinParts,
  partsOf,
  type ProvenancePart,
  sourceSchema,
  type StoredProvenance,
  storedProvenanceSchema,
} from '../../report/provenance';

const configurationSchema = z
  .object({
    /** The paper item, e.g. `fig1`. */
    item: z.string(),
    /** Raised when the item's computation changes, so that older results are not reused. */
    revision: z.number(),
    libraryVersion: z.string(),
    settings: z.unknown(),
    data: z.array(sourceSchema).readonly(),
  })
  .readonly();

/** Everything a result depends on. Two runs with the same configuration have the same result. */
export type RunConfiguration = z.infer<typeof configurationSchema>;

/**
 * A run that has ended well, and where its numbers come from. Nothing in either is decided by
 * anything but the configuration.
 */
export interface FinishedRun<Result> {
  readonly result: Result;
  readonly provenance: StoredProvenance;
}

/** A finished run and what it depends on. */
export interface StoredRun<Result> extends FinishedRun<Result> {
  readonly configuration: RunConfiguration;
}

/** Options of a request that are no part of a run. */
export interface RunRequest {
  /** The run's name as a part of a larger result. Default: its item. */
  readonly label?: string;
  /** Told of a result that is damaged. */
  readonly reporter?: Reporter;
}

/** The name of a run's folder: the first 16 hex digits of the SHA-256 of its configuration. */
export function runKey(configuration: RunConfiguration): string {
  return sha256(canonicalJson(configuration)).slice(0, 16);
}

/** A folder of runs; by default `runs/` of the repository. */
export class RunStore {
  constructor(readonly folder: string = workPath('runs')) {}

  /** The folder of a run, existing or not. */
  folderOf(configuration: RunConfiguration): string {
    return join(this.folder, `${configuration.item}-${runKey(configuration)}`);
  }

  /** The folder of a run that is to be computed now. */
  folderToCompute(configuration: RunConfiguration): string {
    return this.folderOf(configuration);
  }

  /**
   * The finished run of this configuration, if there is one.
   *
   * @throws DataError if its result file is damaged
   */
  async find<Result>(configuration: RunConfiguration): Promise<FinishedRun<Result> | undefined> {
    try {
      return await readResult(this.folderOf(configuration));
    } catch (error) {
      if (error instanceof DataError && systemCode(error.cause) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * The finished run of this configuration, or `work` done now and kept. A result that is damaged
   * is named, and the work done again.
   */
  async findOrRun<Result>(
    configuration: RunConfiguration,
    work: () => Promise<FinishedRun<Result>>,
    { reporter = silentReporter }: RunRequest = {},
  ): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
    try {
      const earlier = await this.find<Result>(configuration);
      if (earlier !== undefined) return { ...earlier, reused: true };
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
      reporter.note(`${error.where}: damaged (${error.why}); computed anew`, 'warning');
    }
    const folder = this.folderToCompute(configuration);
    await writeFileAtomic(join(folder, configurationName), `${toJson(configuration, 2)}\n`);
    const finished = await work();
    await writeFileAtomic(join(folder, resultName), resultText(folder, finished));
    return { ...finished, reused: false };
  }

  /** Makes room for another run of this configuration; what is there is kept. Returns where. */
  async setAside(configuration: RunConfiguration): Promise<string> {
    const folder = this.folderOf(configuration);
    for (let number = 1; ; number += 1) {
      const aside = `${folder}.damaged-${number}`;
      if (existsSync(aside)) continue;
      await rename(folder, aside);
      return aside;
    }
  }

  /** Forgets the run of this configuration: all of it at once, even if the process is killed. */
  async forget(configuration: RunConfiguration): Promise<void> {
    const folder = this.folderOf(configuration);
    try {
      await rename(folder, temporaryPath(folder));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    const forgotten = (await this.names()).filter((name) => name.startsWith(`${basename(folder)}.`));
    for (const name of forgotten) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** The number of finished runs of `item`. */
  async count(item: string): Promise<number> {
    return (await this.finishedFolders(item)).length;
  }

  /**
   * The run of `item` that ended last, of those that are wanted. Damaged ones are passed over: who
   * wants that very run is told.
   */
  async latest<Result>(
    item: string,
    isWanted: (configuration: RunConfiguration) => boolean,
  ): Promise<StoredRun<Result> | undefined> {
    const folders = await this.finishedFolders(item);
    const ended = await Promise.all(
      folders.map(async (folder) => (await stat(join(folder, resultName))).mtimeMs),
    );
    const newestFirst = folders
      .map((folder, index) => ({ folder, at: ended[index] ?? 0 }))
      .sort((a, b) => b.at - a.at);
    for (const { folder } of newestFirst) {
      try {
        const configuration = await readConfiguration(folder);
        if (isWanted(configuration)) return { ...(await readResult<Result>(folder)), configuration };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    }
    return undefined;
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  private async finishedFolders(item: string): Promise<string[]> {
    return (
      (await this.names())
        // Not those of an item whose name begins with this one's.
        .filter((name) => name.startsWith(`${item}-`) && /^[0-9a-f]{16}$/.test(name.slice(item.length + 1)))
        .map((name) => join(this.folder, name))
        .filter((folder) => existsSync(join(folder, resultName)))
    );
  }
}

const configurationName = 'config.json';
const resultName = 'result.json';

const finishedSchema: z.ZodType<FinishedRun<unknown>> = z.object({
  result: z.unknown(),
  provenance: storedProvenanceSchema,
});

/**
 * A result as it is kept: JSON whose first field is the checksum of the others, and of the run that
 * they are of.
 */
function resultText(folder: string, finished: FinishedRun<unknown>): string {
  const fields = toJson(finished).slice(1);
  return `{"checksum":"${checksumOf(folder, fields)}",${fields}`;
}

function checksumOf(folder: string, fields: string): string {
  return sha256(`${basename(folder)} ${fields}`);
}

/** @throws DataError if there is none, or it is damaged */
async function readResult<Result>(folder: string): Promise<FinishedRun<Result>> {
  const path = join(folder, resultName);
  const text = await readStored(path);
  const [, checksum, fields] = /^\{"checksum":"([0-9a-f]{64})",(.*)$/s.exec(text) ?? [];
  if (fields === undefined) throw new DamagedFileError(path, 'it has no checksum');
  if (checksum !== checksumOf(folder, fields))
    throw new DamagedFileError(path, 'it does not match its checksum');
  return parseStored(finishedSchema, `{${fields}`, path) as FinishedRun<Result>;
}

/** @throws DataError if there is none, or it is damaged, or another run's */
async function readConfiguration(folder: string): Promise<RunConfiguration> {
  const path = join(folder, configurationName);
  const configuration = parseStored(configurationSchema, await readStored(path), path);
  if (`${configuration.item}-${runKey(configuration)}` !== basename(folder))
    throw new DamagedFileError(path, 'it is not what the folder is named by');
  return configuration;
}

async function readStored(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw readError(path, error);
  }
}

function parseStored<T>(schema: z.ZodType<T>, text: string, path: string): T {
  return parseJsonWith(schema, text, (why) => new DamagedFileError(path, why));
}

/** A file of the store that is not what was written. */
class DamagedFileError extends DataError {
  readonly where: string;

  constructor(
    path: string,
    readonly why: string,
  ) {
    super(`${displayPath(path)}: damaged; delete the folder and run the item again (${why})`);
    this.where = displayPath(path);
  }
}

/** A store that remembers what was asked of it: the parts of which a result is made. */
export class RememberingStore extends RunStore {
  readonly #parts: ProvenancePart[] = [];
  #seconds = 0;

  /** Of all runs that were found or done, by their origin. */
  get parts(): ProvenancePart[] {
    return joinParts(this.#parts);
  }

  /** Seconds that it took to find or do them. */
  get seconds(): number {
    return this.#seconds;
  }

  override async findOrRun<Result>(
    ...request: Parameters<typeof RunStore.prototype.findOrRun<Result>>
  ): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
    const startedAt = Date.now();
    const found = await super.findOrRun<Result>(...request);
    this.#seconds += (Date.now() - startedAt) / 1000;
    const [configuration, , { label = configuration.item } = {}] = request;
    this.#parts.push(...partsOf(found.provenance, basename(this.folderOf(configuration)), label));
    return found;
  }
}
