// Needle in a haystack: facts hidden in real text and asked for at its end. Perplexity hardly tells
// whether a model can use what stands far back, since most tokens are predicted from near ones;
// here the answer stands nowhere else.

import { z } from 'zod';
import { type Corpus } from '../../../data/tokens/corpus';
import { prepareCorpus } from '../../../data/tokens/prepare';
import { encodingNamed } from '../../../positional/registry';
import { encodingStyle } from '../../../report/style';
import { mainFour } from '../../charts/encoding-pairs';
import { corpusConfig, requireLength } from '../../language-models/settings';
import { modelPoints, runEach, trainingCost } from '../../run/compared-models';
import { type Presets } from '../../run/definition';
import { defineExperiment } from '../../run/experiment';
import { type TrainedRunOptions } from '../../run/trained-run';
import { count, encodingFields } from '../../settings/fields';
import { counted, encodingsListed, extent, showsThatItRuns } from '../../settings/preset-words';
import { drawNeedle, type NeedleResult } from './draw';
import {
  checkNeedleSettings,
  checkScalable,
  needleFields,
  type NeedleRow,
  needleRows,
  needleRun,
} from './runs';

const schema = z
  .strictObject({
    ...encodingFields,
    yarn: z
      .array(z.string())
      .readonly()
      .describe('those of the encodings that are read with YaRN, too; there must be RoPE in them'),
    hiddenSize: count.describe('width of the models'),
    ...needleFields,
  })
  .superRefine(({ lengths, trainLength }, context) => {
    const longest = Math.max(...lengths);
    if (longest <= trainLength)
      context.addIssue({
        code: 'custom',
        path: ['lengths'],
        message: `the longest is ${longest}; it must be over ${trainLength}, the training length`,
      });
  })
  .readonly();

/** Settings: which models are compared, how they are trained, and what they are asked. */
export type NeedleSettings = z.infer<typeof schema>;

const main = [...mainFour, 'none'];

const small = {
  encodings: main,
  variants: {},
  yarn: ['rope'],
  seeds: [1],
  sources: ['moby-dick', 'sotu'],
  tokenizer: 'llama2-2048',
  maxTokens: null,
  separators: 'paper',
  validationShare: 0.1,
  hiddenSize: 64,
  layers: 2,
  heads: 4,
  trainLength: 128,
  steps: 600,
  batchSize: 64,
  learningRate: 6e-3,
  warmupSteps: 100,
  weightDecay: 0.01,
  clipNorm: 1,
  facts: 1,
  lengths: [128, 256, 512, 1024],
  depths: 5,
  questions: 100,
};

/** A sentence: what is compared, how it is trained, and what it is asked. */
function describe(settings: NeedleSettings): string {
  const { encodings, facts, hiddenSize, layers, lengths, seeds, steps, trainLength } = settings;
  return (
    `${encodingsListed(encodings)}; ${counted(facts, 'fact')} in each text, trained at ${counted(trainLength, 'token')}, read at ${extent(lengths)}; ` +
    `${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')}, ${counted(seeds.length, 'seed')}`
  );
}

/** The scales at which it can be measured. */
export const needlePresets = {
  smoke: {
    description: (settings) => `${describe(settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...small,
      encodings: ['bipe_rope', 'rope'],
      sources: ['sotu'],
      maxTokens: 100_000,
      validationShare: 0.2,
      hiddenSize: 32,
      trainLength: 48,
      steps: 20,
      batchSize: 8,
      warmupSteps: 5,
      lengths: [48, 96],
      depths: 3,
      questions: 10,
    },
  },
  quick: {
    description: (settings) => `small models, on the bundled books: ${describe(settings)}`,
    time: 'about 5 minutes',
    settings: small,
  },
  evening: {
    description: (settings) =>
      `more encodings, seeds and facts among which one is asked for: ${describe(settings)}`,
    time: 'several hours',
    settings: {
      ...small,
      encodings: [...main, 'cope', 'hope', 'partial_rope', 'nope_window'],
      yarn: ['rope', 'bipe_rope'],
      seeds: [1, 2, 3],
      facts: 4,
      trainLength: 256,
      lengths: [256, 512, 1024, 2048],
      steps: 4000,
      batchSize: 32,
      learningRate: 4e-3,
      depths: 9,
      questions: 200,
    },
  },
} satisfies Presets<NeedleSettings>;

/** The item. */
export const needle = defineExperiment<NeedleSettings, Corpus, NeedleResult, NeedleRow>({
  id: 'needle',
  title: 'Needle in a haystack: facts found far back, by encoding',
  question: 'Which encodings find a fact that stands farther back than any in training?',
  answer: / finds more of the facts that stand farther back /,
  claim:
    'We know of no such measurement of the paper. It reports perplexity, which a model can keep low by looking at near tokens alone.',
  notebook: 'notebooks/needle.ipynb',
  revision: 1,
  schema,
  presets: needlePresets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: async (settings, reporter) => {
    // Settings that no run would accept are refused before the first one.
    for (const name of settings.encodings) {
      const encoding = encodingNamed(name, settings.variants);
      if (settings.yarn.includes(name)) checkScalable(encoding);
    }
    checkNeedleSettings(settings);
    requireLength(settings, 'training length', settings.trainLength);
    const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
    return { input: corpus, data: corpus.data, missing: [], close: corpus.close };
  },
  run: async (settings, corpus, context) => {
    const { encodings, hiddenSize, seeds, yarn } = settings;
    const planned = modelPoints({ encodings, hiddenSizes: [hiddenSize], seeds }).map((point) => ({
      style: encodingStyle(point.encoding, encodings),
      which: `seed ${point.seed}`,
      cost: trainingCost({ ...settings, time: settings.trainLength }),
      run: (options: TrainedRunOptions) =>
        needleRun(point, settings, yarn.includes(point.encoding), corpus, options),
    }));
    return { runs: await runEach(planned, context) };
  },
  scale: ({
    sources,
    tokenizer,
    facts,
    trainLength,
    hiddenSize,
    layers,
    steps,
    batchSize,
    seeds,
    questions,
  }) =>
    `Measured on ${sources.join(', ')} (tokenizer ${tokenizer}), ${counted(facts, 'fact')} in each text; ${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')} of ${counted(batchSize, 'text')} of ${counted(trainLength, 'token')}, ` +
    `${counted(seeds.length, 'seed')}, ${counted(questions, 'question')} at each depth of each length. The paper has no such training.`,
  draw: drawNeedle,
  rows: ({ runs }) => needleRows(runs),
});
