// One model trained to find facts in short texts, and asked about facts at several depths of longer
// ones: as it was trained, and with its RoPE scaled by YaRN at reading.

import { z } from 'zod';
import { present } from '../../../base/present';
import { checkNeedleShape, needleTokens, writeNeedles } from '../../../data/needle';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { type Corpus } from '../../../data/tokens/corpus';
import { documentSequence } from '../../../data/tokens/sequence';
import { splitDocuments } from '../../../data/tokens/split';
import { Random } from '../../../engine/random/random';
import { type Proportion, proportion } from '../../../evaluate/intervals';
import { evaluateNeedles } from '../../../evaluate/needle';
import { createDecoder, type ModelConfig } from '../../../model/config';
import { type ModelParameters } from '../../../model/parameters';
import { type EncodingConfig } from '../../../positional/registry';
import { type TrainingConfig } from '../../../train/config';
import { textModelConfig } from '../../language-models/runs';
import { corpusConfig, languageModelFields, validationSplit } from '../../language-models/settings';
import { tokensPerSegment } from '../../language-models/text';
import { type ModelPoint } from '../../run/compared-models';
import { trainedRun, type TrainedRunOptions, type TrainingFigures } from '../../run/trained-run';
import { trainingPlan } from '../../run/training-plan';
import { count, type SettingsWith } from '../../settings/fields';
import { scaledEncoding } from '../fig5/runs';

const { documentTokens: _, ...textFields } = languageModelFields;

/** The fields of the settings that all runs of a comparison share. */
export const needleFields = {
  ...textFields,
  separators: z.string().describe('what ends a segment: paper, released, or ids such as 869,13'),
  trainLength: textFields.trainLength.describe('tokens of a text in training, its questions included'),
  lengths: textFields.lengths.describe('tokens of the texts that are asked about, ascending'),
  facts: count.describe('facts in each text; in training a question about each is at its end'),
  depths: count
    .min(2)
    .describe('depths at which facts are asked for, at equal steps from the beginning of a text to its end'),
  questions: count.describe('questions at each depth of each length'),
};

/** Settings that all runs of a comparison share. */
export type NeedleRunSettings = SettingsWith<typeof needleFields>;

/** Facts found at one depth of texts of one length. */
export interface DepthAccuracy {
  /** The share of the text that stands before the fact. */
  readonly depth: number;
  /** About how many tokens the fact stands before its question. */
  readonly distance: number;
  readonly found: Proportion;
}

/** Facts found in texts of one length. */
export interface NeedlesByLength {
  readonly length: number;
  /** From the begin of the text to its end. */
  readonly byDepth: readonly DepthAccuracy[];
}

/** The answers of a model. */
export interface NeedleAnswers {
  readonly byLength: readonly NeedlesByLength[];
  /** The same with YaRN at reading; null for a model that was not asked so. */
  readonly withYarn: readonly NeedlesByLength[] | null;
}

/** The result of a run. */
export type NeedleRun = ModelPoint & NeedleAnswers & TrainingFigures;

const revision = 1;

async function trainingConfig(point: ModelPoint, settings: NeedleRunSettings): Promise<TrainingConfig> {
  return {
    model: await textModelConfig(point, settings),
    task: {
      kind: 'needle',
      ...corpusConfig(settings),
      validationShare: settings.validationShare,
      validationMinimum: validationSplit(settings).minimumLength,
      facts: settings.facts,
      testTexts: 100,
    },
    ...trainingPlan(settings, point.seed, 500),
  };
}

/**
 * Refuses settings in which a text has no room for its facts and questions.
 *
 * @throws ConfigError naming the field
 */
export function checkNeedleSettings({ trainLength, facts }: NeedleRunSettings): void {
  checkNeedleShape({ time: trainLength, facts, asked: facts }, 'trainLength');
}

/**
 * Refuses an encoding that YaRN cannot scale.
 *
 * @throws ConfigError if there is no RoPE in it
 */
export function checkScalable(encoding: EncodingConfig): void {
  scaledEncoding(encoding, 'yarn', { tokens: 1, segments: 1, factor: 1 });
}

/**
 * Trains a model, or goes on, or finds it finished; then asks it.
 *
 * @param withYarn asks it with YaRN at reading, too
 * @throws MachineError if the run was interrupted
 */
export async function needleRun(
  point: ModelPoint,
  settings: NeedleRunSettings,
  withYarn: boolean,
  corpus: Corpus,
  options: TrainedRunOptions,
): Promise<NeedleRun> {
  const { lengths, depths, questions } = settings;
  const training = await trainingConfig(point, settings);
  const { model } = training;
  const run = await trainedRun<NeedleAnswers>(
    {
      item: 'needle',
      revision,
      label: `${point.encoding}, hidden size ${point.hiddenSize}`,
      training,
      data: corpus.data,
      corpus,
      asked: { lengths, depths, questions, withYarn },
      ask: async (_decoder, parameters) => ({
        byLength: await askAll(() => model, parameters, settings, corpus),
        withYarn: withYarn
          ? await askAll(await yarnModels(model, settings, corpus), parameters, settings, corpus)
          : null,
      }),
    },
    options,
  );
  return { ...point, ...run };
}

/** The configuration for texts of a length: RoPE is scaled by as much as they are longer. */
async function yarnModels(
  model: ModelConfig,
  settings: NeedleRunSettings,
  corpus: Corpus,
): Promise<(length: number) => ModelConfig> {
  const { trainLength } = settings;
  const segments = Math.max(1, Math.round(trainLength / (await tokensPerSegment(corpus, settings))));
  return (length) => {
    const lengths = { tokens: trainLength, segments, factor: length / trainLength };
    return { ...model, encoding: scaledEncoding(model.encoding, 'yarn', lengths) };
  };
}

async function askAll(
  modelFor: (length: number) => ModelConfig,
  parameters: ModelParameters,
  settings: NeedleRunSettings,
  corpus: Corpus,
): Promise<NeedlesByLength[]> {
  const { facts, depths, questions } = settings;
  const tokens = needleTokens(await getTokenizer(settings.tokenizer));
  const { validation } = splitDocuments(corpus.documents, validationSplit(settings));
  const held = documentSequence(corpus, validation);
  const found: NeedlesByLength[] = [];
  for (const length of settings.lengths) {
    const decoder = createDecoder(modelFor(length));
    const byDepth: DepthAccuracy[] = [];
    for (let place = 0; place < depths; place += 1) {
      const depth = place / (depths - 1);
      // The same texts for every model.
      const random = Random.fromSeed(0).fork(`needles at ${depth} of ${length} tokens`);
      const shape = { time: length, facts, asked: 1, depth };
      const texts = writeNeedles(held, tokens, shape, random, questions);
      byDepth.push({
        depth,
        distance: Math.round((1 - depth) * length),
        found: await evaluateNeedles(decoder, parameters, texts, length, random.fork('positions')),
      });
    }
    found.push({ length, byDepth });
  }
  return found;
}

/** The facts found at some depths together. */
export function foundAmong(some: readonly DepthAccuracy[]): Proportion {
  const total = (part: 'successes' | 'trials'): number =>
    some.reduce((sum, { found }) => sum + found[part], 0);
  return proportion(total('successes'), total('trials'));
}

/** The facts found in texts of one length, at all depths. */
export function foundAt(byLength: readonly NeedlesByLength[], length: number): Proportion {
  const one = present(
    byLength.find((entry) => entry.length === length),
    `facts in texts of ${length} tokens`,
  );
  return foundAmong(one.byDepth);
}

/** The share of facts that a model finds at one depth of texts of one length. */
export type NeedleRow = Readonly<
  Record<'encoding' | 'reading', string> &
    Record<'hiddenSize' | 'seed' | 'length' | 'depth' | 'distance' | 'found' | 'low' | 'high', number>
>;

/** A row for each model, seed, reading, length and depth. */
export function needleRows(runs: readonly NeedleRun[]): NeedleRow[] {
  return runs.flatMap(({ encoding, hiddenSize, seed, byLength, withYarn }) =>
    [
      { reading: 'as trained', entries: byLength },
      { reading: 'YaRN', entries: withYarn ?? [] },
    ].flatMap(({ reading, entries }) =>
      entries.flatMap(({ length, byDepth }) =>
        byDepth.map(({ depth, distance, found: { share, low, high } }) => ({
          encoding,
          hiddenSize,
          seed,
          reading,
          length,
          depth,
          distance,
          found: share,
          low,
          high,
        })),
      ),
    ),
  );
}
