// Measures a row: each side in a process of its own, with the same weights and tokens. Losses are
// compared first, then steps are timed in alternation.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MachineError, messageOf } from '../../lib/base/errors';
import { makeFolder } from '../../lib/base/files';
import { type ProgressTask, type Reporter } from '../../lib/base/progress';
import { type RowMeasurement, spreadOf, type Way, type WayMeasurement } from './measurement';
import { type BenchRow, type PeerWay } from './rows';
import { jobFor, Side, type SideCommand } from './side';

/** The sides, and how long to measure. */
export interface CompareOptions {
  readonly ours: SideCommand;
  /** The peer's process for one of its ways; absent to measure ours alone. */
  readonly peer?: (way: PeerWay) => SideCommand;
  /** The folder of weights and ids, which is removed at the end. */
  readonly folder: string;
  readonly pairs: number;
  /** Duration of one measurement, which takes at least one step. */
  readonly seconds: number;
  readonly reporter: Reporter;
}

/** Largest difference of losses, by the products' type; bfloat16 has 8 bits. */
const lossTolerance = { float32: 1e-4, bfloat16: 2e-2 } as const;

/** A side that has loaded the row, and its measurements. */
export interface Participant {
  readonly way: Way;
  readonly side: Side;
  readonly losses: readonly number[];
  readonly steps: number;
  readonly seconds: number[];
}

/**
 * Measures a row. If a way of the peer fails to start, such as `compiled` without a compiler, it is
 * left out and named; if none is left, that is an error.
 *
 * @throws MachineError if a side fails, or the losses differ by more than the tolerance
 */
export async function compareRow(row: BenchRow, options: CompareOptions): Promise<RowMeasurement> {
  const { reporter, pairs } = options;
  const ways = options.peer === undefined ? [] : row.peerWays;
  return await withSides(row, options, pairs + ways.length + 2, async (start, task) => {
    task.update(1, 'ours loads');
    const ours = await begin(row, 'ours', start(options.ours), options);
    const participants = [ours];
    const missing: { way: PeerWay; why: string }[] = [];
    for (const way of ways) {
      if (options.peer === undefined) break;
      task.update(1 + participants.length + missing.length, `PyTorch loads, ${way}`);
      const side = start(options.peer(way));
      try {
        participants.push(await begin(row, way, side, options));
      } catch (error) {
        await side.close();
        missing.push({ way, why: messageOf(error) });
      }
    }
    const [firstMissing] = missing;
    if (firstMissing !== undefined && participants.length === 1) throw new MachineError(firstMissing.why);
    for (const { way, why } of missing) reporter.note(`${row.name}: without PyTorch, ${way}: ${why}`);
    for (const participant of participants) compareLosses(row, ours, participant);
    for (let pair = 0; pair < pairs; pair += 1) {
      task.update(ways.length + 2 + pair, `pair ${pair + 1}`);
      // The order alternates, so that a drift of the machine favours no side.
      const turn = pair % 2 === 0 ? participants : participants.toReversed();
      for (const { side, steps, seconds } of turn)
        seconds.push((await side.ask('time', { steps })).seconds / steps);
    }
    const measured: WayMeasurement[] = [];
    for (const { way, side, steps, seconds, losses } of participants) {
      const { peakBytes } = await side.ask('memory', {});
      measured.push({ way, steps, seconds, losses, peakBytes });
    }
    const note = measured
      .map(({ way, seconds }) => `${way} ${spreadOf(seconds).median.toPrecision(3)} s`)
      .join(', ');
    return { result: { row, ways: measured, missing }, note };
  });
}

/**
 * Prepares a row's weights and ids, and works on it. All sides that `start` has started are closed
 * at the end, and the row's folder is removed.
 *
 * @param work returns its result and a note for the progress line
 */
export async function withSides<T>(
  row: BenchRow,
  { ours, folder, reporter }: Pick<CompareOptions, 'ours' | 'folder' | 'reporter'>,
  stages: number,
  work: (
    start: (command: SideCommand) => Side,
    task: ProgressTask,
  ) => Promise<{ readonly result: T; readonly note: string }>,
): Promise<T> {
  const task = reporter.task(row.name, stages, 'stages');
  const sides: Side[] = [];
  const start = (command: SideCommand): Side => {
    const side = new Side(command);
    sides.push(side);
    return side;
  };
  let end = 'failed';
  try {
    await makeFolder(folder);
    const preparing = start(ours);
    await preparing.ask('prepare', { folder, job: jobFor(row.work, 'ours') });
    await preparing.close();
    const { result, note } = await work(start, task);
    end = note;
    return result;
  } finally {
    task.finish(end);
    await Promise.all(sides.map((side) => side.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Loads a row, computes the losses, which warms up, and counts the steps of a measurement. */
export async function begin(
  { work }: BenchRow,
  way: Way,
  side: Side,
  { folder, seconds: wanted }: Pick<CompareOptions, 'folder' | 'seconds'>,
): Promise<Participant> {
  await side.ask('load', { folder, job: jobFor(work, way) });
  const { losses } = await side.ask('check', {});
  const { seconds } = await side.ask('time', { steps: 1 });
  const numbers = losses.map((loss) => loss ?? Number.NaN);
  return { way, side, losses: numbers, steps: Math.max(1, Math.round(wanted / seconds)), seconds: [] };
}

function compareLosses({ name, work }: BenchRow, ours: Participant, other: Participant): void {
  const tolerance = lossTolerance[work.products];
  const agree =
    ours.losses.length === other.losses.length &&
    ours.losses.every((loss, index) => Math.abs(loss - (other.losses[index] ?? Number.NaN)) <= tolerance);
  if (agree) return;
  const list = (losses: readonly number[]): string => losses.map((loss) => loss.toFixed(6)).join(', ');
  throw new MachineError(
    `${name}: the losses differ by more than ${tolerance}: ours ${list(ours.losses)}; PyTorch, ${other.way}: ${list(other.losses)}; not timed`,
  );
}

/** Measures the matrix products of each side in alternation: the best operations a second. */
export async function measurePeak(
  commands: readonly SideCommand[],
  size: number,
  rounds: number,
): Promise<readonly number[]> {
  const best = commands.map(() => 0);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      const side = new Side(command);
      try {
        best[index] = Math.max(best[index] ?? 0, (await side.ask('peak', { size })).flops);
      } finally {
        await side.close();
      }
    }
  }
  return best;
}

/** The folder of a row's weights and ids while it runs. */
export function rowFolder(parent: string, { name }: BenchRow): string {
  return join(parent, `${name}-${process.pid}`);
}
