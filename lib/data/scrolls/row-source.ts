// Rows by number, as a training in shuffled epochs needs them. Only the places of a file's lines
// are held, since NarrativeQA's file has gigabytes: a row is read when it is needed.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DataError } from '../../base/errors';
import { openForReading, readError, sha256 } from '../../base/files';
import { heedStop } from '../../base/interrupt';
import { displayPath } from '../../base/paths';
import { parseRow, type ScrollsRow } from './file';

/** Rows that can be read in any order. */
export interface RowSource {
  /** At least 1. */
  readonly count: number;
  /** SHA-256 of all rows without their groups, which training does not use. */
  readonly sha256: string;
  /** Name in messages: a file, a task. */
  readonly name: string;
  /** The row with a number, from 0 on. */
  readonly row: (index: number) => ScrollsRow | Promise<ScrollsRow>;
}

/** Makes a source of rows in memory. */
export function rowsInMemory(rows: readonly ScrollsRow[], name: string): RowSource {
  const seen = rows.map(({ id, pid, input, output }) => ({ id, pid, input, output }));
  return {
    count: rows.length,
    sha256: sha256(JSON.stringify(seen)),
    name,
    row: (index) => {
      const row = rows[index];
      if (row === undefined) throw new RangeError(`row ${index} of ${rows.length}`);
      return row;
    },
  };
}

/** Place of a line that is not empty. */
interface LinePlace {
  readonly start: number;
  readonly bytes: number;
  /** Its number in the file, from 1 on. */
  readonly number: number;
}

const newline = 0x0a;

/**
 * Opens the rows of a file, found by one pass over it.
 *
 * @param groupOf a row's group by its input; none if left out
 * @throws DataError if there is no such file, or it has no rows; from `row`, if a line is no row
 */
export async function rowsOfFile(path: string, groupOf?: (input: string) => string): Promise<RowSource> {
  const name = displayPath(path);
  const { lines, sha256: checksum } = await scanLines(path);
  if (lines.length === 0) throw new DataError(`${name}: no rows; a file of SCROLLS has one on each line`);
  return {
    count: lines.length,
    sha256: checksum,
    name,
    row: async (index) => {
      const place = lines[index];
      if (place === undefined) throw new RangeError(`row ${index} of ${lines.length}`);
      const where = `${name}:${place.number}`;
      const row = parseRow(decode(await readPlace(path, place), where), where);
      return groupOf === undefined ? row : { ...row, group: groupOf(row.input) };
    },
  };
}

async function scanLines(path: string): Promise<{ lines: LinePlace[]; sha256: string }> {
  const hash = createHash('sha256');
  const lines: LinePlace[] = [];
  let [offset, start, number, blank] = [0, 0, 1, true];
  const end = (at: number): void => {
    if (!blank) lines.push({ start, bytes: at - start, number });
    [start, number, blank] = [at + 1, number + 1, true];
  };
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      await heedStop();
      hash.update(piece);
      for (let at = 0; at < piece.length;) {
        const found = piece.indexOf(newline, at);
        const stop = found < 0 ? piece.length : found;
        blank &&= isBlank(piece, at, stop);
        if (found < 0) break;
        end(offset + found);
        at = found + 1;
      }
      offset += piece.length;
    }
  } catch (error) {
    throw readError(path, error);
  }
  end(offset);
  return { lines, sha256: hash.digest('hex') };
}

/** True if a line has only JSON whitespace; the first byte of a row already differs from that. */
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

async function readPlace(path: string, { start, bytes }: LinePlace): Promise<Buffer> {
  const file = await openForReading(path);
  try {
    const line = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(line, 0, bytes, start);
    if (bytesRead < bytes)
      throw new DataError(`${displayPath(path)}: has become shorter while it was read; start again`);
    return line;
  } finally {
    await file.close();
  }
}

function decode(line: Buffer, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch (error) {
    throw new DataError(`${where}: not UTF-8 text; get the file again`, { cause: error });
  }
}
