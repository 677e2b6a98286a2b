import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { temporaryFolder } from '../support/command';
import { pythonWith } from '../support/python';

/** What the script says of a file of the gallery. */
interface Recomputed {
  readonly file: string;
  readonly findings: number;
  readonly judged: number;
  readonly numbers: number;
  readonly unknown: readonly string[];
  readonly wrong: readonly string[];
  readonly onlySaid: readonly string[];
}

/** The parts of a published file that are changed here. */
interface Published {
  findings: { claim: string; holds: boolean | null; measured: string }[];
  tables: { rows: Record<string, unknown>[] }[];
}

const python = pythonWith('numpy');

function recompute(folder: string): {
  readonly items: readonly Recomputed[];
  readonly status: number | null;
} {
  const script = projectPath('tests', 'gallery', 'recompute.py');
  const run = spawnSync(python ?? 'python3', ['-B', script, folder], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return { ...(JSON.parse(run.stdout) as { items: readonly Recomputed[] }), status: run.status };
}

/** A copy of the gallery with something changed in each of its files. */
function changedGallery(change: (published: Published) => void): string {
  const [from, to] = [projectPath('figures'), temporaryFolder()];
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!/^[a-z]+[\\/][^\\/]+\.json$/.test(name)) continue;
    const published = JSON.parse(readFileSync(join(from, name), 'utf8')) as Published;
    change(published);
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), JSON.stringify(published));
  }
  return to;
}

describe.skipIf(python === undefined)('an independent recomputation of the gallery', () => {
  it('agrees with every published finding, and has a recipe for each', () => {
    const { items, status } = recompute(projectPath('figures'));
    expect(items.flatMap(({ file, wrong }) => wrong.map((one) => `${file}: ${one}`))).toEqual([]);
    expect(items.flatMap(({ file, unknown }) => unknown.map((one) => `${file}: ${one}`))).toEqual([]);
    for (const { file, findings, judged } of items) expect([file, judged]).toEqual([file, findings]);
    expect(status).toBe(0);
  });

  it('finds every verdict that is another, where rounding leaves no doubt', () => {
    const folder = changedGallery(({ findings }) => {
      for (const finding of findings) finding.holds = finding.holds === true ? false : true;
    });
    for (const { file, findings, wrong, onlySaid } of recompute(folder).items) {
      const doubted = onlySaid.filter((one) => one.includes(' the verdict: an end is at the bound')).length;
      const said = onlySaid.filter((one) => one.includes(' errors by scale')).length;
      const found = wrong.filter((one) => one.includes(': verdict: says ')).length;
      expect([file, found]).toEqual([file, findings - doubted - said]);
    }
  });

  it('finds tables whose numbers are others than the findings say', () => {
    const folder = changedGallery(({ tables }) => {
      for (const { rows } of tables)
        for (const row of rows)
          for (const [key, value] of Object.entries(row))
            if (typeof value === 'number' && !Number.isInteger(value)) row[key] = value * 1.05;
    });
    const { items, status } = recompute(folder);
    expect(status).toBe(1);
    const isMeasured = /fig3|fig4|fig5|table-normal|table-ablation|attention|lemma|trained/;
    const measured = items.filter(({ file }) => isMeasured.test(file));
    expect(measured.length).toBeGreaterThan(10);
    for (const { file, wrong } of measured) expect([file, wrong.length > 0]).toEqual([file, true]);
  });
});
