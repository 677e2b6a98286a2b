// One row: every side in a process of its own, the same weights and tokens, losses compared, then
// timed in turns.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MachineError, messageOf } from '../../lib/base/errors';
import { makeFolder } from '../../lib/base/files';
import { type Reporter } from '../../lib/base/progress';
import { type RowMeasurement, spreadOf, type Way, type WayMeasurement } from './measurement';
import { type BenchRow, type PeerWay } from './rows';
import { jobFor, Side, type SideCommand } from './side';

/** Who runs, and how long. */
export interface CompareOptions {
  readonly ours: SideCommand;
  /** The peer's process for one of its ways; left out: ours alone. */
  readonly peer?: (way: PeerWay) => SideCommand;
  /** Where weights and ids are written, and removed at the end. */
  readonly folder: string;
  readonly pairs: number;
  /** What one measurement takes, at least one step. */
  readonly seconds: number;
  readonly reporter: Reporter;
}

/** How far losses may differ: float32, and bfloat16, whose products have 8 bits. */
const lossTolerance = { float32: 1e-4, bfloat16: 2e-2 } as const;

/** A side that has loaded the row, and what it has measured. */
export interface Participant {
  readonly way: Way;
  readonly side: Side;
  readonly losses: readonly number[];
  readonly steps: number;
  readonly seconds: number[];
}

/**
 * Measures a row. A way of the peer's that does not start, such as a compiled one without a
 * compiler, is left out and named; if none is left, that is an error.
 *
 * @throws MachineError if a side fails, or the losses differ by more than the tolerance
 */
export async function compareRow(row: BenchRow, options: CompareOptions): Promise<RowMeasurement> {
  const { reporter, pairs, folder } = options;
  const ways = options.peer === undefined ? [] : row.peerWays;
  const task = reporter.task(row.name, pairs + ways.length + 2, 'stages');
  const sides: Side[] = [];
  const start = (command: SideCommand): Side => {
    const side = new Side(command);
    sides.push(side);
    return side;
  };
  let note = 'failed';
  try {
    await prepare(row, start(options.ours), folder);
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
      // Who was last goes first, so that a drift of the machine favours nobody.
      const turn = pair % 2 === 0 ? participants : participants.toReversed();
      for (const { side, steps, seconds } of turn)
        seconds.push((await side.ask('time', { steps })).seconds / steps);
    }
    const measured: WayMeasurement[] = [];
    for (const { way, side, steps, seconds, losses } of participants) {
      const { peakBytes } = await side.ask('memory', {});
      measured.push({ way, steps, seconds, losses, peakBytes });
    }
    note = measured
      .map(({ way, seconds }) => `${way} ${spreadOf(seconds).median.toPrecision(3)} s`)
      .join(', ');
    return { row, ways: measured, missing };
  } finally {
    task.finish(note);
    await Promise.all(sides.map((side) => side.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the row's weights and ids to the folder; the side ends with it. */
export async function prepare({ work }: BenchRow, side: Side, folder: string): Promise<void> {
  await makeFolder(folder);
  await side.ask('prepare', { folder, job: jobFor(work, 'ours') });
  await side.close();
}

/** Loads, computes the losses, which warms up, and finds out how many steps a measurement takes. */
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

/** The operations a second of matrix products, measured in turns: the best of each. */
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

/** Where a row's weights and ids lie while it runs. */
export function rowFolder(parent: string, { name }: BenchRow): string {
  return join(parent, `${name}-${process.pid}`);
}
