// Configurations and recipes as tables, and whether the preset `paper` is the paper's.

import { explainSources, type PaperSource } from '../report/paper-values';
import { type Table } from '../report/tables';
import { type Drawing, type Finding } from './experiment';
import { type Recipe, recipeRows } from './recipes';

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
      differs: differs.length === 0 ? null : differs.join(', '),
    })),
  };
}

/** The column of a preset: one of them has the name of the paper's. */
const columnOf = (preset: string): string => `preset_${preset}`;

function captionOf(sources: readonly PaperSource[]): string {
  return sources.length === 0
    ? "The paper's recipe is not at hand."
    : `The paper's values: ${explainSources(sources)}.`;
}

function sameAsPaper(recipe: Recipe): Finding[] {
  const rows = recipeRows(recipe);
  const known = rows.filter((row) => row.sources.length > 0 && row.ours['paper'] != null);
  if (known.length === 0) return [];
  const differing = known.filter(({ differs }) => differs.includes('paper'));
  const others = differing.map(
    ({ label, paper, ours }) => `${label} (${paper}, here ${ours['paper'] ?? ''})`,
  );
  return [
    {
      claim: `${recipe.title}: the preset paper is the paper's, as far as it is known`,
      holds: differing.length === 0,
      measured: `${known.length - differing.length} of ${known.length} known settings are the same${others.length === 0 ? '' : `; not ${others.join(', ')}`}`,
    },
  ];
}
