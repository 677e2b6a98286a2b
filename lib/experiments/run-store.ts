// Results by what they depend on. A run is a folder named by the hash of its full configuration; asking for a
// run that is finished returns what it found, and nothing in the store is ever half written.

import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, systemCode } from '../base/errors';
import { sha256, writeFileAtomic } from '../base/files';
import { canonicalJson } from '../base/json';
import { displayPath, projectPath } from '../base/paths';
import {
  type DataSource,
  joinParts,
  partsOf,
  type Provenance,
  type ProvenancePart,
} from '../report/provenance';

/** Everything a result depends on. Two runs with the same configuration have the same result. */
export interface RunConfiguration {
  /** The paper item, e.g. `fig1`. */
  readonly item: string;
  /** Raised when the item's computation changes, so that older results are not taken for today's. */
  readonly revision: number;
  readonly libraryVersion: string;
  readonly settings: unknown;
  readonly data: readonly DataSource[];
}

/** A run that has ended well, and where its numbers come from. */
export interface FinishedRun<Result> {
  readonly result: Result;
  readonly provenance: Provenance;
}

/** A finished run and what it depends on. */
export interface StoredRun<Result> extends FinishedRun<Result> {
  readonly configuration: RunConfiguration;
}

/** The name of a run's folder: the first 16 hex digits of the SHA-256 of its configuration. */
export function runKey(configuration: RunConfiguration): string {
  return sha256(canonicalJson(configuration)).slice(0, 16);
}

/** A folder of runs; by default `runs/` of the repository. */
export class RunStore {
  constructor(readonly folder: string = projectPath('runs')) {}

  /** The folder of a run, existing or not. */
  folderOf(configuration: RunConfiguration): string {
    return join(this.folder, `${configuration.item}-${runKey(configuration)}`);
  }

  /**
   * The finished run of this configuration, if there is one.
   *
   * @throws DataError if its result file is damaged
   */
  async find<Result>(configuration: RunConfiguration): Promise<FinishedRun<Result> | undefined> {
    const path = join(this.folderOf(configuration), 'result.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as FinishedRun<Result>;
    } catch (error) {
      throw new DataError(`${displayPath(path)}: damaged; delete the folder and run the item again`, {
        cause: error,
      });
    }
  }

  /**
   * The finished run of this configuration, or `work` done now and kept.
   *
   * @param originsOf the provenance of a run that was found, with what it may lack because it was kept before that was recorded
   */
  async findOrRun<Result>(
    configuration: RunConfiguration,
    work: () => Promise<FinishedRun<Result>>,
    originsOf: (earlier: FinishedRun<Result>) => Promise<Provenance> = ({ provenance }) =>
      Promise.resolve(provenance),
  ): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
    const earlier = await this.find<Result>(configuration);
    if (earlier !== undefined) return { ...earlier, provenance: await originsOf(earlier), reused: true };
    const folder = this.folderOf(configuration);
    await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(configuration, null, 2)}\n`);
    const finished = await work();
    await writeFileAtomic(join(folder, 'result.json'), JSON.stringify(finished));
    return { ...finished, reused: false };
  }

  /** Forgets the run of this configuration. */
  async forget(configuration: RunConfiguration): Promise<void> {
    await rm(this.folderOf(configuration), { recursive: true, force: true });
  }

  /** How many finished runs of `item` are here. */
  async count(item: string): Promise<number> {
    return (await this.finishedFolders(item)).length;
  }

  /**
   * The run of `item` that ended last, of those that are wanted. Damaged ones are passed over: who wants that very
   * run is told by `find`.
   */
  async latest<Result>(
    item: string,
    isWanted: (configuration: RunConfiguration, provenance: Provenance) => boolean,
  ): Promise<StoredRun<Result> | undefined> {
    const folders = await this.finishedFolders(item);
    const ended = await Promise.all(
      folders.map(async (folder) => (await stat(join(folder, 'result.json'))).mtimeMs),
    );
    const newestFirst = folders
      .map((folder, index) => ({ folder, at: ended[index] ?? 0 }))
      .sort((a, b) => b.at - a.at);
    for (const { folder } of newestFirst) {
      try {
        const configuration = JSON.parse(
          await readFile(join(folder, 'config.json'), 'utf8'),
        ) as RunConfiguration;
        const finished = JSON.parse(
          await readFile(join(folder, 'result.json'), 'utf8'),
        ) as FinishedRun<Result>;
        if (isWanted(configuration, finished.provenance)) return { ...finished, configuration };
      } catch (error) {
        if (!(error instanceof SyntaxError) && systemCode(error) !== 'ENOENT') throw error;
      }
    }
    return undefined;
  }

  private async finishedFolders(item: string): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
    return (
      names
        // Not those of an item whose name begins with this one's.
        .filter((name) => name.startsWith(`${item}-`) && /^[0-9a-f]{16}$/.test(name.slice(item.length + 1)))
        .map((name) => join(this.folder, name))
        .filter((folder) => existsSync(join(folder, 'result.json')))
    );
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

  /** That finding and doing them took. */
  get seconds(): number {
    return this.#seconds;
  }

  override async findOrRun<Result>(
    ...request: Parameters<typeof RunStore.prototype.findOrRun<Result>>
  ): Promise<FinishedRun<Result> & { readonly reused: boolean }> {
    const startedAt = Date.now();
    const found = await super.findOrRun<Result>(...request);
    this.#seconds += (Date.now() - startedAt) / 1000;
    this.#parts.push(...partsOf(found.provenance, basename(this.folderOf(request[0]))));
    return found;
  }
}
