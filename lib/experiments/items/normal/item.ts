// The table of data of normal length: perplexity at the training length, by encoding and kind of
// text.

import { z } from 'zod';
import { canonicalJson } from '../../../base/json';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { describeLanguageModels, fig4Presets, type Fig4Settings } from '../fig4/item';
import {
  compareEncodings,
  comparisonFields,
  comparisonScale,
  type PreparedModels,
  prepareLanguageModels,
} from '../../language-models/comparison';
import { requireLength } from '../../language-models/settings';
import { drawNormal, type NormalResult } from './draw';
import { type PerplexityRow, perplexityRows } from '../../language-models/rows';

/** Settings: those of Figure 4, whose runs are used again where the settings are the same. */
export type NormalSettings = Fig4Settings;

const schema = z.strictObject(comparisonFields).readonly();

const { smoke, quick, evening, paper } = fig4Presets;
const threeKinds = ['moby-dick', 'sotu', 'latex-manuals', 'npm-sources'];

/** The scales at which perplexity at the training length can be measured. */
export const normalPresets = {
  smoke,
  quick: {
    description: (settings) =>
      `models of Figure 4's size, on books, papers and code together: ${describeLanguageModels(settings)}`,
    time: 'about 3 minutes',
    settings: {
      ...quick.settings,
      seeds: [1],
      sources: threeKinds,
      steps: 1200,
      lengths: [quick.settings.trainLength],
    },
  },
  evening: { ...evening, time: "none after fig4's evening, whose models these are" },
  paper: { ...paper, time: "none after fig4's paper, whose models these are" },
} satisfies Presets<NormalSettings>;

/**
 * True if the models are trained as those of a preset of Figure 4, whichever encodings and seeds
 * are asked for.
 */
function areOfFig4(settings: NormalSettings): boolean {
  const recipe = (of: NormalSettings): string =>
    // Of the lengths the longest alone counts: it decides which documents are kept from training.
    canonicalJson({ ...of, encodings: [], seeds: [], documentTokens: 0, lengths: [Math.max(...of.lengths)] });
  return Object.values(fig4Presets).some((preset) => recipe(preset.settings) === recipe(settings));
}

/** Perplexity at the training length as a paper item. */
export const tableNormal = defineExperiment<
  NormalSettings,
  PreparedModels<NormalSettings>,
  NormalResult,
  PerplexityRow
>({
  id: 'table-normal',
  title: 'Normal-length data: perplexity at the training length',
  question: 'Does a bilevel encoding predict as well as the others where nothing has to be extrapolated?',
  claim:
    'The abstract and the summary page name data of normal length; we have not seen what the paper measures on it.',
  notebook: 'notebooks/table_normal.ipynb',
  revision: 2,
  schema,
  presets: normalPresets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: (settings, reporter) => {
    requireLength(settings, 'training length', settings.trainLength);
    return prepareLanguageModels(settings, settings.encodings, reporter);
  },
  run: async (settings, models, context) => ({
    // Figure 4's models are its own to train anew.
    runs: await compareEncodings(models, { ...context, fresh: context.fresh && !areOfFig4(settings) }),
  }),
  scale: (_settings, missing, { settings }) => comparisonScale(settings, missing),
  draw: drawNormal,
  rows: ({ runs }) => perplexityRows(runs),
});
