// The table of ablations: language models that differ from BiPE-RoPE and BiPE-ALiBi in one part,
// read at the training length and beyond.

import { z } from 'zod';
import { orderedStyles } from '../../../report/style';
import { type Corpus } from '../../../data/tokens/corpus';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { segmentLengths } from '../../../segment/lengths';
import { separatorsFor } from '../../../segment/separators';
import {
  type Ablation,
  type AblationGroup,
  ablationGroupNames,
  ablationsOf,
  basesOfAblation,
} from './ablations';
import { type EndsLike, rarestTokens, rulesLike, type RulesLike } from './ends-like';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import {
  comparisonFields,
  comparisonScale,
  type PlannedModel,
  type PreparedModels,
  prepareLanguageModels,
  runLanguageModels,
} from '../../language-models/comparison';
import { type LanguageModelRunSettings } from '../../language-models/settings';
import { countedTokens } from '../../language-models/text';
import { listOf, listOnce } from '../../settings/fields';
import { counted, showsThatItRuns } from '../../settings/preset-words';
import { drawAblations } from './draw';
import { type AblationResult } from './rows';
import { type PerplexityRow, perplexityRows } from '../../language-models/rows';

/** Checks settings. */
export const ablationSchema = z
  .strictObject({
    ...comparisonFields,
    groups: listOf(z.enum(ablationGroupNames)).describe(`what is varied: ${ablationGroupNames.join(', ')}`),
    chanceSeeds: listOnce(z.int().min(0), 0).describe(
      'further seeds of BiPE-RoPE and BiPE-ALiBi, which show seed-to-seed variation',
    ),
  })
  .omit({ encodings: true, variants: true, separators: true })
  // A seed that every model has anyway is not trained a second time.
  .transform((settings) => ({
    ...settings,
    chanceSeeds: settings.chanceSeeds.filter((seed) => !settings.seeds.includes(seed)),
  }))
  .readonly();

/** Settings of the ablations and of their models' training. */
export type AblationSettings = z.infer<typeof ablationSchema>;

/** Those of which one seed tells something. */
const quickGroups: readonly AblationGroup[] = ablationGroupNames.filter((group) => group !== 'ends');

const small = {
  groups: quickGroups,
  sources: ['moby-dick', 'sotu'],
  tokenizer: 'llama2-1024',
  maxTokens: null,
  validationShare: 0.06,
  layers: 2,
  heads: 4,
  hiddenSize: 64,
  seeds: [1],
  chanceSeeds: [2],
  trainLength: 256,
  steps: 800,
  batchSize: 4,
  learningRate: 3e-3,
  warmupSteps: 80,
  weightDecay: 0.01,
  clipNorm: 1,
  lengths: [256, 1024],
  documentTokens: 2048,
};

/** A sentence: what is varied, and how the models are trained. */
function describe(settings: AblationSettings): string {
  const { groups, layers, hiddenSize, steps, batchSize, trainLength } = settings;
  return (
    `${groups.join(', ')}; ${counted(layers, 'layer')} of width ${hiddenSize}, ` +
    `${counted(steps, 'step')} of ${counted(batchSize, 'block')} of ${counted(trainLength, 'token')}`
  );
}

/** The scales at which the ablations can be measured. */
export const ablationPresets = {
  smoke: {
    description: (settings) => `${describe(settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...small,
      groups: ['separators', 'third'],
      sources: ['sotu'],
      maxTokens: 200_000,
      layers: 1,
      hiddenSize: 32,
      trainLength: 64,
      steps: 10,
      warmupSteps: 2,
      lengths: [64, 256],
      documentTokens: 256,
    },
  },
  quick: {
    description: (settings) =>
      `very small models on the bundled books, which show large differences alone: ${describe(settings)}`,
    time: 'about 6 minutes',
    settings: small,
  },
  evening: {
    description: (settings) => `larger models: ${describe(settings)}`,
    time: 'some hours',
    settings: {
      ...small,
      tokenizer: 'llama2-4096',
      layers: 4,
      hiddenSize: 128,
      groups: ablationGroupNames,
      chanceSeeds: [2, 3],
      trainLength: 512,
      steps: 1500,
      batchSize: 16,
      learningRate: 3e-3,
      warmupSteps: 100,
      lengths: [512, 2048],
      documentTokens: 8192,
    },
  },
  paper: {
    description: (settings) =>
      `the paper's models and recipe; we have not seen which ablations the paper has, or on which data: ${describe(settings)}`,
    time: 'a GPU or a cluster',
    settings: {
      ...small,
      sources: ['pg19-validation', 'pile-arxiv', 'pile-github'],
      tokenizer: 'llama2',
      validationShare: 0.1,
      layers: 12,
      heads: 12,
      hiddenSize: 768,
      trainLength: 1024,
      steps: 1_000_000,
      batchSize: 256,
      learningRate: 1e-4,
      warmupSteps: 10_000,
      lengths: [1024, 4096],
      documentTokens: 1_048_576,
    },
  },
} satisfies Presets<AblationSettings>;

/** The settings that the runs of one ablation share. */
function settingsOf(
  { id, encoding, separators }: Ablation,
  settings: AblationSettings,
  like: EndsLike,
): LanguageModelRunSettings {
  return {
    ...settings,
    variants: { [id]: encoding },
    separators: separators.map((ends) =>
      typeof ends === 'object' && 'like' in ends ? like[ends.like] : ends,
    ),
  };
}

/** The settings without what ablations vary. */
function commonSettings(settings: AblationSettings): LanguageModelRunSettings {
  return { ...settings, variants: {}, separators: 'paper' };
}

/** Ends like those of the paper's separators in the text of a comparison. */
async function endsLikePaper(
  corpus: Corpus,
  tokenizer: string,
): Promise<{ rules: RulesLike; like: EndsLike }> {
  const vocabulary = await getTokenizer(tokenizer);
  const ids = countedTokens(corpus);
  const lengths = segmentLengths(ids, separatorsFor(vocabulary, 'paper'));
  const rules = rulesLike(lengths, 0);
  const share = lengths.length / ids.length;
  return { rules, like: { ...rules, frequency: rarestTokens(ids, vocabulary.vocabularySize, share) } };
}

/** Every model once, however many groups it is in. */
function modelsOf({ groups, trainLength }: AblationSettings): Ablation[] {
  const models = groups.flatMap((group) => ablationsOf(group, trainLength));
  return [...new Map(models.map((model) => [model.id, model])).values()];
}

/** The ablations as a paper item. */
export const tableAblation = defineExperiment<
  AblationSettings,
  PreparedModels<AblationSettings>,
  AblationResult,
  PerplexityRow
>({
  id: 'table-ablation',
  title: 'Ablations: levels, encodings, separators, slopes, a third level',
  question: 'Which parts of BiPE matter for perplexity, at the training length and beyond?',
  claim:
    'The abstract and the summary page name ablations; we have not seen what they measure or find. The method joins an absolute encoding inside segments and a relative one between them, cuts at full stop and newline, and multiplies slopes by 96 (summary page, released code).',
  notebook: 'notebooks/table_ablation.ipynb',
  revision: 2,
  schema: ablationSchema,
  presets: ablationPresets,
  seeds: ({ seeds, chanceSeeds }) => [...seeds, ...chanceSeeds],
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: async (settings, reporter) => {
    const prepared = await prepareLanguageModels(commonSettings(settings), [], reporter);
    const {
      corpus,
      settings: { sources },
    } = prepared.input;
    return { ...prepared, input: { settings: { ...settings, sources }, corpus } };
  },
  run: async (_settings, { settings, corpus }, context) => {
    const { rules, like } = await endsLikePaper(corpus, settings.tokenizer);
    const models = modelsOf(settings);
    const styles = orderedStyles(models.map(({ id }) => id));
    const planned = (seed: number, wanted: (id: string) => boolean): PlannedModel[] =>
      models.flatMap((model, place) => {
        const style = styles[place];
        if (style === undefined || !wanted(model.id)) return [];
        const point = { encoding: model.id, hiddenSize: settings.hiddenSize, seed };
        return [{ point, settings: settingsOf(model, settings, like), style }];
      });
    const runs = await runLanguageModels(
      [
        ...settings.seeds.flatMap((seed) => planned(seed, () => true)),
        ...settings.chanceSeeds.flatMap((seed) => planned(seed, (id) => basesOfAblation.includes(id))),
      ],
      corpus,
      context,
    );
    return { runs, rules };
  },
  scale: (_settings, missing, { settings }) => comparisonScale(settings, missing),
  draw: drawAblations,
  rows: ({ runs }) => perplexityRows(runs),
});
