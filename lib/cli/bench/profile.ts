// A row's step by operation, on our side alone: where its time goes.

import { rm } from 'node:fs/promises';
import { formatDuration } from '../../base/format';
import { type OperationProfile } from '../../engine/profile';
import { formatCell, type Table } from '../../report/tables';
import { begin, type CompareOptions, prepare } from './compare';
import { type BenchRow } from './rows';
import { Side, type SideCommand } from './side';

/** What a row's steps took by operation. */
export interface RowProfile {
  readonly row: BenchRow;
  readonly steps: number;
  /** A step's, without recording. */
  readonly seconds: number;
  /** Of all the steps. */
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
  const { ours, folder, reporter } = options;
  const task = reporter.task(row.name, 3, 'stages');
  const sides: Side[] = [];
  const start = (command: SideCommand): Side => {
    const side = new Side(command);
    sides.push(side);
    return side;
  };
  let note = 'failed';
  try {
    await prepare(row, start(ours), folder);
    task.update(1, 'loads');
    const { side, steps } = await begin(row, 'ours', start(ours), options);
    task.update(2, 'steps');
    const seconds = (await side.ask('time', { steps })).seconds / steps;
    const profile = await side.ask('profile', { steps });
    note = `${seconds.toPrecision(3)} s`;
    return { row, steps, seconds, profile };
  } finally {
    task.finish(note);
    await Promise.all(sides.map((side) => side.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** A step by operation, the largest share first; the time in which none ran is among them. */
export function profileTable({ row, steps, seconds, profile }: RowProfile): Table {
  const { operations, scheduling, outside, wallSeconds } = profile;
  const recorded = wallSeconds / steps;
  const idle = (operation: string, share: number) => ({
    operation,
    share,
    count: null,
    milliseconds: 1000 * share * recorded,
  });
  const all = [
    ...operations.map((one) => ({
      operation: one.operation,
      share: one.share,
      count: one.count / steps,
      milliseconds: (1000 * one.seconds) / steps,
    })),
    idle('(between operations)', scheduling),
    idle('(outside TensorFlow)', outside),
  ];
  return {
    id: row.name,
    title: `Where the time goes: ${row.title}`,
    caption: `Of one step, the mean of ${steps}; it takes ${formatDuration(recorded)} while operations are recorded, ${formatDuration(seconds)} otherwise. Shares are of the wall time; a moment in which several operations ran is divided among them. Milliseconds are those of the thread on which an operation ran; others that help it are not counted. What recording adds lies between operations.`,
    columns: [
      { key: 'operation', label: 'Operation' },
      { key: 'share', label: 'Share', format: 'percent' },
      { key: 'count', label: 'Times' },
      { key: 'milliseconds', label: 'Takes', unit: 'ms', format: 'fixed3' },
    ],
    rows: all.toSorted((a, b) => b.share - a.share),
  };
}

/** Operations that a terminal shows. */
const shownOperations = 12;

/** A profile's cells for the terminal, under a header of their own. */
export function terminalProfile(profile: RowProfile): string[][] {
  const { columns, rows } = profileTable(profile);
  const shown = rows
    .slice(0, shownOperations)
    .map((row) => columns.map(({ key, format }) => formatCell(row[key] ?? null, format)));
  const left = rows.length - shown.length;
  return [
    [profile.row.name, 'share', 'times', 'ms a step'],
    ...shown,
    ...(left === 0 ? [] : [[`and ${left} more`]]),
  ];
}
