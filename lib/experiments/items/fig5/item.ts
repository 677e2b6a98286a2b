// Figure 5: perplexity against length before and after a short finetuning with a scaled RoPE, of
// RoPE over tokens and of BiPE's over segments.

import { z } from 'zod';
import { ConfigError } from '../../../base/errors';
import { formatShort } from '../../../report/log-axis';
import { encodingStyle, type SeriesStyle } from '../../../report/style';
import { notMeasured } from '../../run/available';
import { runEach, trainingCost } from '../../run/compared-models';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { type TrainedRunOptions } from '../../run/trained-run';
import { drawFig5, type Fig5Result } from './draw';
import {
  type ScaledModel,
  scaledEncoding,
  ScaledModels,
  scaledModelFields,
  type ScalingName,
  scalingNames,
} from './runs';
import { fig4Presets } from '../fig4/item';
import {
  comparisonFields,
  type PreparedModels,
  prepareLanguageModels,
} from '../../language-models/comparison';
import { commonSeparators, encodingOf, requireLength } from '../../language-models/settings';
import { encodingFields, listOnce, seedField } from '../../settings/fields';
import { counted, showsThatItRuns } from '../../settings/preset-words';
import { type ScaledRow, scaledRows } from './rows';

const schema = z
  .strictObject({
    encodings: encodingFields.encodings.describe('names of encodings that have RoPE in them'),
    hiddenSize: comparisonFields.hiddenSize,
    seed: seedField,
    scalings: listOnce(z.enum(scalingNames)).describe(
      'how RoPE is scaled: yarn, linear, dynamic; none: finetuned without scaling',
    ),
    ...scaledModelFields,
  })
  .readonly();

/** Settings: which models are finetuned, and how. */
export type Fig5Settings = z.infer<typeof schema>;

/** The models of a preset of Figure 4. */
function modelsOf(preset: keyof typeof fig4Presets): Omit<Fig5Settings, 'scalings' | 'finetune'> {
  const { seeds, ...settings } = fig4Presets[preset].settings;
  return { ...settings, encodings: ['bipe_rope', 'rope'], seed: seeds[0] ?? 1 };
}

const all: readonly ScalingName[] = ['yarn', 'linear', 'dynamic', 'none'];

function describe(preset: keyof typeof fig4Presets, { trainLength, finetune }: Fig5Settings): string {
  const { length, steps } = finetune;
  return `the models of Figure 4's preset ${preset}, finetuned for ${counted(steps, 'step')} on blocks ${length / trainLength} times as long`;
}

/** The scales at which Figure 5 can be measured. */
export const fig5Presets = {
  smoke: {
    description: (settings) => `${describe('smoke', settings)}, YaRN alone: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...modelsOf('smoke'),
      scalings: ['yarn'],
      finetune: { length: 256, steps: 3, batchSize: 4, learningRate: 1e-3, warmupSteps: 1 },
    },
  },
  quick: {
    description: (settings) => describe('quick', settings),
    time: 'about 3 minutes after fig4',
    settings: {
      ...modelsOf('quick'),
      lengths: [512, 2048, 8192],
      scalings: all,
      finetune: { length: 2048, steps: 100, batchSize: 1, learningRate: 1e-3, warmupSteps: 10 },
    },
  },
  evening: {
    description: (settings) => describe('evening', settings),
    time: 'about an hour after fig4',
    settings: {
      ...modelsOf('evening'),
      scalings: all,
      finetune: { length: 2048, steps: 100, batchSize: 4, learningRate: 5e-4, warmupSteps: 20 },
    },
  },
  paper: {
    description: (settings) =>
      `${describe('paper', settings)}; we have not seen the paper's recipe of this finetuning`,
    time: 'a GPU or a cluster',
    settings: {
      ...modelsOf('paper'),
      scalings: all,
      finetune: { length: 4096, steps: 500, batchSize: 64, learningRate: 2e-5, warmupSteps: 20 },
    },
  },
} satisfies Presets<Fig5Settings>;

/**
 * Refuses, before anything is trained, encodings that cannot be scaled, and separators that
 * segments cannot be counted by.
 *
 * @throws ConfigError, UsageError naming it
 */
function checkScalings(settings: Fig5Settings): void {
  const { encodings, scalings, trainLength, finetune } = settings;
  const lengths = { tokens: trainLength, segments: 1, factor: finetune.length / trainLength };
  for (const scaling of scalings) {
    if (scaling === 'none') continue;
    commonSeparators(settings);
    for (const name of encodings) scaledEncoding(encodingOf(name, settings), scaling, lengths);
  }
}

/** What a scaling makes of a model, without training and with it. */
async function scaledAndFinetuned(models: ScaledModels, scaling: ScalingName): Promise<ScaledModel[]> {
  const { encoding } = models.point;
  const scaled: ScaledModel[] =
    scaling === 'none'
      ? []
      : [{ encoding, stage: 'scaled', scaling, modalities: await models.scaled(scaling) }];
  const { modalities } = await models.finetuned(scaling);
  return [...scaled, { encoding, stage: 'finetuned', scaling, modalities }];
}

/** Figure 5 as a paper item. */
export const fig5 = defineExperiment<Fig5Settings, PreparedModels<Fig5Settings>, Fig5Result, ScaledRow>({
  id: 'fig5',
  title: 'Figure 5: perplexity after finetuning with YaRN',
  question: 'How far does a short finetuning on longer blocks carry RoPE, over tokens and over segments?',
  claim:
    'Figure 5 shows language-model perplexity after finetuning with YaRN, for RoPE and BiPE-RoPE (public summary page); we have not seen its numbers.',
  notebook: 'notebooks/fig5.ipynb',
  revision: 3,
  schema,
  presets: fig5Presets,
  seeds: ({ seed }) => [seed],
  steps: ({ steps }) => steps,
  usesEngine: true,
  prepare: async (settings, reporter) => {
    const { trainLength, finetune, encodings } = settings;
    if (finetune.length <= trainLength)
      throw new ConfigError(
        `fig5 settings: finetune.length: ${finetune.length} is not above the training length, ${trainLength}; give e.g. ${4 * trainLength}`,
      );
    requireLength(settings, 'training length', trainLength);
    requireLength(settings, 'finetune.length', finetune.length);
    checkScalings(settings);
    return prepareLanguageModels(settings, encodings, reporter);
  },
  inPieces: true,
  run: async (_settings, { settings, corpus }, context) => {
    const { encodings, scalings, hiddenSize, seed, trainLength, finetune } = settings;
    const made = (encoding: string, options: TrainedRunOptions): ScaledModels =>
      new ScaledModels({ encoding, hiddenSize, seed }, settings, corpus, options);
    const styleOf = (encoding: string): SeriesStyle => encodingStyle(encoding, encodings);
    const trained = await runEach(
      encodings.map((encoding) => ({
        style: styleOf(encoding),
        which: `trained at ${trainLength} tokens`,
        cost: trainingCost({ ...settings, time: trainLength }),
        run: async (options: TrainedRunOptions): Promise<ScaledModel> => {
          const { modalities } = await made(encoding, options).trained();
          return { encoding, stage: 'trained', scaling: 'none', modalities };
        },
      })),
      context,
    );
    const scaled = await runEach(
      encodings.flatMap((encoding) =>
        scalings.map((scaling) => ({
          style: styleOf(encoding),
          which: `finetuned at ${finetune.length} tokens, scaling ${scaling}`,
          cost: trainingCost({ ...settings, ...finetune, time: finetune.length }),
          run: (options: TrainedRunOptions) => scaledAndFinetuned(made(encoding, options), scaling),
        })),
      ),
      context,
      'Finetuning: loss',
    );
    const models = [...trained, ...scaled.flat()];
    return { models: encodings.flatMap((name) => models.filter(({ encoding }) => encoding === name)) };
  },
  scale: (
    { tokenizer, hiddenSize, layers, trainLength, steps, finetune },
    missing,
    { settings: { sources } },
  ) =>
    `Models of Figure 4 (${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')} at ${counted(trainLength, 'token')}, on ${sources.join(', ')}, tokenizer ${tokenizer}), finetuned for ` +
    `${counted(finetune.steps, 'step')} of ${counted(finetune.batchSize, 'block')} of ${counted(finetune.length, 'token')} (factor ${formatShort(finetune.length / trainLength)}); the paper finetunes models of 151 M parameters.${notMeasured(missing)}`,
  draw: (result, settings) => drawFig5(result, settings),
  rows: scaledRows,
});
