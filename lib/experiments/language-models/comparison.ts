// Comparisons of language models: their settings, the sources that this machine has, and one model
// trained after the other.

import { UsageError } from '../../base/errors';
import { type Reporter } from '../../base/progress';
import { prepareSource } from '../../data/sources/prepare';
import { type Corpus } from '../../data/tokens/corpus';
import { prepareCorpus } from '../../data/tokens/prepare';
import { encodingStyle, type SeriesStyle } from '../../report/style';
import { absentNames, available, notMeasured } from '../run/available';
import { type ModelPoint, modelPoints, runEach, trainingCost } from '../run/compared-models';
import { type PreparedInput, type RunContext } from '../run/definition';
import { type TrainedRunOptions } from '../run/trained-run';
import { languageModelRun, type LanguageModelRun } from './runs';
import {
  checkLanguageModelSettings,
  corpusConfig,
  languageModelFields,
  type LanguageModelRunSettings,
} from './settings';
import { unreadModalities } from './text';
import { count, encodingFields, type SettingsWith } from '../settings/fields';
import { counted } from '../settings/preset-words';

/** The fields of a comparison's settings, for the schemas of items. */
export const comparisonFields = {
  ...encodingFields,
  hiddenSize: count.describe('width of the models'),
  ...languageModelFields,
};

/** Settings: which models are compared, and how they are trained. */
export type ComparisonSettings = SettingsWith<typeof comparisonFields>;

/**
 * A sentence: at which scale a comparison is measured, and how that differs from the paper's.
 *
 * @param settings their sources are those that were read
 */
export function comparisonScale(
  settings: Pick<
    ComparisonSettings,
    | 'sources'
    | 'tokenizer'
    | 'maxTokens'
    | 'documentTokens'
    | 'hiddenSize'
    | 'layers'
    | 'trainLength'
    | 'steps'
    | 'batchSize'
    | 'seeds'
  >,
  missing: readonly string[],
): string {
  const { sources, tokenizer, hiddenSize, layers, trainLength, steps, batchSize, seeds } = settings;
  const tokens = (count: number): string => `at most ${count.toLocaleString('en')} tokens`;
  const part = settings.maxTokens === null ? '' : `, ${tokens(settings.maxTokens)} in all`;
  return (
    `Measured on ${sources.join(', ')} (tokenizer ${tokenizer})${part}, ${tokens(settings.documentTokens)} of each held-out document; ${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')} of ${counted(batchSize, 'block')} of ${counted(trainLength, 'token')}, ` +
    `${counted(seeds.length, 'seed')}; the paper's models have 12 layers of width 768 and 1,000,000 steps of 256 blocks of 1,024 tokens.${notMeasured(missing)}`
  );
}

/**
 * Input of the runs of a comparison: the settings with the sources that are on this machine, and
 * their corpus, open.
 */
export interface PreparedModels<Settings> {
  readonly settings: Settings;
  readonly corpus: Corpus;
}

/**
 * Checks settings, and opens the corpus that they read. Sources that cannot be had are left out and
 * named; so are kinds of text on which nothing can be measured.
 *
 * @throws ConfigError, UsageError for settings that no run would accept; UsageError if not one
 *   source is here
 * @throws DataError, MachineError for a damaged source, or a full disk
 */
export async function prepareLanguageModels<Settings extends LanguageModelRunSettings>(
  settings: Settings,
  encodings: readonly string[],
  reporter: Reporter,
): Promise<PreparedInput<PreparedModels<Settings>>> {
  checkLanguageModelSettings(settings, encodings);
  const { had, absent } = await available(settings.sources, (name) => prepareSource(name, { reporter }));
  const missing = absentNames(absent);
  const sources = had.map(({ info }) => info.name);
  if (sources.length === 0) throw new UsageError(`none of the sources is here: ${missing.join('; ')}`);
  const prepared = { ...settings, sources };
  const corpus = await prepareCorpus(corpusConfig(prepared), { reporter });
  const { data, close } = corpus;
  try {
    const longest = Math.max(...settings.lengths).toLocaleString('en');
    for (const kind of unreadModalities(corpus, prepared))
      missing.push(`${kind}: no validation document of ${longest} tokens`);
  } catch (error) {
    close();
    throw error;
  }
  return { input: { settings: prepared, corpus }, data, missing, close };
}

/** A model that is to be trained and read, and how its curve is drawn. */
export interface PlannedModel {
  readonly point: ModelPoint;
  readonly settings: LanguageModelRunSettings;
  /** Its name is the model's for readers. */
  readonly style: SeriesStyle;
}

/** Trains models, or finds them trained; each reads the held-out documents. */
export function runLanguageModels(
  models: readonly PlannedModel[],
  corpus: Corpus,
  context: RunContext,
): Promise<LanguageModelRun[]> {
  const planned = models.map(({ point, settings, style }) => ({
    style,
    which: `seed ${point.seed}`,
    cost: trainingCost({ ...settings, ...point, time: settings.trainLength }),
    run: (options: TrainedRunOptions) => languageModelRun(point, settings, corpus, options),
  }));
  return runEach(planned, context);
}

/** The models of a comparison of encodings, trained and read. */
export function compareEncodings(
  { settings, corpus }: PreparedModels<ComparisonSettings>,
  context: RunContext,
): Promise<LanguageModelRun[]> {
  const { encodings, hiddenSize, seeds } = settings;
  const models = modelPoints({ encodings, hiddenSizes: [hiddenSize], seeds }).map((point) => ({
    point,
    settings,
    style: encodingStyle(point.encoding, encodings),
  }));
  return runLanguageModels(models, corpus, context);
}
