// Configurations and recipes as tables, and whether the preset `paper` is the paper's.

import { explainSources, type PaperSource } from '../../paper/values';
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
  return {
    id: `table-recipes-${recipe.id}`,
    title: recipe.title,
    caption: captionOf(sources),
    columns: [
      { key: 'setting', label: 'Setting' },
      { key: 'paper', label: 'Paper' },
      { key: 'source', label: 'Source' },
      ...presets.map((preset) => ({ key: columnOf(preset), label: `Preset ${preset}` })),
      { key: 'differs', label: 'Differs from the paper in' },
    ],
    rows: rows.map(({ label, paper, sources: own, ours, differs }) => ({
      setting: label,
      paper,
      source: own.length === 0 ? null : own.join(', '),
      ...Object.fromEntries(Object.entries(ours).map(([preset, value]) => [columnOf(preset), value])),
      differs: differenceWord(own, differs),
    })),
  };
}

/** Nothing where the paper's value is not known: then there is nothing to differ from. */
function differenceWord(sources: readonly PaperSource[], differs: RecipeRow['differs']): string | null {
  if (sources.length === 0) return null;
  if (differs === null) return 'not compared';
  return differs.length === 0 ? 'nothing' : differs.join(', ');
}

/** The column of a preset: one of them has the name of the paper's. */
const columnOf = (preset: string): string => `preset_${preset}`;

function captionOf(sources: readonly PaperSource[]): string {
  return sources.length === 0
    ? "The paper's recipe is not at hand."
    : `The paper's values: ${explainSources(sources)}. What is in words there is not compared.`;
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
