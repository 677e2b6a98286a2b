import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { summarize } from '../../bench/harness/measurement';
import {
  benchFigure,
  benchTable,
  describePeak,
  growthOf,
  terminalHeader,
  terminalRow,
} from '../../bench/harness/report';
import { type BenchRow, benchRows } from '../../bench/harness/rows';
import { readRows, type StoredRow, storeRow } from '../../bench/harness/store';
import { collectProvenance } from '../../lib/report/provenance';
import { toMarkdown } from '../../lib/report/tables';
import { temporaryFolder } from '../support/command';
import { expectPage } from '../support/page';

const provenance = {
  ...collectProvenance({ item: 'bench', preset: 'full', scale: 'Here.', startedAt: 0 }),
  commit: '0123456789abcdef',
  dirty: false,
};

function stored(name: string, factor = 2): StoredRow {
  const row = benchRows.find((one) => one.name === name);
  if (row === undefined) throw new Error(name);
  const measured = (way: 'ours' | 'eager' | 'compiled', seconds: number, peakBytes: number) => ({
    way,
    steps: 2,
    seconds: [seconds, 1.1 * seconds, 0.9 * seconds],
    peakBytes,
    losses: [1],
  });
  const ways = [
    measured('ours', 1, 1e9),
    measured('eager', factor, 2e9),
    measured('compiled', 2 * factor, 4e9),
  ];
  return {
    measurement: { row, ways: row.peerWays.length === 0 ? ways.slice(0, 1) : ways, missing: [] },
    setting: {
      threads: 2,
      pairs: 3,
      ours: 'native CPU',
      pytorch: 'PyTorch 2.13.0',
      peak: { ours: 4e11, pytorch: 2e11 },
    },
    provenance,
  };
}

describe('the table', () => {
  it('has speed, memory, ratios, targets and verdict of each row', () => {
    const [row] = benchTable([stored('train-17m')]).rows;
    expect(row).toMatchObject({
      work: 'training, 17 M, 8 x 256',
      ours: 2048,
      pytorch: 1024,
      way: 'eager',
      speed: 2,
      speedRange: '2.00 to 2.00',
      speedTarget: 1.7,
      memory: 1,
      memoryPytorch: 2,
      memoryRatio: 0.5,
      memoryTarget: 1.5,
      holds: 'yes',
      commit: '0123456',
    });
    expect(benchTable([stored('train-17m', 1.6)]).rows[0]).toMatchObject({ holds: 'no' });
  });

  it('names the ways that could not be had', () => {
    const { measurement, ...rest } = stored('train-17m');
    const ways = measurement.ways.slice(0, 2);
    const without = { ...measurement, ways, missing: [{ way: 'compiled', why: 'no compiler' }] as const };
    expect(benchTable([{ measurement: without, ...rest }]).rows[0]).toMatchObject({
      way: 'eager, no compiled',
    });
  });

  it('says whose peak the shares are of', () => {
    expect(benchTable([stored('train-17m')]).caption).toContain(
      '400 GFLOP/s ours, 200 GFLOP/s PyTorch: the peak is ours',
    );
    expect(describePeak({ ours: 1e11, pytorch: 2e11 })).toMatch(/shares are of PyTorch’s, 200 GFLOP\/s/);
    expect(describePeak({ ours: 1e11, pytorch: null })).toMatch(/shares are of ours, 100 GFLOP\/s/);
  });

  it('is Markdown for the documentation', () => {
    const text = toMarkdown(benchTable([stored('train-17m'), stored('evaluate-151m-2048')]));
    const lines = text.split('\n').filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
    expect(lines.at(-1)).toContain('–');
  });

  it('has a line for the terminal under its header', () => {
    const { measurement, setting } = stored('evaluate-151m-8192');
    const cells = terminalRow(summarize(measurement, setting.peak));
    expect(cells).toHaveLength(terminalHeader().length);
    expect(cells.slice(3, 5)).toEqual(['2.00 (2.00-2.00)', '1.7, plain 8']);
  });
});

describe('the figure', () => {
  it('has a bar for each row and way, and a dash at each target', () => {
    const figure = benchFigure([stored('train-17m'), stored('decode-1'), stored('evaluate-151m-2048')]);
    const traces = figure?.data as readonly { name: string; y: (number | null)[]; yaxis: string }[];
    const speed = traces.filter(({ yaxis }) => yaxis === 'y');
    expect(speed.map(({ name }) => name)).toEqual([
      'PyTorch, eager',
      'PyTorch, compiled',
      'this workbench',
      'target',
    ]);
    expect(speed.at(-2)?.y).toEqual([2, 2]);
    expect(speed.at(-1)?.y).toEqual([1.7, 1]);
    expect(figure?.alt).toContain('in 2 of them');
  });

  it('says what its page has', async () => {
    const rows = [stored('train-17m'), stored('evaluate-151m-1024')];
    await expectPage('bench', {
      figures: [present(benchFigure(rows), 'figure')],
      tables: [benchTable(rows)],
    });
  });

  it('is not drawn without a peer', () => {
    expect(benchFigure([stored('evaluate-151m-2048')])).toBeUndefined();
  });
});

describe('rows that are kept', () => {
  it('come back as they were, in the order of the table', async () => {
    const folder = temporaryFolder();
    const rows = [stored('train-17m'), stored('evaluate-151m-1024')];
    for (const row of rows) await storeRow(folder, row);
    expect(await readRows(folder)).toEqual(rows.toReversed());
    expect(readdirSync(join(folder, 'rows')).sort()).toEqual(['evaluate-151m-1024.json', 'train-17m.json']);
  });

  it('are left out where the work is another by now', async () => {
    const folder = temporaryFolder();
    const row = stored('train-17m');
    await storeRow(folder, row);
    const { row: now } = row.measurement;
    const changed: BenchRow = { ...now, work: { ...now.work, batch: 9 } };
    expect(await readRows(folder, [changed])).toEqual([]);
    expect(await readRows(folder, [{ ...now, title: 'a better title' }])).toHaveLength(1);
  });

  it('are refused in one line where a file is damaged', async () => {
    const folder = temporaryFolder();
    const path = await storeRow(folder, stored('train-17m'));
    expect(existsSync(path)).toBe(true);
    const whole = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, '{');
    await expect(readRows(folder)).rejects.toThrow(/train-17m\.json: not a measured row.*remove it$/);
    writeFileSync(path, JSON.stringify({ ...whole, ways: [] }));
    await expect(readRows(folder)).rejects.toThrow(/train-17m\.json: not a measured row/);
  });

  it('tell how the cost of evaluation grows', () => {
    const lengths = [1024, 2048, 4096, 8192, 16_384];
    const rows = lengths.map((length) => stored(`evaluate-151m-${length}`));
    expect(growthOf([...rows, stored('evaluate-151m-4096-rope')])?.lengths).toEqual(lengths);
    expect(growthOf(rows.slice(0, 2))).toBeNull();
  });
});
