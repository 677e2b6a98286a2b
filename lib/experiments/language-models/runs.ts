// One language model trained on a corpus, and its perplexity on the corpus' validation documents,
// read at several lengths: the unit of which Figures 4 and 5 and the tables of language models are
// made.

import { present } from '../../base/present';
import { type Reporter } from '../../base/progress';
import { libraryVersion } from '../../base/version';
import { type Modality } from '../../data/sources/source';
import { type Corpus } from '../../data/tokens/corpus';
import { getTokenizer } from '../../data/tokenizers/registry';
import { Random } from '../../engine/random/random';
import { evaluatePerplexity, type PerplexityByLength } from '../../evaluate/perplexity';
import { type Checkpoint, loadCheckpoint } from '../../model/files/checkpoint';
import { type ModelConfig } from '../../model/config';
import { disposeParameters } from '../../model/parameters';
import { createEncoding, type EncodingConfig } from '../../positional/registry';
import { separatorsFor } from '../../segment/separators';
import { type TrainingConfig } from '../../train/config';
import {
  corpusConfig,
  encodingOf,
  type LanguageModelRunSettings,
  type SegmentEndsName,
  validationSplit,
} from './settings';
import { type ValidationDocument, validationDocuments } from './text';
import { type ModelPoint } from '../run/compared-models';
import { type Measured, measured } from '../run/measured';
import { type RunConfiguration, type RunStore } from '../run/store';
import {
  trainedCheckpoint,
  trainedModel,
  trainedRun,
  type TrainedRunOptions,
  type Training,
  type TrainingFigures,
} from '../run/trained-run';
import { comparedModel, trainingPlan } from '../run/training-plan';

/** Perplexity on one kind of text. */
export interface ModalityPerplexity {
  readonly modality: Modality;
  /** Ascending in length, all of the same documents. */
  readonly byLength: readonly PerplexityByLength[];
}

/** A model's perplexities on the held-out documents. */
export interface LanguageModelAnswers extends ModelPoint {
  /** In the order in which the sources name the kinds of text. */
  readonly modalities: readonly ModalityPerplexity[];
}

/** The result of a run. */
export type LanguageModelRun = LanguageModelAnswers & TrainingFigures;

/**
 * Of what a model of this encoding is trained and judged by. Where it sees the length of a
 * sequence, as dynamic scaling does, the loss is that of all tokens since revision 2.
 */
function revisionOf(encoding: EncodingConfig): number {
  return createEncoding(encoding).seesLength === true ? 2 : 1;
}

/** Segment ends of each level: the same everywhere, unless each level has its own. */
function levelEnds(
  separators: LanguageModelRunSettings['separators'],
  levels: number,
): readonly SegmentEndsName[] {
  return typeof separators === 'string' ? Array.from({ length: levels }, () => separators) : separators;
}

/** The settings that decide what a model is. */
type ModelSettings = Pick<
  LanguageModelRunSettings,
  'variants' | 'tokenizer' | 'separators' | 'trainLength' | 'layers' | 'heads'
>;

/** The model at a point of a comparison, over the vocabulary of its tokenizer. */
export async function textModelConfig(point: ModelPoint, settings: ModelSettings): Promise<ModelConfig> {
  const encoding = encodingOf(point.encoding, settings);
  const tokenizer = await getTokenizer(settings.tokenizer);
  const { levels } = createEncoding(encoding);
  return {
    ...comparedModel(point, settings),
    vocabSize: tokenizer.vocabularySize,
    trainLength: settings.trainLength,
    separators: levelEnds(settings.separators, levels - 1).map((ends) =>
      typeof ends === 'string' ? separatorsFor(tokenizer, ends) : ends,
    ),
    encoding,
  };
}

/** The training of a run. */
export async function languageModelTraining(
  point: ModelPoint,
  settings: LanguageModelRunSettings,
): Promise<TrainingConfig> {
  const { initialCheckpoint } = settings;
  return {
    model: await textModelConfig(point, settings),
    task: {
      kind: 'corpus',
      ...corpusConfig(settings),
      validationShare: settings.validationShare,
      validationMinimum: validationSplit(settings).minimumLength,
      blocks: 'concatenated',
    },
    ...trainingPlan(settings, point.seed, 500),
    ...(initialCheckpoint === undefined ? {} : { initialCheckpoint }),
  };
}

/** A run without its evaluation. */
async function trainingOf(
  point: ModelPoint,
  settings: LanguageModelRunSettings,
  corpus: Corpus,
): Promise<Training> {
  const training = await languageModelTraining(point, settings);
  const revision = revisionOf(training.model.encoding);
  return { item: 'language-model', revision, training, data: corpus.data, corpus };
}

/** The folder of a run's model, as `loadCheckpoint` reads it, finished or not. */
export async function languageModelCheckpoint(
  point: ModelPoint,
  settings: LanguageModelRunSettings,
  corpus: Corpus,
  store: RunStore,
): Promise<string> {
  return trainedCheckpoint(await trainingOf(point, settings, corpus), store);
}

/**
 * Trains a model, or goes on, or finds it finished; nothing is read with it. Returns its folder, as
 * `loadCheckpoint` reads it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function trainedLanguageModel(
  point: ModelPoint,
  settings: LanguageModelRunSettings,
  corpus: Corpus,
  options: TrainedRunOptions,
): Promise<string> {
  const run = await trainingOf(point, settings, corpus);
  await trainingFigures(point, run, options);
  return trainedModel(run, options);
}

function trainingFigures(
  point: ModelPoint,
  run: Training,
  options: TrainedRunOptions,
): Promise<TrainingFigures> {
  const label = labelOf(point);
  return trainedRun<object>({ ...run, label, asked: {}, ask: () => Promise.resolve({}) }, options);
}

function labelOf({ encoding, hiddenSize }: ModelPoint): string {
  return `${encoding}, hidden size ${hiddenSize}`;
}

/**
 * Trains a model, or goes on, or finds it finished; then reads the validation documents with it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function languageModelRun(
  point: ModelPoint,
  settings: LanguageModelRunSettings,
  corpus: Corpus,
  options: TrainedRunOptions,
): Promise<LanguageModelRun> {
  const run = await trainingOf(point, settings, corpus);
  const figures = await trainingFigures(point, run, options);
  const model: ReadModel = {
    identity: { training: run.training },
    encoding: run.training.model.encoding,
    label: labelOf(point),
    seed: point.seed,
    open: async () => loadCheckpoint(await trainedModel(run, options)),
  };
  const modalities = await perplexityByModality(model, settings, corpus, options);
  return { ...point, modalities, ...figures };
}

/** A model that is to read. */
export interface ReadModel {
  /** Everything that its parameters and its configuration depend on. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** By which it reads. */
  readonly encoding: EncodingConfig;
  /** Its name in the provenance. */
  readonly label: string;
  readonly seed: number;
  /** Loads it; its parameters are the caller's to dispose. */
  readonly open: () => Promise<Pick<Checkpoint, 'decoder' | 'parameters'>>;
}

/** A perplexity on each kind of text, at one length. */
type AtLength = readonly { readonly modality: Modality; readonly perplexity: PerplexityByLength }[];

/**
 * A model's perplexity at each length, for each kind of text: those that are in the store, and the
 * others measured now. Each length is a run of its own, so another comparison that reads the same
 * text at some of the lengths finds those; the model is loaded once, when it is first needed.
 */
export async function perplexityByModality(
  model: ReadModel,
  settings: LanguageModelRunSettings,
  corpus: Corpus,
  context: TrainedRunOptions,
): Promise<ModalityPerplexity[]> {
  const { reporter } = context;
  const found: AtLength[] = [];
  let reading: Reading | undefined;
  try {
    for (const length of settings.lengths) {
      const configuration: RunConfiguration = {
        item: 'language-model-perplexity',
        revision: revisionOf(model.encoding),
        libraryVersion,
        settings: { ...model.identity, ...textRead(settings), length },
        data: corpus.data,
      };
      const work = async (): Promise<Measured<AtLength>> => {
        reading ??= { documents: validationDocuments(corpus, settings), model: await model.open() };
        return { result: await perplexitiesAt(length, reading, settings.trainLength, reporter) };
      };
      const labels = {
        label: `${model.label}, ${length} tokens`,
        seeds: [model.seed],
        steps: settings.steps,
      };
      const { result } = await measured(context, configuration, labels, work);
      found.push(result);
    }
  } finally {
    if (reading) disposeParameters(reading.model.parameters);
  }
  return (found[0] ?? []).map(({ modality }, place) => ({
    modality,
    byLength: found.map((atLength) => present(atLength[place], modality).perplexity),
  }));
}

/**
 * The part of the settings that decides which documents are read, and where they are cut: of the
 * lengths only the longest.
 */
function textRead({ lengths, documentTokens, validationShare }: LanguageModelRunSettings) {
  return { longest: Math.max(...lengths), documentTokens, validationShare };
}

/** A model on hand, and what it reads. */
interface Reading {
  readonly documents: readonly ValidationDocument[];
  readonly model: Pick<Checkpoint, 'decoder' | 'parameters'>;
}

async function perplexitiesAt(
  length: number,
  { documents, model: { decoder, parameters } }: Reading,
  trainLength: number,
  reporter: Reporter,
): Promise<AtLength> {
  const modalities = [...new Set(documents.map(({ modality }) => modality))];
  const found: { modality: Modality; perplexity: PerplexityByLength }[] = [];
  for (const modality of modalities) {
    const ids = documents.filter((document) => document.modality === modality).map((one) => one.ids);
    const perplexity = await evaluatePerplexity(decoder, parameters, ids, length, {
      // The same draws for each model, so that they are compared on the same ones.
      random: Random.fromSeed(0).fork(`perplexity of ${modality} at ${length}`),
      bins: Math.max(8, Math.round((2 * length) / trainLength)),
      reporter,
    });
    found.push({ modality, perplexity });
  }
  return found;
}

/** The perplexity of a run at one length, on one kind of text. */
export function perplexityAt(
  { modalities }: Pick<LanguageModelAnswers, 'modalities'>,
  modality: Modality,
  length: number,
): PerplexityByLength {
  const byLength = modalities.find((one) => one.modality === modality)?.byLength;
  return present(
    byLength?.find((one) => one.length === length),
    `perplexity of ${modality} at ${length}`,
  );
}
