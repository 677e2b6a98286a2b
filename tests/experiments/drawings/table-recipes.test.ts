import { expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type Recipe } from '../../../lib/experiments/items/recipes/recipes';
import { drawRecipes } from '../../../lib/experiments/items/recipes/draw';
import { expectPage } from '../../support/page';
import { readTable } from '../../support/read-table';

const recipe: Recipe = {
  id: 'some',
  title: 'Some recipe',
  paper: [
    { key: 'a', label: 'First', value: '11', sources: ['C', 'H'], exact: true },
    { key: 'b', label: 'Second', value: '22', sources: ['N'], exact: true },
    { key: 'c', label: 'Third', value: 'about 33', sources: ['F'], exact: false },
  ],
  ours: [
    {
      preset: 'quick',
      settings: [
        { key: 'a', label: 'ours a', value: '44' },
        { key: 'b', label: 'ours b', value: '22' },
        { key: 'c', label: 'ours c', value: '55' },
        { key: 'd', label: 'Fourth', value: '66' },
      ],
    },
    {
      preset: 'paper',
      settings: [
        { key: 'a', label: 'ours a', value: '11' },
        { key: 'b', label: 'ours b', value: '77' },
        { key: 'c', label: 'ours c', value: '33' },
        { key: 'd', label: 'Fourth', value: '88' },
      ],
    },
  ],
};
const [first, second, third] = recipe.paper;

it('a recipe says what its page has', () => expectPage('table-recipes', drawRecipes({ recipes: [recipe] })));

it("a recipe's caption says what its sources are, or that none is at hand", () => {
  const captionOf = (paper: Recipe['paper']) =>
    drawRecipes({ recipes: [{ ...recipe, paper }] }).tables[0]?.caption ?? '';
  const letters = [...captionOf(recipe.paper).matchAll(/\[(\w)\]/g)].map(([, letter]) => letter);
  expect(new Set(letters)).toEqual(new Set(['C', 'F', 'H', 'N']));
  expect(captionOf([])).toBe("We have not seen the paper's recipe.");
});

it("a recipe, read back, has the paper's setting, its sources, ours, and where they differ", () => {
  expect(readTable(present(drawRecipes({ recipes: [recipe] }).tables[0], 'table'))).toEqual({
    headers: ['Setting', 'Paper', 'Source', 'Preset quick', 'Preset paper', 'Differs from the paper in'],
    rows: [
      ['First', '11', 'C, H', '44', '11', 'quick'],
      ['Second', '22', 'N', '22', '77', 'paper'],
      ['Third', 'about 33', 'F', '55', '33', 'not compared'],
      ['Fourth', 'paper value not at hand', '–', '66', '88', '–'],
    ],
  });
});

it("a finding counts the settings of the preset paper that are the paper's", () => {
  const judged = (paper: Recipe['paper']) =>
    drawRecipes({ recipes: [{ ...recipe, paper }] }).findings.map(({ holds, measured }) => [holds, measured]);
  if (first === undefined || second === undefined || third === undefined) throw new Error('no settings');
  expect(judged([first, second, third])).toEqual([
    [
      false,
      expect.stringMatching(
        /^1 of 2 .* are the same; not Second \(22, here 77\); not compared: Third \(about 33, here 33\)$/,
      ),
    ],
  ]);
  // What differs in another preset does not count.
  expect(judged([first])).toEqual([
    [true, expect.stringMatching(/^1 of 1 settings that can be compared are the same/)],
  ]);
  expect(judged([second])).toEqual([[false, expect.stringMatching(/^0 of 1 .*; not Second/)]]);
  expect(judged([third])).toEqual([]);
});
