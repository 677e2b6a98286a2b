// What comparisons of language models have in common: their settings, the sources that this machine
// has, and one model trained after the other.

import { UsageError } from '../../base/errors';
import { type Reporter } from '../../base/progress';
import { prepareSource } from '../../data/sources/prepare';
import { liveCurves } from '../../report/notebook/live';
import { encodingStyle, type SeriesStyle } from '../../report/style';
import { absentNames, available, notMeasured } from '../run/available';
import { type PreparedInput, type RunContext } from '../run/experiment';
import { languageModelRun, type LanguageModelRun, type LanguageModelRunPoint } from './runs';
import { checkLanguageModelSettings, languageModelFields, type LanguageModelRunSettings } from './settings';
import { type LanguageModelCorpus, prepareLanguageModelCorpus } from './text';
import { count, encodingFields, type SettingsWith } from '../settings/fields';
import { counted } from '../settings/preset-words';

/** The fields of a comparison's settings, for the schemas of items. */
export const comparisonFields = {
  ...encodingFields,
  hiddenSize: count.describe('width of the models'),
  ...languageModelFields,
};

/** Which models are compared, and how they are trained. */
export interface ComparisonSettings extends SettingsWith<typeof comparisonFields> {}

/** A model for each encoding and seed. */
function comparisonPoints({ encodings, hiddenSize, seeds }: ComparisonSettings): LanguageModelRunPoint[] {
  // One seed of everything before the next seed, so that an interrupted comparison is a comparison
  // already.
  return seeds.flatMap((seed) => encodings.map((encoding) => ({ encoding, hiddenSize, seed })));
}

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
    `Measured on ${sources.join(', ')} (tokenizer ${tokenizer})${part}, ${tokens(settings.documentTokens)} of each held-out document; ${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')} of ${counted(batchSize, 'block')} of ${trainLength} tokens, ` +
    `${counted(seeds.length, 'seed')}; the paper's models have 12 layers of width 768 and 1,000,000 steps of 256 blocks of 1,024 tokens.${notMeasured(missing)}`
  );
}

/**
 * What the runs of a comparison read: the settings with the sources that are on this machine, and
 * their corpus.
 */
export interface PreparedModels<Settings> {
  readonly settings: Settings;
  readonly corpus: LanguageModelCorpus;
}

/**
 * Checks settings, and makes ready what they read. Sources that cannot be had are left out and
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
  const corpus = await prepareLanguageModelCorpus(prepared, reporter);
  const longest = Math.max(...settings.lengths).toLocaleString('en');
  missing.push(...corpus.unread.map((kind) => `${kind}: no validation document of ${longest} tokens`));
  return { input: { settings: prepared, corpus }, data: corpus.data, missing };
}

/** A model that is to be trained and read, and how its curve is drawn. */
export interface PlannedModel {
  readonly point: LanguageModelRunPoint;
  readonly settings: LanguageModelRunSettings;
  /** Its name is the model's for readers. */
  readonly style: SeriesStyle;
}

/**
 * Trains models one after the other, or finds them trained, with live curves of their losses; each
 * reads the validation documents.
 */
export async function runLanguageModels(
  models: readonly PlannedModel[],
  corpus: LanguageModelCorpus,
  { reporter, store, fresh }: RunContext,
): Promise<LanguageModelRun[]> {
  const curves = liveCurves('Training loss', 'step', 'loss');
  const runs: LanguageModelRun[] = [];
  for (const [index, { point, settings, style }] of models.entries()) {
    reporter.note(`run ${index + 1} of ${models.length}: ${style.name}, seed ${point.seed}`);
    const onCurve = (step: number, loss: number): void => {
      curves.add(`${style.name} ${point.seed}`, style, step, loss);
    };
    runs.push(await languageModelRun(point, settings, corpus, { store, reporter, fresh, onCurve }));
  }
  curves.finish();
  return runs;
}

/** The models of a comparison of encodings, trained and read. */
export async function compareEncodings(
  { settings, corpus }: PreparedModels<ComparisonSettings>,
  context: RunContext,
): Promise<LanguageModelRun[]> {
  const models = comparisonPoints(settings).map((point) => ({
    point,
    settings,
    style: encodingStyle(point.encoding, settings.encodings),
  }));
  return runLanguageModels(models, corpus, context);
}
