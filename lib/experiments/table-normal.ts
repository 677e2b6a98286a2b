// The table of data of normal length: perplexity at the training length, by encoding and kind of text.

import { z } from 'zod';
import { messageOf, UsageError } from '../base/errors';
import { type Reporter } from '../base/progress';
import { prepareSource } from '../data/sources/prepare';
import { liveCurves } from '../report/live';
import { encodingStyle } from '../report/style';
import { defineExperiment, type PreparedInput, type Preset, type PresetName } from './experiment';
import { fig4Presets, type Fig4Settings } from './fig4';
import {
  checkLanguageModelSettings,
  type LanguageModelCorpus,
  languageModelFields,
  languageModelRun,
  type LanguageModelRun,
  prepareLanguageModelCorpus,
} from './language-model-runs';
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
    settings: { ...quick.settings, sources: threeKinds, steps: 150, lengths: [quick.settings.trainLength] },
  },
  evening: { ...evening, time: "none after fig4's evening, whose models these are" },
  paper: { ...paper, time: "none after fig4's paper, whose models these are" },
} satisfies Readonly<Partial<Record<PresetName, Preset<NormalSettings>>>>;

/** What a run reads: the settings with the sources that are on this machine, and their corpus. */
interface NormalInput {
  readonly settings: NormalSettings;
  readonly corpus: LanguageModelCorpus;
}

/** Leaves out sources that cannot be had, and says which. */
async function prepare(settings: NormalSettings, reporter: Reporter): Promise<PreparedInput<NormalInput>> {
  checkLanguageModelSettings(settings, settings.encodings);
  const sources: string[] = [];
  const missing: string[] = [];
  for (const name of settings.sources) {
    try {
      await prepareSource(name, { reporter });
      sources.push(name);
    } catch (error) {
      missing.push(`${name}: ${messageOf(error)}`);
    }
  }
  if (sources.length === 0)
    throw new UsageError(`table-normal: none of its data is here: ${missing.join('; ')}`);
  const available = { ...settings, sources };
  const corpus = await prepareLanguageModelCorpus(available, reporter);
  return { input: { settings: available, corpus }, data: corpus.data, missing };
}

/** Perplexity at the training length as a paper item. */
export const tableNormal = defineExperiment<NormalSettings, NormalInput, NormalResult>({
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
  prepare,
  run: async (_settings, { settings, corpus }, { reporter, store, fresh }) => {
    const { encodings, hiddenSize, seeds } = settings;
    const points = seeds.flatMap((seed) => encodings.map((encoding) => ({ encoding, hiddenSize, seed })));
    const curves = liveCurves('Training loss', 'step', 'loss');
    const runs: LanguageModelRun[] = [];
    for (const [index, point] of points.entries()) {
      const style = encodingStyle(point.encoding, encodings);
      reporter.note(`run ${index + 1} of ${points.length}: ${style.name}, seed ${point.seed}`);
      const onCurve = (step: number, loss: number): void => {
        curves.add(`${style.name} ${point.seed}`, style, step, loss);
      };
      runs.push(await languageModelRun(point, settings, corpus, { store, reporter, fresh, onCurve }));
    }
    curves.finish();
    return { runs };
  },
  scale: ({ sources, tokenizer, hiddenSize, layers, trainLength, steps, batchSize, seeds }, missing) =>
    `Measured on ${sources.join(', ')} (tokenizer ${tokenizer}), ${layers} layers of width ${hiddenSize}, ${steps.toLocaleString('en')} steps of ${batchSize} blocks of ${trainLength} tokens, ` +
    `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}; the paper's models have 12 layers of width 768 and 1,000,000 steps of 256 blocks of 1,024 tokens.` +
    (missing.length === 0 ? '' : ` Not measured on this machine: ${missing.join('; ')}.`),
  draw: drawNormal,
});
