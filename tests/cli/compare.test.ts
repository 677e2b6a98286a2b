import { describe, expect, it, vi } from 'vitest';
import { bipe } from '../../lib/base/command';
import { DifferenceError, NotRunError } from '../../lib/base/errors';
import { createProgram } from '../../lib/cli/main';
import { items } from '../../lib/experiments/registry';
import { referenceOf } from '../../lib/experiments/run/reference';
import { compareWith } from '../../lib/experiments/run/compare';
import { silentReporter } from '../../lib/base/progress';

async function printed(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    await createProgram().parseAsync(['compare', ...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return lines.join('');
}

describe('bipe compare', () => {
  it('says that a finished run has the numbers of the gallery, and names what was not run', async () => {
    await items.fig2.execute({ preset: 'quick', reporter: silentReporter });
    const execute = vi.spyOn(items.fig4, 'execute').mockRejectedValue(new NotRunError('fig4: no run'));
    const [first, second] = (await printed('fig2', 'fig4')).split('\n');
    execute.mockRestore();
    expect(first).toMatch(/^fig2 \(quick\) = the reference \(commit \w+\): all 80 entries are the same$/);
    expect(second).toBe(`fig4 (quick): not run yet; ${bipe('reproduce fig4')}`);
    const [summary] = JSON.parse(await printed('fig2', '--json')) as { agreement: string }[];
    expect(summary?.agreement).toBe('the same');
  });

  it('ends with 1 where something is different', async () => {
    const report = await items.fig2.execute({ preset: 'quick', reporter: silentReporter });
    const [table] = report.tables;
    const other = table === undefined ? [] : [{ ...table, rows: table.rows.slice(1) }];
    const comparison = compareWith(report, referenceOf({ ...report, tables: other }));
    const execute = vi.spyOn(items.fig2, 'execute').mockResolvedValue({ ...report, comparison });
    const run = printed('fig2');
    await expect(run).rejects.toThrow(DifferenceError);
    await expect(run).rejects.toMatchObject({ exitCode: 1 });
    execute.mockRestore();
  });
});
