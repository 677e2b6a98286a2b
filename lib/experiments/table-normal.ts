// The table of data of normal length: perplexity at the training length, by encoding and kind of text.

import { z } from 'zod';
import { notMeasured } from './available';
import { defineExperiment, type Preset, type PresetName } from './experiment';
import { fig4Presets, type Fig4Settings } from './fig4';
import { type PreparedModels, prepareLanguageModels, trainLanguageModels } from './language-model-comparison';
import { languageModelFields } from './language-model-runs';
import { drawNormal, type NormalResult } from './table-normal-drawing';

/** Which models are compared, and how they are trained: Figure 4's, whose runs are used again where the settings are the same. */
export type NormalSettings = Fig4Settings;

const schema: z.ZodType<NormalSettings> = z.strictObject({
  encodings: z.array(z.string()).min(1),
  hiddenSize: z.int().min(1),
  seeds: z.array(z.int().min(0)).min(1),
  ...languageModelFields,
});

const { smoke, quick, evening, paper } = fig4Presets;
const threeKinds = ['moby-dick', 'sotu', 'latex-manuals', 'npm-sources'];

/** The scales at which perplexity at the training length can be measured. */
export const normalPresets = {
  smoke,
  quick: {
    description:
      "the main four encodings, models of Figure 4's size trained half as long on books, papers and code together",
    time: 'about 5 minutes',
    settings: { ...quick.settings, sources: threeKinds, steps: 1200, lengths: [quick.settings.trainLength] },
  },
  evening: { ...evening, time: "none after fig4's evening, whose models these are" },
  paper: { ...paper, time: "none after fig4's paper, whose models these are" },
} satisfies Readonly<Partial<Record<PresetName, Preset<NormalSettings>>>>;

/** Perplexity at the training length as a paper item. */
export const tableNormal = defineExperiment<NormalSettings, PreparedModels<NormalSettings>, NormalResult>({
  id: 'table-normal',
  title: 'Normal-length data: perplexity at the training length',
  question: 'Does a bilevel encoding predict as well as the others where nothing has to be extrapolated?',
  claim:
    'The abstract and the summary page name data of normal length; what the paper measures on it, and its numbers, are not at hand.',
  notebook: 'notebooks/table_normal.ipynb',
  revision: 1,
  schema,
  presets: normalPresets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  usesEngine: true,
  prepare: (settings, reporter) => prepareLanguageModels(settings, settings.encodings, reporter),
  run: async (_settings, models, context) => {
    const { encodings, hiddenSize, seeds } = models.settings;
    const points = seeds.flatMap((seed) => encodings.map((encoding) => ({ encoding, hiddenSize, seed })));
    return { runs: await trainLanguageModels(points, models, context) };
  },
  scale: ({ sources, tokenizer, hiddenSize, layers, trainLength, steps, batchSize, seeds }, missing) =>
    `Measured on ${sources.join(', ')} (tokenizer ${tokenizer}), ${layers} layers of width ${hiddenSize}, ${steps.toLocaleString('en')} steps of ${batchSize} blocks of ${trainLength} tokens, ` +
    `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}; the paper's models have 12 layers of width 768 and 1,000,000 steps of 256 blocks of 1,024 tokens.` +
    notMeasured(missing),
  draw: drawNormal,
});
