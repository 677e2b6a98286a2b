import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { drawNeedle } from '../../../lib/experiments/items/needle/draw';
import { type NeedleRun, type NeedlesByLength } from '../../../lib/experiments/items/needle/runs';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { readFigure } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const lengths = [128, 512];
const depths = [0, 0.5, 1];

function found() {
  const { centre, low, high } = some.range();
  // Of a prime number of trials, so that no share lies between two rounded ones.
  return { successes: Math.round(997 * centre), trials: 997, share: centre, low, high };
}

function asked(): NeedlesByLength[] {
  return lengths.map((length) => ({
    length,
    byDepth: depths.map((depth) => ({ depth, distance: Math.round((1 - depth) * length), found: found() })),
  }));
}

function run(encoding: string, withYarn: NeedlesByLength[] | null): NeedleRun {
  return {
    encoding,
    hiddenSize: 8,
    seed: 1,
    byLength: asked(),
    withYarn,
    parameters: some.count(),
    curve: some.curve(),
    tokensPerSecond: some.count(),
    seconds: some.count(),
  };
}

const runs = [run('bipe_rope', null), run('rope', asked()), run('none', null)];
const drawing = drawNeedle({ runs }, { trainLength: 128, facts: 1 });
const readers = [
  ['BiPE-RoPE', runs[0]?.byLength],
  ['RoPE', runs[1]?.byLength],
  ['RoPE with YaRN', runs[1]?.withYarn],
  ['NoPE', runs[2]?.byLength],
] as const;

describe('facts found, read back', () => {
  it('says what its page has', () => expectPage('needle', drawing));

  it('shows a map of depth by length for each encoding', () => {
    const [maps] = drawing.figures;
    const traces = present(maps, 'figure').data.filter(({ type }) => type === 'heatmap') as unknown as {
      readonly z: number[][];
      readonly text: string[][];
    }[];
    expect(readFigure(present(maps, 'figure')).panels.map(({ title }) => title)).toEqual(
      readers.map(([name]) => name),
    );
    readers.forEach(([, byLength], panel) => {
      depths.forEach((_, place) => {
        lengths.forEach((_length, column) => {
          const entry = present(byLength?.[column]?.byDepth[place], 'depth').found;
          const share = entry.successes / entry.trials;
          expect(traces[panel]?.z[place]?.[column]).toBeCloseTo(share, 12);
          expect(traces[panel]?.text[place]?.[column]).toBe((100 * share).toFixed(0));
        });
      });
    });
  });

  it('has the shares of each length, and of facts farther back, in the table', () => {
    const [table] = drawing.tables;
    const records = recordsOf(readTable(present(table, 'table')));
    records.forEach((record, row) => {
      const [name, byLength] = present(readers[row], 'reader');
      const shareOf = (some: readonly { found: { successes: number; trials: number } }[]): number =>
        some.reduce((sum, one) => sum + one.found.successes, 0) /
        some.reduce((sum, one) => sum + one.found.trials, 0);
      const [short, long] = lengths.map((_, column) => present(byLength?.[column], 'length').byDepth);
      expect(record['Encoding']).toBe(name);
      expect(String(record['128 tokens'])).toContain(cells.percent(shareOf(short ?? [])));
      expect(String(record['512 tokens'])).toContain(cells.percent(shareOf(long ?? [])));
      expect(String(record['Farther back'])).toContain(cells.percent(shareOf((long ?? []).slice(0, 2))));
    });
    expect(records).toHaveLength(readers.length);
  });
});
