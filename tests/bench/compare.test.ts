import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { silentReporter } from '../../lib/base/progress';
import { compareRow, type CompareOptions, measurePeak } from '../../bench/harness/compare';
import { describeSide } from '../../bench/harness/launch';
import { type BenchRow, benchRows, type PeerWay, quickRow } from '../../bench/harness/rows';
import { type SideCommand } from '../../bench/harness/side';
import { temporaryFolder } from '../support/command';

interface Plan {
  readonly name: string;
  readonly losses?: readonly number[];
  readonly seconds?: readonly number[];
  readonly peakBytes?: number;
  readonly flops?: number;
  readonly dieAt?: string;
  readonly failAt?: string;
  readonly babbleAt?: string;
  readonly error?: string;
  readonly log?: string;
}

/** A side that answers as planned. */
function fake(plan: Plan): SideCommand {
  const whole = { losses: [3.5], seconds: [1], peakBytes: 1e9, ...plan };
  return {
    name: plan.name,
    command: process.execPath,
    args: [projectPath('tests', 'bench', 'peer.fake.mjs'), JSON.stringify(whole)],
    env: process.env,
  };
}

function rowNamed(name: string): BenchRow {
  const found = benchRows.find((row) => row.name === name);
  if (found === undefined) throw new Error(name);
  return quickRow(found);
}

const row = rowNamed('train-17m');

function options(
  ours: Partial<Plan>,
  peers: Readonly<Partial<Record<PeerWay, Partial<Plan>>>>,
  others: Partial<CompareOptions> = {},
): CompareOptions {
  return {
    ours: fake({ name: 'ours', ...ours }),
    peer: (way) => fake({ name: way, ...peers[way] }),
    folder: join(temporaryFolder(), 'row'),
    pairs: 3,
    seconds: 4,
    reporter: silentReporter,
    ...others,
  };
}

describe('a row', () => {
  it('is measured in pairs, each side with as many steps as fill its time', async () => {
    // The first second is the one that tells how many steps a measurement takes.
    const measured = await compareRow(
      row,
      options(
        { seconds: [0.5, 1, 2, 3], peakBytes: 7 },
        { eager: { seconds: [3, 4, 5, 6] }, compiled: { seconds: [9, 9, 9, 9] } },
      ),
    );
    expect(measured.missing).toEqual([]);
    expect(measured.ways).toEqual([
      { way: 'ours', steps: 8, seconds: [1, 2, 3], peakBytes: 7, losses: [3.5] },
      { way: 'eager', steps: 1, seconds: [4, 5, 6], peakBytes: 1e9, losses: [3.5] },
      { way: 'compiled', steps: 1, seconds: [9, 9, 9], peakBytes: 1e9, losses: [3.5] },
    ]);
  });

  it('is measured in turns, and who was last goes first', async () => {
    const log = join(temporaryFolder(), 'log');
    await compareRow(row, options({ log }, { eager: { log }, compiled: { log } }));
    const asked = readFileSync(log, 'utf8').trim().split('\n');
    const timed = asked.filter((line) => line.endsWith('time')).slice(3);
    expect(timed.map((line) => line.split(' ')[0])).toEqual([
      ...['ours', 'eager', 'compiled'],
      ...['compiled', 'eager', 'ours'],
      ...['ours', 'eager', 'compiled'],
    ]);
    expect(asked.slice(0, 4)).toEqual(['ours prepare', 'ours load', 'ours check', 'ours time']);
  });

  it('is measured without a peer too', async () => {
    const alone = { ...options({}, {}) };
    delete alone.peer;
    expect((await compareRow(row, alone)).ways.map(({ way }) => way)).toEqual(['ours']);
  });

  it('leaves no weights behind, measured or not', async () => {
    const kept = options({}, {});
    await compareRow(row, kept);
    expect(existsSync(kept.folder)).toBe(false);
    const failing = options({ failAt: 'load', error: 'no' }, {});
    await expect(compareRow(row, failing)).rejects.toThrow();
    expect(existsSync(failing.folder)).toBe(false);
  });

  it('is not timed where losses differ by more than 1e-4', async () => {
    const log = join(temporaryFolder(), 'log');
    const peers = { eager: { losses: [3.50011], log } };
    await expect(compareRow(row, options({}, peers))).rejects.toThrow(
      /train-17m: the losses differ by more than 0\.0001: ours 3\.500000; PyTorch, eager: 3\.500110; not timed/,
    );
    expect(readFileSync(log, 'utf8').match(/time/g)).toHaveLength(1);
    await compareRow(row, options({}, { eager: { losses: [3.50009] } }));
  });

  it('is not timed where there are more or fewer losses, or one is no number', async () => {
    for (const losses of [[3.5, 3.5], [Number.NaN]])
      await expect(compareRow(row, options({}, { eager: { losses } }))).rejects.toThrow();
  });

  it('may differ as far as bfloat16 rounds where products are rounded to it', async () => {
    const rounded = rowNamed('train-17m-bfloat16');
    await compareRow(rounded, options({}, { eager: { losses: [3.515] } }));
    await expect(compareRow(rounded, options({}, { eager: { losses: [3.53] } }))).rejects.toThrow(/0\.02/);
  });

  it('goes on without a way that cannot be had, and says so', async () => {
    const notes: string[] = [];
    const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
    const { ways, missing } = await compareRow(
      row,
      options({}, { compiled: { failAt: 'check', error: 'no C++ compiler' } }, { reporter }),
    );
    expect(ways.map(({ way }) => way)).toEqual(['ours', 'eager']);
    expect(missing).toEqual([{ way: 'compiled', why: 'compiled: "check" failed: no C++ compiler' }]);
    expect(notes).toEqual([
      'train-17m: without PyTorch, compiled: compiled: "check" failed: no C++ compiler',
    ]);
  });

  it('fails where no way of the peer’s can be had', async () => {
    const broken = { failAt: 'load', error: 'no memory' };
    await expect(compareRow(row, options({}, { eager: broken, compiled: broken }))).rejects.toThrow(
      'eager: "load" failed: no memory',
    );
  });
});

describe('a side that goes wrong', () => {
  it('is told in one line with its last words when it dies in the middle of a row', async () => {
    const second = fake({ name: 'eager', dieAt: 'memory' });
    await expect(compareRow(row, options({}, {}, { peer: () => second }))).rejects.toThrow(
      /^eager: ended with code 7 at "memory": last words$/,
    );
  });

  it('is told in one line when it cannot be started', async () => {
    const absent = { ...fake({ name: 'PyTorch, eager' }), command: '/nowhere/python' };
    await expect(describeSide(absent)).rejects.toThrow(
      /^PyTorch, eager: could not be started \(.*ENOENT\).*; \/nowhere\/python cannot be used, give --python/,
    );
  });

  it('is told in one line when it answers something else', async () => {
    await expect(compareRow(row, options({ babbleAt: 'check' }, {}))).rejects.toThrow(
      /^ours: answered "check" with what\?$/,
    );
  });
});

describe('the peak', () => {
  it('is the best of each library', async () => {
    const commands = [fake({ name: 'ours', flops: 4e11 }), fake({ name: 'eager', flops: 2e11 })];
    expect(await measurePeak(commands, 64, 2)).toEqual([4e11, 2e11]);
  });
});
