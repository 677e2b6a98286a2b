// Files that belong together, such as those of one revision: what arrives gathers in a folder
// beside those that are here, and takes their place once all of it is right. What is here is thus
// one revision or the other, also after a crash in between: the record that lists the files is the
// last to arrive, and from then on whoever looks finishes what was begun.

import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../base/errors';
import { writeError, writeFileAtomic } from '../../base/files';
import { jsonOrUndefined } from '../../base/json';

/** The record of what is in a folder. */
export const recordName = 'download.json';

/** The name of a file beside its record: nothing that leads out of the folder. */
export const fileNameSchema = z.string().regex(/^[\w-][\w.-]*$/);

const recordSchema = z.looseObject({ files: z.array(z.looseObject({ name: fileNameSchema })) });

/** What a record has at least. */
export interface RecordOfFiles extends Readonly<Record<string, unknown>> {
  readonly files: readonly { readonly name: string }[];
}

/** Where files of a folder gather before they are in it. */
export function stagingFolder(folder: string): string {
  return join(folder, 'download.partial');
}

/**
 * Lets the files that a record lists take their place: those in the staging folder, and those that
 * are here already. Files of the record before that this one does not list are removed.
 *
 * @throws MachineError if the disk is full or cannot be written
 */
export async function publish(folder: string, record: RecordOfFiles): Promise<void> {
  await writeFileAtomic(join(stagingFolder(folder), recordName), `${JSON.stringify(record, null, 2)}\n`);
  await settle(folder);
}

/**
 * Finishes what a process that was killed had begun to publish; else does nothing. To be called
 * before the files of a folder are read.
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

async function listedFiles(folder: string): Promise<string[] | undefined> {
  const text = await readFile(join(folder, recordName), 'utf8').catch(() => '');
  const record = recordSchema.safeParse(jsonOrUndefined(text));
  return record.success ? record.data.files.map(({ name }) => name) : undefined;
}

async function moveIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
