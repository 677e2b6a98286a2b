// Checks the files that a command is about to write: none may be an input, under whatever name, and
// an existing one must be of the kind that the command itself writes. Checked before the work
// begins, so that nothing is computed in vain.

import { type BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UsageError } from './errors';
import { checkWritable } from './files';
import { displayPath } from './paths';

/** A file that is about to be written. */
export interface Output {
  readonly path: string;
  /** The kind of content, with its article: `a file of logits`. */
  readonly what: string;
  /** True if the existing file is of this kind, so that it may be replaced. */
  readonly isOwn: (path: string) => boolean | Promise<boolean>;
}

/**
 * Makes sure that files may be written.
 *
 * @param inputs files that are read, or folders whose files are; some may be missing
 * @throws UsageError if an output is an input (by any name, symbolic or hard link), no regular
 *   file, or a file of another kind
 * @throws MachineError if a folder can be neither written nor made
 */
export async function checkOutputs(
  outputs: readonly Output[],
  inputs: readonly string[] = [],
): Promise<void> {
  const read = new Map<string, string>();
  for (const path of (await Promise.all(inputs.map(filesAt))).flat()) {
    const found = await statOf(path);
    if (found !== undefined) read.set(identity(found), path);
  }
  const present: { output: Output; found: BigIntStats }[] = [];
  for (const output of outputs) {
    const found = await statOf(output.path);
    if (found === undefined) continue;
    const input = read.get(identity(found));
    if (input !== undefined) throw refused(output, `is read by this command (${displayPath(input)})`);
    present.push({ output, found });
  }
  for (const { output, found } of present) {
    if (!found.isFile()) throw refused(output, 'is not a file');
    if (!(await output.isOwn(output.path)))
      throw refused(output, `is there already, and is not ${output.what}`);
  }
  for (const folder of new Set(outputs.map(({ path }) => dirname(path)))) await checkWritable(folder);
}

function refused({ path }: Output, why: string): UsageError {
  return new UsageError(`${displayPath(path)}: ${why}; nothing was written, write elsewhere`);
}

/**
 * True if a file begins as JSON of one of these kinds, as exports of this project do: `{"kind":
 * "figure", ...`. A truncated file is still recognized.
 */
export async function isJsonOfKind(path: string, ...kinds: readonly string[]): Promise<boolean> {
  const begin = (await beginOf(path))?.replace(/\s/g, '');
  return kinds
    .map((kind) => `{"kind":"${kind}"`)
    .some((wanted) => begin !== undefined && (begin.startsWith(wanted) || wanted.startsWith(begin)));
}

/** The first bytes of a file, as Latin-1; undefined if it cannot be read. */
async function beginOf(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read({ length: 200 });
    return buffer.toString('latin1', 0, bytesRead);
  } catch {
    return undefined;
  }
}

/** A file, or those in a folder. */
async function filesAt(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => undefined);
  return names?.map((name) => join(path, name)) ?? [path];
}

/**
 * A file's status; undefined without a file. Follows links: what counts is the content that would
 * be lost.
 */
function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

/** Equal for all names of one file. */
function identity({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}
