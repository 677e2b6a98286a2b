// Figure 4: perplexity of language models against the length at which they are read, by encoding:
// trained short, read long. The models are trained here, or are those that the authors released.

import { z } from 'zod';
import { present } from '../../../base/present';
import { parseInside } from '../../../base/schema';
import { paperValue } from '../../paper/values';
import { notMeasured } from '../../run/available';
import { furtherEncodings, mainFour, smallSines } from '../../charts/encoding-pairs';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { drawFig4, type Fig4Result } from './draw';
import {
  compareEncodings,
  comparisonFields,
  comparisonScale,
  type ComparisonSettings,
  type PreparedModels,
  prepareLanguageModels,
} from '../../language-models/comparison';
import { type LanguageModelRunSettings, requireLength } from '../../language-models/settings';
import { counted, encodingsListed, extent, showsThatItRuns } from '../../settings/preset-words';
import {
  prepareReleased,
  releasedCurves,
  type ReleasedInput,
  type ReleasedSettings,
  releasedSettings,
  releasedSettingsSchema,
} from '../../language-models/released-models';
import { type PerplexityRow, perplexityRows } from '../../language-models/rows';

const trainedSchema = z.strictObject(comparisonFields).readonly();

/** Settings: which models are compared, and how they are trained. */
export type Fig4Settings = ComparisonSettings;

const all = [...mainFour, ...furtherEncodings];

/** Small sines, and positions of the randomized form drawn up to the longest block that is read. */
function variantsFor(longest: number): LanguageModelRunSettings['variants'] {
  return {
    sinusoidal: smallSines,
    randomized_rope: { kind: 'randomized', encoding: { kind: 'rope' }, maxPosition: longest },
  };
}

const doublings = (trainLength: number, times: readonly number[]): number[] =>
  times.map((factor) => factor * trainLength);

const small = {
  variants: variantsFor(8192),
  sources: ['moby-dick', 'sotu'],
  tokenizer: 'llama2-2048',
  maxTokens: null,
  separators: 'paper',
  validationShare: 0.1,
  layers: 2,
  heads: 2,
  trainLength: 512,
  batchSize: 4,
  learningRate: 4e-3,
  warmupSteps: 100,
  weightDecay: 0.01,
  clipNorm: 1,
  lengths: doublings(512, [1, 2, 4, 8, 16]),
  documentTokens: 8192,
};

/** Settings: which models are compared, and how they are trained. */
export function describeLanguageModels(settings: Fig4Settings): string {
  const { encodings, layers, hiddenSize, steps, batchSize, trainLength, seeds } = settings;
  return (
    `${encodingsListed(encodings)}; ${counted(layers, 'layer')} of width ${hiddenSize}, ` +
    `${counted(steps, 'step')} of ${counted(batchSize, 'block')} of ${counted(trainLength, 'token')}, ${counted(seeds.length, 'seed')}`
  );
}

/** The scales at which Figure 4 can be measured. */
export const fig4Presets = {
  smoke: {
    description: (settings) => `${describeLanguageModels(settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...small,
      sources: ['sotu'],
      maxTokens: 100_000,
      validationShare: 0.2,
      tokenizer: 'llama2-1024',
      encodings: ['bipe_rope', 'rope'],
      hiddenSize: 32,
      seeds: [1],
      trainLength: 64,
      steps: 20,
      warmupSteps: 5,
      lengths: doublings(64, [1, 4]),
      documentTokens: 256,
    },
  },
  quick: {
    description: (settings) => `small models, on the bundled books: ${describeLanguageModels(settings)}`,
    time: 'about 12 minutes',
    settings: { ...small, encodings: mainFour, hiddenSize: 64, seeds: [1, 2, 3], steps: 2400 },
  },
  evening: {
    description: (settings) =>
      `larger models with Llama 2's tokenizer, on books, papers and code: ${describeLanguageModels(settings)}`,
    time: 'an hour and a half for the main four on books alone, more for all',
    settings: {
      ...small,
      sources: ['moby-dick', 'sotu', 'latex-manuals', 'latex-science', 'npm-sources'],
      tokenizer: 'llama2',
      encodings: all,
      hiddenSize: 128,
      seeds: [1],
      layers: 6,
      heads: 4,
      steps: 5000,
      batchSize: 2,
      learningRate: 2e-3,
      warmupSteps: 200,
    },
  },
  paper: {
    description: (settings) =>
      `the paper's models and recipe, on the text that is available (the whole Pile is not): ${describeLanguageModels(settings)}`,
    time: 'a GPU or a cluster',
    settings: {
      variants: variantsFor(8192),
      sources: ['pg19-validation', 'pile-arxiv', 'pile-github'],
      tokenizer: 'llama2',
      maxTokens: null,
      separators: 'released',
      validationShare: 0.1,
      encodings: all,
      hiddenSize: 768,
      seeds: [1],
      layers: 12,
      heads: 12,
      trainLength: 1024,
      steps: 1_000_000,
      batchSize: 256,
      learningRate: 1e-4,
      warmupSteps: 10_000,
      weightDecay: 0.01,
      clipNorm: 1,
      lengths: doublings(1024, [1, 2, 4, 8]),
      documentTokens: 1_048_576,
    },
  },
} satisfies Presets<Fig4Settings>;

/** Settings of either kind of preset. */
type AnySettings = Fig4Settings | ReleasedSettings;

type Fig4Input =
  | { readonly kind: 'trained'; readonly models: PreparedModels<Fig4Settings> }
  | { readonly kind: 'released'; readonly settings: ReleasedSettings; readonly released: ReleasedInput };

function isReleased(settings: AnySettings): settings is ReleasedSettings {
  return 'checkpoints' in settings;
}

function releasedScale(
  { models, corpora }: ReleasedInput,
  maxTokens: number | null,
  missing: readonly string[],
): string {
  const part =
    maxTokens === null ? '' : `, at most ${maxTokens.toLocaleString('en')} tokens of each at each length`;
  const sources = corpora.flatMap(({ info }) => info.sources.map(({ name }) => name));
  return `The authors' checkpoints ${models.map(({ checkpoint }) => checkpoint.model).join(', ')}, read as by the released code, on ${sources.join(', ')}${part}.${notMeasured(missing)}`;
}

/** Settings with `checkpoints` are those of released models. */
const schema = z.unknown().transform((value, context): AnySettings => {
  const released = typeof value === 'object' && value !== null && 'checkpoints' in value;
  return parseInside<AnySettings>(released ? releasedSettingsSchema : trainedSchema, value, context);
});

/** Released models tell it themselves. */
function trainLengthOf(result: Fig4Result, settings: AnySettings): number {
  return isReleased(settings)
    ? present(result.kind === 'released' ? result.runs[0] : undefined, 'a released model').trainLength
    : settings.trainLength;
}

function paperPerplexity(encoding: string): number {
  return present(paperValue('pg19-perplexity', encoding), `the paper's perplexity of ${encoding}`).value;
}

/** Figure 4 as a paper item. */
export const fig4 = defineExperiment<AnySettings, Fig4Input, Fig4Result, PerplexityRow>({
  id: 'fig4',
  title: 'Figure 4: perplexity beyond the training length',
  question: 'Does a language model still predict well in contexts longer than those of its training?',
  claim: `Trained at 1,024 tokens and read at 8,192 on PG-19, BiPE-ALiBi has a perplexity of ${paperPerplexity('bipe_alibi')}, ALiBi ${paperPerplexity('alibi')}, RoPE ${paperPerplexity('rope')} (public notes on the paper).`,
  notebook: 'notebooks/fig4.ipynb',
  revision: 2,
  schema,
  fieldsOf: z.union([trainedSchema, releasedSettingsSchema]),
  presets: {
    ...fig4Presets,
    released: {
      description: ({ lengths }) =>
        `the authors' published checkpoints, in blocks of ${extent(lengths)} tokens of PG-19, ArXiv and GitHub (downloads)`,
      time: 'the downloads, then hours on a GPU; on two cores a night with maxTokens=400000',
      settings: releasedSettings,
    },
  },
  seeds: (settings) => (isReleased(settings) ? [] : settings.seeds),
  steps: (settings) => (isReleased(settings) ? null : settings.steps),
  inPieces: true,
  usesEngine: true,
  prepare: async (settings, reporter) => {
    if (isReleased(settings)) {
      const prepared = await prepareReleased(settings, { reporter });
      return { ...prepared, input: { kind: 'released', settings, released: prepared.input } };
    }
    requireLength(settings, 'training length', settings.trainLength);
    const prepared = await prepareLanguageModels(settings, settings.encodings, reporter);
    return { ...prepared, input: { kind: 'trained', models: prepared.input } };
  },
  run: async (_settings, input, context) =>
    input.kind === 'trained'
      ? { kind: 'trained', runs: await compareEncodings(input.models, context) }
      : { kind: 'released', runs: await releasedCurves(input.settings, input.released, context) },
  scale: (settings, missing, input) =>
    input.kind === 'trained'
      ? comparisonScale(input.models.settings, missing)
      : releasedScale(input.released, settings.maxTokens, missing),
  draw: (result, settings) => drawFig4(result, trainLengthOf(result, settings)),
  rows: ({ runs }) => perplexityRows(runs),
});
