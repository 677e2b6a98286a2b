// What comparisons of language models have in common: they read the sources that this machine has, and train one model after the other.

import { UsageError } from '../base/errors';
import { type Reporter } from '../base/progress';
import { prepareSource } from '../data/sources/prepare';
import { liveCurves } from '../report/live';
import { encodingStyle } from '../report/style';
import { absentNames, available } from './available';
import { type PreparedInput, type RunContext } from './experiment';
import {
  checkLanguageModelSettings,
  type LanguageModelCorpus,
  languageModelRun,
  type LanguageModelRun,
  type LanguageModelRunPoint,
  type LanguageModelRunSettings,
  prepareLanguageModelCorpus,
} from './language-model-runs';

/** What the runs of a comparison read: the settings with the sources that are on this machine, and their corpus. */
export interface PreparedModels<Settings> {
  readonly settings: Settings;
  readonly corpus: LanguageModelCorpus;
}

/**
 * Checks settings, and makes ready what they read. Sources that cannot be had are left out and named.
 *
 * @throws ConfigError, UsageError for settings that no run would accept; UsageError if not one source is here
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
  return { input: { settings: prepared, corpus }, data: corpus.data, missing };
}

/** Trains models, or finds them trained, with live curves of their losses. */
export async function trainLanguageModels(
  points: readonly LanguageModelRunPoint[],
  { settings, corpus }: PreparedModels<LanguageModelRunSettings>,
  { reporter, store, fresh }: RunContext,
): Promise<LanguageModelRun[]> {
  const encodings = [...new Set(points.map(({ encoding }) => encoding))];
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
  return runs;
}
