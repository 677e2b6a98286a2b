// Files of SCROLLS: JSON lines, a row for each pair of input and output. Instances with several
// references are several rows with the same id. NarrativeQA's training file has gigabytes, so rows
// are read one at a time.

import { z } from 'zod';
import { ConfigError, DataError, messageOf } from '../../base/errors';
import { readTextLines } from '../../base/files';
import { heedStop } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { parseWith } from '../../base/schema';

/** A line of a file: an example for training. */
export interface ScrollsRow {
  /** Id of the instance; shared by the rows that differ in their output alone. */
  readonly id: string;
  /** Id of the pair of input and output. */
  readonly pid: string;
  /** The query, if the task has one, an empty line, and the document. */
  readonly input: string;
  /** null in the test files, whose outputs are not public. */
  readonly output: string | null;
  /**
   * Group of rows that are not independent of each other: those of one chapter, or of one document.
   * Files do not contain it; it is found where rows are made or a file's task is known. A row
   * without one is independent.
   */
  readonly group?: string;
}

/** A question with all its reference answers: an example for evaluation. */
export interface ScrollsInstance {
  readonly id: string;
  readonly input: string;
  /** In the order of the rows; none in a test file. */
  readonly references: readonly string[];
}

/** A row; further fields, such as QuALITY's `is_hard`, are ignored. */
const rowSchema = z.object({
  id: z.string().min(1),
  pid: z.string().min(1),
  input: z.string().min(1),
  output: z.string().nullable().default(null),
});

/**
 * Reads the rows of a file, one at a time. Empty lines are skipped.
 *
 * @throws DataError naming file and line: no JSON, a field that is missing or no text; or the file,
 *   if it is missing or not UTF-8
 */
export async function* readScrollsRows(path: string): AsyncGenerator<ScrollsRow> {
  let number = 0;
  for await (const line of readTextLines(path, () => 'not UTF-8 text; get the file again')) {
    await heedStop();
    number += 1;
    if (line.trim() !== '') yield parseRow(line, `${displayPath(path)}:${number}`);
  }
}

/**
 * Groups rows to instances, in the order of their first rows. As in the official evaluator, the
 * first row's input counts.
 */
export async function groupScrollsRows(
  rows: AsyncIterable<ScrollsRow> | Iterable<ScrollsRow>,
): Promise<ScrollsInstance[]> {
  const instances = new Map<string, { id: string; input: string; references: string[] }>();
  for await (const { id, input, output } of rows) {
    const instance = instances.get(id) ?? { id, input, references: [] };
    if (output !== null) instance.references.push(output);
    instances.set(id, instance);
  }
  return [...instances.values()];
}

/**
 * Reads the instances of a file.
 *
 * @throws DataError as `readScrollsRows`, or if there are none
 */
export async function readScrollsInstances(path: string): Promise<ScrollsInstance[]> {
  const instances = await groupScrollsRows(readScrollsRows(path));
  if (instances.length === 0)
    throw new DataError(`${displayPath(path)}: no rows; a file of SCROLLS has one on each line`);
  return instances;
}

/**
 * Parses the row on a line.
 *
 * @param where first words of the message: file and line
 * @throws DataError if it is none
 */
export function parseRow(line: string, where: string): ScrollsRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DataError(`${where}: not JSON (${messageOf(error).replace(/\s+/g, ' ')}); get the file again`, {
      cause: error,
    });
  }
  try {
    return parseWith(rowSchema, value, where);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new DataError(
      `${error.message}; a row of SCROLLS is {"id": "...", "pid": "...", "input": "...", "output": "..."}`,
      { cause: error },
    );
  }
}
