// Stores measured rows, one JSON file each: a suite takes an hour, and finished rows are kept.
// Table and figure are drawn from all rows of a folder, so rows can be measured again one by one.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DataError, messageOf } from '../../lib/base/errors';
import { readTextFile, writeFileAtomic } from '../../lib/base/files';
import { canonicalJson } from '../../lib/base/json';
import { checkOutputs, isJsonOfKind } from '../../lib/base/outputs';
import { displayPath } from '../../lib/base/paths';
import { parseWith } from '../../lib/base/schema';
import { formatJson } from '../../lib/report/json';
import { type Provenance } from '../../lib/report/provenance';
import { type MachinePeak, type RowMeasurement } from './measurement';
import { type BenchRow, benchRows } from './rows';

/** The conditions of a measurement. */
export interface BenchSetting {
  /** Threads of each side. */
  readonly threads: number;
  readonly pairs: number;
  /** Descriptions of both sides; null without a peer. */
  readonly ours: string;
  readonly pytorch: string | null;
  /** Float32 matrix products, measured in the same run. */
  readonly peak: MachinePeak;
}

/** A stored row. */
export interface StoredRow {
  readonly measurement: RowMeasurement;
  readonly setting: BenchSetting;
  readonly provenance: Provenance;
}

const positive = z.number().positive();
const schema = z.object({
  kind: z.literal('bench-row'),
  work: z.unknown(),
  setting: z.object({
    threads: positive,
    pairs: positive,
    ours: z.string(),
    pytorch: z.string().nullable(),
    peak: z.object({ ours: positive, pytorch: positive.nullable() }),
  }),
  ways: z
    .array(
      z.object({
        way: z.enum(['ours', 'eager', 'compiled', 'plain']),
        steps: positive,
        seconds: z.array(positive).min(1),
        peakBytes: positive,
        losses: z.array(z.number()),
      }),
    )
    .refine(([first]) => first?.way === 'ours', { error: 'our side is missing' }),
  missing: z.array(z.object({ way: z.enum(['eager', 'compiled', 'plain']), why: z.string() })),
  provenance: z.custom<Provenance>((value) => typeof value === 'object' && value !== null),
});

const fileOf = (folder: string, name: string): string => join(folder, 'rows', `${name}.json`);

/**
 * Stores a row, replacing an earlier measurement.
 *
 * @throws MachineError if the folder cannot be written
 */
export async function storeRow(
  folder: string,
  { measurement, setting, provenance }: StoredRow,
): Promise<string> {
  const { row, ways, missing } = measurement;
  const path = fileOf(folder, row.name);
  await checkOutputs([{ path, what: 'a measured row', isOwn: (file) => isJsonOfKind(file, 'bench-row') }]);
  const { name, title, work } = row;
  await writeFileAtomic(
    path,
    formatJson({ kind: 'bench-row', name, title, work, setting, ways, missing, provenance }),
  );
  return path;
}

/**
 * Reads the rows of a folder, in the order of the table. A row whose work has changed since it was
 * measured is left out.
 *
 * @param rows the current rows
 * @throws DataError if a file is not a measured row
 */
export async function readRows(folder: string, rows: readonly BenchRow[] = benchRows): Promise<StoredRow[]> {
  const stored: StoredRow[] = [];
  for (const row of rows) {
    const path = fileOf(folder, row.name);
    if (!existsSync(path)) continue;
    const { work, ways, missing, setting, provenance } = await readRow(path);
    if (canonicalJson(work) !== canonicalJson(row.work)) continue;
    stored.push({ measurement: { row, ways, missing }, setting, provenance });
  }
  return stored;
}

async function readRow(path: string): Promise<z.infer<typeof schema>> {
  const text = await readTextFile(path);
  try {
    return parseWith(schema, JSON.parse(text), displayPath(path));
  } catch (error) {
    throw new DataError(`${displayPath(path)}: not a measured row (${messageOf(error)}); remove it`, {
      cause: error,
    });
  }
}
