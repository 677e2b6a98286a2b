// Replaces files that belong together, such as those of one revision. They are collected in a
// folder beside the present ones, and take their place once all are correct. So the present files
// are of one revision or the other, even after a crash: the record that lists the files arrives
// last, and from then on every reader finishes the replacement.

import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../base/errors';
import { sha256File, writeError, writeFileAtomic } from '../../base/files';
import { jsonOrUndefined } from '../../base/json';

/** Name of the record of a folder's files. */
export const recordName = 'download.json';

/** A file's name beside its record: it cannot lead out of the folder. */
export const fileNameSchema = z.string().regex(/^[\w-][\w.-]*$/);

const recordSchema = z.looseObject({ files: z.array(z.looseObject({ name: fileNameSchema })) });

/** Fields that every record has. */
export interface RecordOfFiles extends Readonly<Record<string, unknown>> {
  readonly files: readonly { readonly name: string }[];
}

/** The staging folder of a folder. */
export function stagingFolder(folder: string): string {
  return join(folder, 'download.partial');
}

/**
 * Publishes the files that a record lists: those in the staging folder, and those already present.
 * Files of the previous record that this one does not list are removed.
 *
 * @throws MachineError if the disk is full or cannot be written
 */
export async function publish(folder: string, record: RecordOfFiles): Promise<void> {
  await writeFileAtomic(join(stagingFolder(folder), recordName), `${JSON.stringify(record, null, 2)}\n`);
  await settle(folder);
}

/**
 * Finishes the publication of a process that was killed, if any. To be called before the files of a
 * folder are read.
 *
 * @throws MachineError if the folder cannot be written
 */
export async function settle(folder: string): Promise<void> {
  const staging = stagingFolder(folder);
  const listed = await listedFiles(staging);
  if (listed === undefined) return;
  try {
    const kept = new Set([...listed, recordName]);
    for (const name of await readdir(staging))
      if (!kept.has(name)) await rm(join(staging, name), { recursive: true, force: true });
    for (const name of (await listedFiles(folder)) ?? [])
      if (!kept.has(name)) await rm(join(folder, name), { force: true });
    for (const name of kept) await moveIfThere(join(staging, name), join(folder, name));
    await rm(staging, { recursive: true, force: true });
  } catch (error) {
    throw writeError(folder, error);
  }
}

/**
 * The record of a folder, if it fits the schema and each of its files still has its checksum.
 */
export async function intactRecord<
  T extends { readonly files: readonly { readonly name: string; readonly sha256: string }[] },
>(folder: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const record = await readRecord(folder, schema);
  for (const { name, sha256 } of record?.files ?? []) {
    const path = join(folder, name);
    if (!existsSync(path) || (await sha256File(path)) !== sha256) return undefined;
  }
  return record;
}

async function listedFiles(folder: string): Promise<string[] | undefined> {
  return (await readRecord(folder, recordSchema))?.files.map(({ name }) => name);
}

async function readRecord<T>(folder: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(join(folder, recordName), 'utf8').catch(() => '');
  return schema.safeParse(jsonOrUndefined(text)).data;
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
