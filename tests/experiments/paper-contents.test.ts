import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { type PresetName } from '../../lib/experiments/settings/preset-names';
import { contentStatus, describeContent, paperContents } from '../../lib/experiments/start-page/contents';
import { experimentNamed, experiments } from '../../lib/experiments/registry';
import { contentsTable } from '../../lib/experiments/start-page/tables';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';
import { expectText } from '../support/page';

describe('the contents of the paper', () => {
  it('are 9 figures and 8 tables, each once', () => {
    const of = (kind: string) => paperContents.filter((content) => content.kind === kind);
    expect(of('figure')).toHaveLength(9);
    expect(of('table')).toHaveLength(8);
    for (const field of ['id', 'name'] as const)
      expect(new Set(paperContents.map((content) => content[field])).size).toBe(17);
  });

  it('say what is kept of them: what each shows, and what stands for it', async () => {
    const { rows } = await contentsTable(new RunStore(temporaryFolder()));
    const lines = rows.map(({ name, says, item, covers }) => [name, says, item, covers].join(' | '));
    await expectText('paper-contents', `${lines.join('\n')}\n`);
  });

  it('are each covered by an item of the registry', () => {
    const items = experiments.map(({ id }) => id);
    for (const { item, id } of paperContents) expect(items, id).toContain(item);
  });

  it('have a number where the summary page names them, and say where it does not', () => {
    const numbered = paperContents.filter(({ name }) => /^Figure [1-5]$/.test(name));
    expect(numbered).toHaveLength(5);
    for (const content of paperContents)
      expect(describeContent(content) === 'not named on the summary page').toBe(content.says === null);
    for (const { says } of numbered) expect(says).not.toBeNull();
  });

  it('are shown with the run of their item that ended last', async () => {
    const store = new RunStore(temporaryFolder());
    const [schematic] = paperContents.filter(({ item }) => item === 'fig2');
    if (schematic === undefined) throw new Error('no Figure 2');
    expect(await contentStatus(schematic, store)).toBe('not run');
    await experimentNamed('fig2').execute({ preset: 'smoke', reporter: silentReporter, store });
    const { rows } = await contentsTable(store);
    expect(rows).toHaveLength(17);
    expect(rows.filter(({ status }) => status !== 'not run')).toEqual([
      expect.objectContaining({ item: 'fig2', status: 'run (smoke)' }),
      expect.objectContaining({
        item: 'fig4',
        status: 'not run (needs preset evening, paper or released)',
      }),
    ]);
  });

  it('are not shown as run by a preset that does not have them', async () => {
    const store = new RunStore(temporaryFolder());
    const [schematic] = paperContents.filter(({ item }) => item === 'fig2');
    if (schematic === undefined) throw new Error('no Figure 2');
    await experimentNamed('fig2').execute({ preset: 'smoke', reporter: silentReporter, store });
    const of = (presets: readonly PresetName[]) => contentStatus({ ...schematic, presets }, store);
    expect(await of(['smoke', 'quick'])).toBe('run (smoke)');
    expect(await of(['quick'])).toBe('not run (needs preset quick)');
  });
});
