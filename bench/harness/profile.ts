// Profiles a row's step by operation, on our side alone.

import { formatDuration } from '../../lib/base/format';
import { type OperationProfile, type RunTime } from '../../lib/engine/profile';
import { type Column, formatCell, type Table } from '../../lib/report/tables';
import { begin, type CompareOptions, withSides } from './compare';
import { type BenchRow } from './rows';

/** The profile of a row's steps. */
export interface RowProfile {
  readonly row: BenchRow;
  readonly steps: number;
  /** Seconds a step, without recording. */
  readonly seconds: number;
  /** The profile of all steps together. */
  readonly profile: OperationProfile;
}

/**
 * Runs a row's steps, then runs them again and records their operations.
 *
 * @throws MachineError if our side fails
 */
export async function profileRow(
  row: BenchRow,
  options: Pick<CompareOptions, 'ours' | 'folder' | 'seconds' | 'reporter'>,
): Promise<RowProfile> {
  return await withSides(row, options, 3, async (start, task) => {
    task.update(1, 'loads');
    const { side, steps } = await begin(row, 'ours', start(options.ours), options);
    task.update(2, 'steps');
    const seconds = (await side.ask('time', { steps })).seconds / steps;
    const profile = await side.ask('profile', { steps });
    return { result: { row, steps, seconds, profile }, note: `${seconds.toPrecision(3)} s` };
  });
}

const columns: readonly Column[] = [
  { key: 'operation', label: 'Operation' },
  { key: 'share', label: 'Share', format: 'percent' },
  { key: 'count', label: 'Times' },
  { key: 'milliseconds', label: 'Takes', unit: 'ms', format: 'fixed3' },
];

/** A step by operation, the largest share first, with the time in which no operation ran. */
export function profileTable(rowProfile: RowProfile): Table {
  const { row, steps, profile } = rowProfile;
  const { operations, scheduling, outside, wallSeconds } = profile;
  const idle = (operation: string, share: number) => ({
    operation,
    share,
    count: null,
    milliseconds: (1000 * share * wallSeconds) / steps,
  });
  const all = [
    ...operations.map((one) => ({ operation: one.operation, ...perStep(one, steps) })),
    idle('(between operations)', scheduling),
    idle('(outside TensorFlow)', outside),
  ];
  return {
    id: row.name,
    title: `Where the time goes: ${row.title}`,
    caption: captionOf(rowProfile),
    columns,
    rows: all.toSorted((a, b) => b.share - a.share),
  };
}

/** Most rows of the table by inputs. */
const largestInputs = 30;

/** The largest shares by operation and its inputs. */
export function inputsTable(rowProfile: RowProfile): Table {
  const { row, steps, profile } = rowProfile;
  const all = profile.operations.flatMap(({ operation, byInputs }) =>
    byInputs.map((one) => ({ operation, inputs: one.inputs, ...perStep(one, steps) })),
  );
  return {
    id: `${row.name}-inputs`,
    title: `Where the time goes, by inputs: ${row.title}`,
    caption: captionOf(rowProfile),
    columns: [...columns, { key: 'inputs', label: 'Inputs' }],
    rows: all.toSorted((a, b) => b.share - a.share).slice(0, largestInputs),
  };
}

function perStep({ share, count, seconds }: RunTime, steps: number) {
  return { share, count: count / steps, milliseconds: (1000 * seconds) / steps };
}

function captionOf({ steps, seconds, profile }: RowProfile): string {
  return `One step, the mean of ${steps}. It takes ${formatDuration(profile.wallSeconds / steps)} while operations are recorded, ${formatDuration(seconds)} otherwise. Shares are of wall time; operations that run at the same time share it equally. Milliseconds are those of an operation’s own thread, without its helpers. The time that recording adds counts as between operations.`;
}

/** Lines of each table shown in the terminal. */
const shownLines = 12;

/** A profile's cells for the terminal: by operation, then by inputs. */
export function terminalProfile(profile: RowProfile): string[][][] {
  return [profileTable(profile), inputsTable(profile)].map((table) => [
    [table.id, 'share', 'times', 'ms a step'],
    ...table.rows
      .slice(0, shownLines)
      .map((row) => table.columns.map(({ key, format }) => formatCell(row[key] ?? null, format))),
  ]);
}
