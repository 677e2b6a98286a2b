// Files of SCROLLS, from their release on the Hugging Face hub (`datasets/tau/scrolls`): one zip
// archive for each task, which is unpacked and deleted. Present files are recognized by size and
// checksum, without the network.

import { join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../base/errors';
import { megabytes } from '../../base/format';
import { displayPath } from '../../base/paths';
import { type Reporter, silentReporter } from '../../base/progress';
import { openHttpClient } from '../io/http';
import { type HubFileOptions, HubFiles } from '../io/hub-files';
import { withLock } from '../io/lock';
import { intactRecord, publish, settle, stagingFolder } from '../io/staging';
import { openZip, type ZipArchive } from '../io/unzip';
import { scrollsFolder } from './prompted-data';
import { rowsOfFile } from './row-source';
import { type ScrollsTaskName } from './tasks';

/** The files of a task. */
export const scrollsSplits = ['train', 'validation', 'test'] as const;

/** Options of a download; every field has a default. */
export interface ScrollsDownloadOptions extends HubFileOptions {
  /** Folder of the files. Default `cache/scrolls/<task>` in the folder of datasets. */
  readonly to?: string;
}

/** A present file, unpacked and read through once. */
export interface ScrollsFile {
  readonly name: string;
  readonly rows: number;
  readonly sha256: string;
}

/** A present task. */
export interface ScrollsDownload {
  readonly task: ScrollsTaskName;
  readonly folder: string;
  /** The commit of the release. */
  readonly revision: string;
  /** SHA-256 of the files' archive. */
  readonly archive: string;
  readonly files: readonly ScrollsFile[];
}

const repository = 'tau/scrolls';
/** Most bytes of a file; NarrativeQA's, the largest, has gigabytes. */
const maxFileBytes = 50e9;

/**
 * Downloads and unpacks a task, unless it is present and correct: of the requested revision, or of
 * any if none is requested. An interrupted download is continued. Present files are replaced only
 * by a revision that has arrived completely and correctly.
 *
 * @throws NetworkError if the hub cannot be reached, or has no such archive
 * @throws DataError if the download does not match its hash, or is not SCROLLS' format
 * @throws MachineError if the disk is full or cannot be written, or another process works on the
 *   task
 */
export async function downloadScrolls(
  task: ScrollsTaskName,
  options: ScrollsDownloadOptions = {},
): Promise<ScrollsDownload> {
  const { environment = process.env, to, reporter = silentReporter } = options;
  const folder = to ?? scrollsFolder(task, environment);
  const name = `${task}.zip`;
  return withLock(join(folder, 'download.lock'), `SCROLLS' ${task}`, async () => {
    await settle(folder);
    const here = await presentDownload(task, folder);
    const isAsked = options.revision === undefined || options.revision === here?.revision;
    if (here !== undefined && isAsked) return here;
    const client = await openHttpClient(options);
    try {
      const hub = new HubFiles({ name: repository, path: `datasets/${repository}`, folder }, client, options);
      const remote = await hub.find(name);
      // A branch or tag may stand for the commit of the present files.
      if (hub.revision === here?.revision) return here;
      if (remote === undefined) throw hub.absent(name, 'try again later, or set a revision that has it');
      const fetched = await hub.fetch(remote);
      const files = await unpack(task, hub.pathOf(fetched), stagingFolder(folder), reporter);
      const record = { task, revision: hub.revision, archive: fetched.sha256, files };
      await publish(folder, record);
      return { ...record, folder };
    } finally {
      await client.close();
    }
  });
}

async function unpack(
  task: ScrollsTaskName,
  path: string,
  folder: string,
  reporter: Reporter,
): Promise<ScrollsFile[]> {
  const archive = await openZip(path);
  try {
    const files: ScrollsFile[] = [];
    for (const split of scrollsSplits) {
      const name = `${split}.jsonl`;
      const to = join(folder, name);
      await extract(archive, entryOf(archive, task, name, path), to, reporter);
      files.push(await checkRows(to, name));
    }
    return files;
  } finally {
    await archive.close();
  }
}

/**
 * The name of a file in the archive: in the release it is in a folder with the task's name, but may
 * also be outside.
 */
function entryOf({ entries }: ZipArchive, task: string, name: string, path: string): string {
  const found = [`${task}/${name}`, name].find((candidate) => entries.has(candidate));
  if (found === undefined)
    throw new DataError(
      `${displayPath(path)}: holds no ${name}; it is not SCROLLS' archive, delete it and get it again`,
    );
  return found;
}

async function extract(archive: ZipArchive, entry: string, to: string, reporter: Reporter): Promise<void> {
  const bytes = archive.entries.get(entry)?.bytes ?? 0;
  const progress = reporter.task(`unpack ${entry}`, megabytes(bytes), 'MB');
  try {
    await archive.extract(entry, to, {
      maxBytes: maxFileBytes,
      onProgress: (done) => {
        progress.update(megabytes(done));
      },
    });
  } finally {
    progress.finish();
  }
}

/** Counts the rows, and reads the first as one of SCROLLS. */
async function checkRows(path: string, name: string): Promise<ScrollsFile> {
  const rows = await rowsOfFile(path);
  await rows.row(0);
  return { name, rows: rows.count, sha256: rows.sha256 };
}

const recordSchema = z.object({
  task: z.string(),
  revision: z.string(),
  archive: z.string(),
  files: z
    .array(
      z.object({
        name: z.enum(scrollsSplits.map((split) => `${split}.jsonl`)),
        rows: z.int(),
        sha256: z.string(),
      }),
    )
    .length(scrollsSplits.length),
});

/** The present download, if it is complete and unchanged. */
async function presentDownload(task: ScrollsTaskName, folder: string): Promise<ScrollsDownload | undefined> {
  const record = await intactRecord(folder, recordSchema.extend({ task: z.literal(task) }));
  return record && { ...record, folder };
}
