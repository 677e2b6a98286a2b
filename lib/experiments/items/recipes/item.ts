// The paper's configurations and training recipes as tables, with this workbench's presets beside
// them. Nothing is trained: every value of ours is read from what a run of the preset would be made
// of.

import { z } from 'zod';
import { arithmeticVocabulary } from '../../../data/arithmetic/vocabulary';
import { sha256 } from '../../../base/files';
import { canonicalJson } from '../../../base/json';
import { present } from '../../../base/present';
import { paperRecipes } from '../../paper/values';
import { arithmeticTraining, instancesOfStep } from '../fig3/runs';
import { defineExperiment } from '../../run/experiment';
import { fig3Presets, type Fig3Settings } from '../fig3/item';
import { fig4Presets, type Fig4Settings } from '../fig4/item';
import { fig5Presets, type Fig5Settings } from '../fig5/item';
import { languageModelTraining } from '../../language-models/runs';
import { encodingOf } from '../../language-models/settings';
import {
  bilevelSettings,
  modelSettings,
  own,
  precisionName,
  type OwnRecipe,
  type OwnSetting,
  type Recipe,
  trainingSettings,
} from './recipes';
import { drawRecipes, type RecipesResult } from './draw';
import { tableScrollsPresets, type TableScrollsSettings } from '../scrolls/item';

/** Presets whose settings are shown, the largest first. */
const shown = ['paper', 'evening', 'quick'] as const;

type Presets<Settings> = Readonly<Record<(typeof shown)[number], { readonly settings: Settings }>>;

/** The settings of each shown preset. */
async function ofPresets<Settings>(
  presets: Presets<Settings>,
  settingsOf: (settings: Settings) => readonly OwnSetting[] | Promise<readonly OwnSetting[]>,
): Promise<OwnRecipe[]> {
  return Promise.all(
    shown.map(async (preset) => ({ preset, settings: await settingsOf(presets[preset].settings) })),
  );
}

/** The training of a preset's first model of an encoding. */
async function trainingOf(settings: Fig4Settings, encoding = 'bipe_rope') {
  const { hiddenSize, seeds } = settings;
  return languageModelTraining({ encoding, hiddenSize, seed: present(seeds[0], 'seed') }, settings);
}

async function languageModel(settings: Fig4Settings): Promise<OwnSetting[]> {
  const { model } = await trainingOf(settings);
  return [
    ...modelSettings(model, vocabularyName(settings.tokenizer, model.vocabSize)),
    ...bilevelSettings(['bipe_rope', 'bipe_alibi'].map((name) => encodingOf(name, settings))),
  ];
}

/** E.g. `2,048 (Llama 2, cut down)`. */
function vocabularyName(tokenizer: string, size: number): string {
  const name =
    tokenizer === 'llama2' ? 'Llama 2' : tokenizer.startsWith('llama2-') ? 'Llama 2, cut down' : tokenizer;
  return `${size.toLocaleString('en')} (${name})`;
}

async function languageModelRecipe(settings: Fig4Settings): Promise<OwnSetting[]> {
  return [
    ...trainingSettings(await trainingOf(settings)),
    own('sources', 'Text', settings.sources.join(', ')),
  ];
}

function evaluation({ lengths, sources }: Fig4Settings): OwnSetting[] {
  return [
    own('lengths', 'Block lengths', lengths.map((length) => length.toLocaleString('en')).join(', ')),
    own('blocks', 'Blocks', 'without overlap'),
    own('sources', 'Sources', sources.join(', ')),
    own('measure', 'Measure', 'exp(mean loss)'),
  ];
}

function arithmetic(settings: Fig3Settings): OwnSetting[] {
  const { hiddenSizes, seeds, operators, modulus, instances, questions, warmupSteps } = settings;
  const point = {
    encoding: 'bipe_rope',
    hiddenSize: present(hiddenSizes[0], 'size'),
    seed: present(seeds[0], 'seed'),
  };
  const training = arithmeticTraining(point, settings);
  const { model } = training;
  // Instances that never end have no epochs.
  const epochs = (key: string, label: string, steps: number): OwnSetting[] =>
    instances === null
      ? []
      : [own(key, label, Math.round((10 * steps * instancesOfStep(settings)) / instances) / 10)];
  return [
    own('operators', 'Operators', operators),
    own('modulus', 'Modulus', modulus),
    own('vocabulary', 'Vocabulary', arithmeticVocabulary(modulus).size),
    own('numLayers', 'Layers', model.numLayers),
    own('numHeads', 'Heads', model.numHeads),
    own('hiddenSize', 'Hidden size', hiddenSizes.join(', ')),
    own('instances', 'Training instances', instances ?? 'without end'),
    own('questions', 'Test instances', questions),
    ...trainingSettings(training)
      .filter(({ key }) => !['length', 'warmupSteps', 'steps'].includes(key))
      .map((setting) =>
        setting.key === 'batchSize' ? { ...setting, label: 'Instances of a step' } : setting,
      ),
    ...epochs('epochs', 'Epochs', training.steps),
    ...epochs('warmupEpochs', 'Warm-up epochs', warmupSteps),
    own('steps', 'Steps', training.steps),
  ];
}

function finetuning({ finetune }: Fig5Settings): OwnSetting[] {
  return [
    own('length', 'Length', finetune.length),
    own('steps', 'Steps', finetune.steps),
    own('batchSize', 'Sequences of a step', finetune.batchSize),
    own('learningRate', 'Learning rate', finetune.learningRate),
    own('warmupSteps', 'Warm-up steps', finetune.warmupSteps),
  ];
}

function scrolls(settings: TableScrollsSettings): OwnSetting[] {
  const { maxTokens, batchSize, accumulation, clipNorm, products = 'float32', tasks, start } = settings;
  return [
    own('length', 'Length', maxTokens),
    own('batchSize', 'Sequences of a step', batchSize * accumulation),
    own('steps', 'Steps', settings.steps),
    own('optimizer', 'Optimizer', 'AdamW'),
    own('learningRate', 'Learning rate', settings.learningRate),
    own('weightDecay', 'Weight decay', settings.weightDecay),
    own('dropout', 'Dropout', settings.dropout),
    own('schedule', 'Schedule', settings.schedule),
    own('warmupSteps', 'Warm-up steps', settings.warmupSteps),
    own('precision', 'Precision', precisionName(products)),
    own('clipNorm', 'Largest norm of a gradient', clipNorm ?? 'any'),
    own('tasks', 'Tasks', tasks.map(({ data }) => data.task).join(', ')),
    own('start', 'Begins from', start.kind === 'released' ? 'the released models' : "Figure 4's models"),
  ];
}

async function recipes(): Promise<Recipe[]> {
  return [
    {
      id: 'model',
      title: 'Language models: configuration',
      paper: paperRecipes.model,
      ours: await ofPresets<Fig4Settings>(fig4Presets, languageModel),
    },
    {
      id: 'training',
      title: 'Language models: training',
      paper: paperRecipes.training,
      ours: await ofPresets<Fig4Settings>(fig4Presets, languageModelRecipe),
    },
    {
      id: 'evaluation',
      title: 'Language models: evaluation by length',
      paper: paperRecipes.evaluation,
      ours: await ofPresets<Fig4Settings>(fig4Presets, evaluation),
    },
    {
      id: 'finetuning',
      title: 'Language models: finetuning with YaRN',
      paper: [],
      ours: await ofPresets<Fig5Settings>(fig5Presets, finetuning),
    },
    {
      id: 'scrolls',
      title: 'SCROLLS: finetuning',
      paper: paperRecipes.scrolls,
      ours: await ofPresets<TableScrollsSettings>(tableScrollsPresets, scrolls),
    },
    {
      id: 'arithmetic',
      title: 'Arithmetic: task, models, training',
      paper: paperRecipes.arithmetic,
      ours: await ofPresets<Fig3Settings>(fig3Presets, arithmetic),
    },
  ];
}

const nothing = z.strictObject({});

/** Configurations and recipes as a paper item. */
export const tableRecipes = defineExperiment<Record<string, never>, RecipesResult, RecipesResult>({
  id: 'table-recipes',
  title: 'Recipes: configurations and trainings, beside the paper’s',
  question: 'With which models and trainings are the results made, and where do they differ from the paper?',
  claim:
    "The paper's models have 12 layers of width 768 and are trained for 1,000,000 steps of 256 blocks of 1,024 tokens (released code; a later paper's appendix). We have not seen the tables that say so.",
  notebook: 'notebooks/table_recipes.ipynb',
  revision: 1,
  schema: nothing,
  presets: {
    smoke: { description: () => 'the same as quick', time: 'seconds', settings: {} },
    quick: { description: () => 'every preset; nothing is trained', time: 'seconds', settings: {} },
  },
  prepare: async () => {
    const input = { recipes: await recipes() };
    // A stored result depends on the recipes: a preset that has changed makes another one.
    const checksum = sha256(canonicalJson(input));
    return { input, data: [{ name: 'presets', version: '', checksum }], missing: [] };
  },
  run: (_settings, input) => Promise.resolve(input),
  scale: () =>
    "Nothing is measured. Our values come directly from the presets, the paper's from the sources that are named.",
  draw: drawRecipes,
});
