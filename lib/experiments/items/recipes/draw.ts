// Configurations and recipes as tables, and a comparison of the preset `paper` with the paper.

import { explainSources, type PaperSource } from '../../paper/values';
import { makeTable } from '../../../report/measures';
import { type Table } from '../../../report/tables';
import { type Drawing, type Finding } from '../../run/report';
import { type Recipe, type RecipeRow, recipeRows } from './recipes';

/** All recipes. */
export interface RecipesResult {
  readonly recipes: readonly Recipe[];
}

/** Everything the item shows of its result. */
export function drawRecipes({ recipes }: RecipesResult): Drawing {
  return { figures: [], tables: recipes.map(recipeTable), findings: recipes.flatMap(sameAsPaper) };
}

function recipeTable(recipe: Recipe): Table {
  const rows = recipeRows(recipe);
  const sources = [...new Set(rows.flatMap((row) => row.sources))];
  const presets = recipe.ours.map(({ preset }) => preset);
  return makeTable<RecipeRow>(
    { id: `table-recipes-${recipe.id}`, title: recipe.title, caption: captionOf(sources) },
    [
      { key: 'setting', label: 'Setting', of: ({ label }) => label },
      { key: 'paper', label: 'Paper', of: ({ paper }) => paper },
      {
        key: 'source',
        label: 'Source',
        of: (row) => (row.sources.length === 0 ? null : row.sources.join(', ')),
      },
      // One of the presets has the name of the paper's column.
      ...presets.map((preset) => ({
        key: `preset_${preset}`,
        label: `Preset ${preset}`,
        of: ({ ours }: RecipeRow) => ours[preset],
      })),
      {
        key: 'differs',
        label: 'Differs from the paper in',
        of: (row) => differenceWord(row.sources, row.differs),
      },
    ],
    rows,
  );
}

/** Nothing where the paper's value is not known: then there is nothing to differ from. */
function differenceWord(sources: readonly PaperSource[], differs: RecipeRow['differs']): string | null {
  if (sources.length === 0) return null;
  if (differs === null) return 'not compared';
  return differs.length === 0 ? 'nothing' : differs.join(', ');
}

function captionOf(sources: readonly PaperSource[]): string {
  return sources.length === 0
    ? "We have not seen the paper's recipe."
    : `The paper's values: ${explainSources(sources)}. Values in words are not compared.`;
}

function sameAsPaper(recipe: Recipe): Finding[] {
  const rows = recipeRows(recipe);
  const known = rows.filter((row) => row.sources.length > 0 && row.ours['paper'] != null);
  const compared = known.filter(({ differs }) => differs !== null);
  if (compared.length === 0) return [];
  const differing = compared.filter(({ differs }) => differs?.includes('paper') === true);
  const named = (rows: readonly RecipeRow[]): string =>
    rows.map(({ label, paper, ours }) => `${label} (${paper}, here ${ours['paper'] ?? ''})`).join(', ');
  const others = known.filter(({ differs }) => differs === null);
  return [
    {
      claim: `${recipe.title}: the preset paper is the paper's, as far as it is known`,
      holds: differing.length === 0,
      measured:
        `${compared.length - differing.length} of ${compared.length} settings that can be compared are the same` +
        (differing.length === 0 ? '' : `; not ${named(differing)}`) +
        (others.length === 0 ? '' : `; not compared: ${named(others)}`),
    },
  ];
}
