// Checkpoints from the Hugging Face hub: a configuration and its tensors, in the best of the
// formats that are read here.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DataError, UsageError } from '../base/errors';
import { displayPath } from '../base/paths';
import { parseWith } from '../base/schema';
import { openHttpClient } from './io/http';
import { type HubFile, type HubFileOptions, HubFiles } from './io/hub-files';
import { withLock } from './io/lock';
import { datasetsFolder } from './sources/registry';
import { fileNameSchema, intactRecord, publish, settle } from './io/staging';

/** The checkpoints that the authors released. */
export const releasedCheckpoints = [
  'hzy00/BiPE_RoPE-151M',
  'hzy00/RoPE-151M',
  'hzy00/BiPE_ALiBi-151M',
  'hzy00/ALiBi-151M',
  'hzy00/BiPE_RoPE-1.6B',
] as const;

/** What to get, and how; every field has a default. */
export interface HubOptions extends HubFileOptions {
  /**
   * Where the checkpoint's folder goes. Default `cache/checkpoints/<model>` in `datasetsFolder`.
   */
  readonly to?: string;
}

/** A checkpoint that is here. */
export interface HubCheckpoint {
  readonly model: string;
  /** The commit, where the hub says it; else the revision that was asked for. */
  readonly revision: string;
  readonly folder: string;
  readonly files: readonly HubFile[];
}

const configFile = 'config.json';
/** The files that tensors can be in, the better first; lib/model/files/checkpoint.ts reads both. */
const formats = [
  { whole: 'model.safetensors', index: 'model.safetensors.index.json' },
  { whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json' },
] as const;

/**
 * Downloads a checkpoint's configuration and tensors: files that are here and right stay, partial
 * ones are continued, and each is compared with the hash that the hub gives for it. Those that are
 * here are replaced only when all of the revision's have come. The address of another server that
 * speaks as the hub does can be given in BIPE_MIRROR_HUGGINGFACE.
 *
 * @param model `owner/name`, e.g. `hzy00/BiPE_RoPE-151M`
 * @throws UsageError if that is no model's name
 * @throws NetworkError if the hub cannot be reached, or has no such model, or none of its formats
 *   is read here
 * @throws DataError if what it sends does not match its hash
 */
export async function downloadCheckpoint(model: string, options: HubOptions = {}): Promise<HubCheckpoint> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(model) || model.includes('..'))
    throw new UsageError(`checkpoint '${model}': give owner/name, e.g. ${releasedCheckpoints[0]}`);
  const folder = checkpointFolder(model, options);
  return withLock(join(folder, 'download.lock'), `the checkpoint ${model}`, async () => {
    await settle(folder);
    const client = await openHttpClient(options);
    try {
      const hub = new HubFiles({ name: model, path: model, folder }, client, options);
      const files = [await fetchNamed(hub, configFile, 'check its name and revision')];
      files.push(...(await fetchTensors(hub)));
      const { revision } = hub;
      await publish(folder, { model, revision, files });
      return { model, revision, folder, files };
    } finally {
      await client.close();
    }
  });
}

const recordSchema = z.object({
  model: z.string(),
  revision: z.string(),
  files: z.array(
    z.object({
      name: fileNameSchema,
      bytes: z.int().nonnegative(),
      sha256: z.string(),
      verified: z.boolean(),
    }),
  ),
});

/**
 * The checkpoint that an earlier download left on this machine, if every file of it still has its
 * checksum. Asks no server: what is here stays what it is, whatever the hub has by now, and is
 * found without a network.
 *
 * @param options `to` and `environment` say where it would be
 */
export async function downloadedCheckpoint(
  model: string,
  options: Pick<HubOptions, 'to' | 'environment'> = {},
): Promise<HubCheckpoint | undefined> {
  const folder = checkpointFolder(model, options);
  await settle(folder);
  const record = await intactRecord(folder, recordSchema.extend({ model: z.literal(model) }));
  return record && { ...record, folder };
}

function checkpointFolder(
  model: string,
  { to, environment = process.env }: Pick<HubOptions, 'to' | 'environment'>,
): string {
  return to ?? join(datasetsFolder(environment), 'cache', 'checkpoints', ...model.split('/'));
}

const indexSchema = z.object({
  weight_map: z.record(z.string(), fileNameSchema),
});

/** A file that must be there, else `mend` says what to do. */
async function fetchNamed(hub: HubFiles, name: string, mend: string): Promise<HubFile> {
  const file = await hub.find(name);
  if (file === undefined) throw hub.absent(name, mend);
  return hub.fetch(file);
}

/**
 * The tensors in the first of the formats that the model has, whole or in the pieces that an index
 * names.
 */
async function fetchTensors(hub: HubFiles): Promise<HubFile[]> {
  for (const format of formats) {
    const whole = await hub.find(format.whole);
    if (whole) return [await hub.fetch(whole)];
    const index = await hub.find(format.index);
    if (index === undefined) continue;
    const fetched = await hub.fetch(index);
    return [fetched, ...(await fetchPieces(hub, hub.pathOf(fetched)))];
  }
  const known = formats.map(({ whole }) => whole).join(' or ');
  throw hub.absent(known, 'choose a checkpoint that has one');
}

async function fetchPieces(hub: HubFiles, index: string): Promise<HubFile[]> {
  const { weight_map: places } = parseWith(indexSchema, await readJson(index), displayPath(index));
  const files: HubFile[] = [];
  for (const name of [...new Set(Object.values(places))].sort())
    files.push(await fetchNamed(hub, name, `${basename(index)} names it; try again later`));
  return files;
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
