// Data for finetuning and evaluation, as JSON: a quick task and the options of its rows, or a task
// of SCROLLS and the folder of its files.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { bipe } from '../../base/command';
import { DataError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { displayPath, projectRoot } from '../../base/paths';
import { countUpTo } from '../../base/schema';
import { datasetsFolder } from '../sources/registry';
import { settle } from '../io/staging';
import { quickChapters, quickRows, quickTasks } from './quick';
import { rowsInMemory, type RowSource, rowsOfFile } from './row-source';
import { documentOf, scrollsTasks, type ScrollsTaskName } from './tasks';

/** Rows for training, or for evaluation. The outputs of SCROLLS' test files are not public. */
export type PromptedSplit = 'train' | 'validation';

const namesOf = <Name extends string>(tasks: Readonly<Record<Name, unknown>>): Name[] =>
  Object.keys(tasks) as Name[];

/** Checks a description of data; `quickRows` checks relations between fields. */
export const promptedDataSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      /** A quick task, made from the bundled books: `QuickOptions`. */
      kind: z.literal('quick'),
      task: z.enum(namesOf(quickTasks)),
      documentLength: z.int().min(100),
      perChapter: countUpTo(10_000),
      validationShare: z.number().positive().lt(1).exactOptional(),
      seed: z.int().min(0).default(0),
    })
    .readonly(),
  z
    .strictObject({
      /** A task of SCROLLS, read from its files. */
      kind: z.literal('scrolls'),
      task: z.enum(namesOf(scrollsTasks)),
      /**
       * Folder of `train.jsonl` and `validation.jsonl`; a relative path counts from the
       * repository's root. Default: the folder of downloads.
       */
      folder: z.string().min(1).exactOptional(),
    })
    .readonly(),
]);

/** A quick task, or a task of SCROLLS. */
export type PromptedData = z.infer<typeof promptedDataSchema>;

/** Folder to which a task is downloaded. */
export function scrollsFolder(task: ScrollsTaskName, environment?: NodeJS.ProcessEnv): string {
  return join(datasetsFolder(environment), 'cache', 'scrolls', task);
}

/**
 * Opens the rows of one split, each with its group: that of a quick task's chapter, or of a
 * document of SCROLLS, named by a hash of its text, since files have no other name.
 *
 * @throws DataError if the files are missing or have no rows
 * @throws ConfigError if the options of a quick task leave a split empty
 */
export async function openPromptedRows(data: PromptedData, split: PromptedSplit): Promise<RowSource> {
  if (data.kind === 'quick') {
    const { task, ...options } = data;
    return rowsInMemory(
      quickRows(task, await quickChapters(), options)[split],
      `quick task ${task}, ${split}`,
    );
  }
  const folder = data.folder === undefined ? scrollsFolder(data.task) : resolve(projectRoot, data.folder);
  await settle(folder);
  const path = join(folder, `${split}.jsonl`);
  if (!existsSync(path))
    throw new DataError(
      `${displayPath(path)}: no such file; get it by: ${bipe(`data scrolls ${data.task}`)}`,
    );
  return rowsOfFile(path, (input) => sha256(documentOf(data.task, input)).slice(0, 16));
}
