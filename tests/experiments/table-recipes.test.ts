import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { type Recipe, recipeRows } from '../../lib/experiments/items/recipes/recipes';
import { RunStore } from '../../lib/experiments/run/store';
import { tableRecipes } from '../../lib/experiments/items/recipes/item';
import { drawRecipes } from '../../lib/experiments/items/recipes/draw';
import { notAtHand, paperRecipes } from '../../lib/experiments/paper/values';
import { toDataFrame } from '../../lib/report/tables';
import { temporaryFolder } from '../support/command';
import { expectText } from '../support/page';

const recipe: Recipe = {
  id: 'made-up',
  title: 'Made up',
  paper: [
    { key: 'steps', label: 'Steps', value: '1,000', sources: ['C'], exact: true },
    { key: 'size', label: 'Size', value: 'about 5', sources: ['H'], exact: false },
    { key: 'rate', label: 'Rate', value: '0.1', sources: ['C', 'H'], exact: true },
  ],
  ours: [
    {
      preset: 'paper',
      settings: [
        { key: 'steps', label: 'Steps', value: '1,000' },
        { key: 'size', label: 'Size', value: '4.9' },
        { key: 'rate', label: 'Rate', value: '0.2' },
      ],
    },
    {
      preset: 'quick',
      settings: [
        { key: 'steps', label: 'Steps', value: '10' },
        { key: 'clip', label: 'Clip', value: '1' },
      ],
    },
  ],
};

describe('the rows of a recipe', () => {
  it("have the paper's settings with their sources, then ours of which nothing is known of the paper", () => {
    expect(recipeRows(recipe).map(({ label, paper, sources }) => [label, paper, sources])).toEqual([
      ['Steps', '1,000', ['C']],
      ['Size', 'about 5', ['H']],
      ['Rate', '0.1', ['C', 'H']],
      ['Clip', notAtHand, []],
    ]);
  });

  it('name presets that have another value, not those without one; what is in words or not known is not compared', () => {
    expect(recipeRows(recipe).map(({ differs }) => differs)).toEqual([['quick'], null, ['paper'], null]);
    const [table] = drawRecipes({ recipes: [recipe] }).tables;
    expect(table?.rows.map(({ differs }) => differs)).toEqual(['quick', 'not compared', 'paper', null]);
  });

  it('make a finding of whether the preset paper is the paper’s, naming what is not', () => {
    expect(drawRecipes({ recipes: [recipe] }).findings).toEqual([
      expect.objectContaining({
        holds: false,
        measured:
          '1 of 2 settings that can be compared are the same; not Rate (0.1, here 0.2); not compared: Size (about 5, here 4.9)',
      }),
    ]);
  });
});

describe('the recipes of the presets', () => {
  const execute = async () =>
    tableRecipes.execute({
      preset: 'quick',
      reporter: silentReporter,
      store: new RunStore(temporaryFolder()),
    });

  it("have each known setting of the paper's, and the preset paper the paper's model", async () => {
    const report = await execute();
    const { recipes } = report.numbers;
    for (const { id, paper } of recipes)
      if (id in paperRecipes) expect(paper).toEqual(paperRecipes[id as keyof typeof paperRecipes]);
    expect(report.findings.find(({ claim }) => claim.includes('configuration'))?.holds).toBe(true);
    const [model] = report.tables;
    expect(model?.rows.find(({ setting }) => setting === 'Parameters without positions')).toMatchObject({
      paper: 'about 151 million',
      preset_paper: '162.4 million',
    });
  });

  it('say each setting as its page keeps it, by preset', async () => {
    const { tables } = await execute();
    const lines = tables.map(({ id, columns, rows }) => [
      id,
      ...rows.map((row) =>
        columns.flatMap(({ key }) => (row[key] == null ? [] : `${key}: ${String(row[key])}`)).join(' | '),
      ),
    ]);
    await expectText('recipes', `${lines.map((table) => table.join('\n')).join('\n\n')}\n`);
  });

  it('are data frames to go on with', async () => {
    const [, training] = (await execute()).tables;
    if (training === undefined) throw new Error('no table');
    const frame = await toDataFrame(training);
    const values = (column: string): unknown[] => frame.column(column).values;
    expect(values('paper')[values('setting').indexOf('Steps')]).toBe('1,000,000');
  });
});
