// One language model trained on a corpus, and its perplexity on the corpus' validation documents, read at several lengths: the unit of
// which Figures 4 and 5 and the tables of language models are made.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { present } from '../base/present';
import { type Modality } from '../data/sources/source';
import { type Corpus } from '../data/tokens/corpus';
import { type CorpusConfig, prepareCorpus } from '../data/tokens/prepare';
import { splitDocuments, type ValidationSplit } from '../data/tokens/split';
import { getTokenizer } from '../data/tokenizers/registry';
import { type ProductType } from '../engine/graph/program';
import { Random } from '../engine/random';
import { evaluatePerplexity, type PerplexityByLength } from '../evaluate/perplexity';
import { type ModelConfig } from '../model/config';
import { type Decoder } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';
import { createEncoding, type EncodingConfig, encodingNamed, encodingSchema } from '../positional/registry';
import { type Reporter } from '../base/progress';
import { type DataSource } from '../report/provenance';
import { type SegmentEnds, segmentEndsSchema } from '../segment/ends';
import { segmentLengths } from '../segment/lengths';
import { separatorsFor } from '../segment/separators';
import { defaultAdamW } from '../train/adamw';
import { type TrainingConfig } from '../train/config';
import { type RunStore } from './run-store';
import {
  trainedCheckpoint,
  trainedRun,
  type TrainedRunOptions,
  type TrainedRunSpec,
  type TrainingFigures,
} from './trained-run';

/** What all runs of a comparison share. */
export interface LanguageModelRunSettings {
  /** Encodings by names that the registry does not have, as for ablations, or has with other settings. */
  readonly variants: Readonly<Record<string, EncodingConfig>>;
  /** Names of data sources (`bipe data list`). */
  readonly sources: readonly string[];
  readonly tokenizer: string;
  /** At most so many tokens of the sources are read; null: all. */
  readonly maxTokens: number | null;
  /**
   * What ends segments: `paper`, `released`, or ids. For ablations, what ends those of each level but the outermost, innermost first.
   */
  readonly separators: string | readonly SegmentEndsName[];
  /** The share of the tokens that is kept, in whole documents, for the evaluation. */
  readonly validationShare: number;
  readonly layers: number;
  readonly heads: number;
  /** Tokens of a training block. */
  readonly trainLength: number;
  /** Updates of the parameters. */
  readonly steps: number;
  readonly batchSize: number;
  /** The highest, after the warm-up; it then falls linearly to 0. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** The largest norm of the gradient; null: no clipping. */
  readonly clipNorm: number | null;
  /** What training rounds matrix products to; evaluations are in float32. Default `float32`. */
  readonly products?: ProductType;
  /** The folder of a checkpoint to go on from: a finetuning. Left out: parameters are drawn. */
  readonly initialCheckpoint?: string;
  /** Tokens of a block, ascending: at each, the same text is read. */
  readonly lengths: readonly number[];
  /** At most so many tokens of each validation document are read; a multiple of the longest length. */
  readonly documentTokens: number;
}

/** What ends the segments of a level: separators as text, in the vocabulary of any tokenizer, or a rule. */
export type SegmentEndsName = string | SegmentEnds;

/** What differs between runs. */
export interface LanguageModelRunPoint {
  /** A name of the encodings' registry, or of the variants. */
  readonly encoding: string;
  readonly hiddenSize: number;
  readonly seed: number;
}

/** Perplexity on one kind of text. */
export interface ModalityPerplexity {
  readonly modality: Modality;
  /** Ascending in length, all of the same documents. */
  readonly byLength: readonly PerplexityByLength[];
}

/** What a model makes of the validation documents. */
export interface LanguageModelAnswers extends LanguageModelRunPoint {
  /** In the order in which the sources name the kinds of text. */
  readonly modalities: readonly ModalityPerplexity[];
}

/** What came of a run. */
export type LanguageModelRun = LanguageModelAnswers & TrainingFigures;

const count = z.int().min(1);

/** The fields of the settings, for the schemas of items. */
export const languageModelFields = {
  variants: z.record(z.string(), encodingSchema),
  sources: z.array(z.string()).min(1),
  tokenizer: z.string(),
  maxTokens: count.nullable(),
  separators: z.union([z.string(), z.array(z.union([z.string(), segmentEndsSchema]))]),
  validationShare: z.number().positive().lt(1),
  layers: count,
  heads: count,
  trainLength: count.min(2),
  steps: count,
  batchSize: count,
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  weightDecay: z.number().min(0),
  clipNorm: z.number().positive().nullable(),
  products: z.enum(['float32', 'bfloat16']).exactOptional(),
  lengths: z.array(count.min(2)).min(1),
  documentTokens: count,
};

/** A corpus that was made ready for a comparison: what every run of it reads. */
export interface LanguageModelCorpus {
  /** Sources with checksums. */
  readonly data: readonly DataSource[];
}

const revision = 1;

/** The encoding that a name stands for: of the variants first, then of the registry. */
export function encodingOf(
  name: string,
  { variants }: Pick<LanguageModelRunSettings, 'variants'>,
): EncodingConfig {
  return variants[name] ?? encodingNamed(name);
}

/**
 * Refuses settings that no run would accept, before the first one runs.
 *
 * @throws ConfigError, UsageError naming the field
 */
export function checkLanguageModelSettings(
  { lengths, documentTokens, ...settings }: LanguageModelRunSettings,
  encodings: readonly string[],
): void {
  for (const name of encodings) encodingOf(name, settings);
  const longest = Math.max(...lengths);
  if (documentTokens % longest !== 0)
    throw new ConfigError(
      `documentTokens: ${documentTokens} is no multiple of the longest length, ${longest}; give e.g. ${Math.max(1, Math.round(documentTokens / longest)) * longest}`,
    );
  const uneven = lengths.find((length) => longest % length !== 0);
  if (uneven !== undefined)
    throw new ConfigError(
      `lengths: ${uneven} does not divide ${longest}, the longest, so both would not read the same text; give lengths such as ${settings.trainLength}, ${2 * settings.trainLength}, ${4 * settings.trainLength}`,
    );
}

function corpusConfig({ sources, tokenizer, maxTokens }: LanguageModelRunSettings): CorpusConfig {
  return { sources, tokenizer, ...(maxTokens === null ? {} : { maxTokens }) };
}

/** A document is only kept for the evaluation if a block of every length fits. */
function splitOf({ validationShare, lengths }: LanguageModelRunSettings): ValidationSplit {
  return { validationShare, minimumLength: Math.max(...lengths) };
}

/** Makes the corpus ready: its text is fetched, checked and turned into tokens, unless that is done. */
export async function prepareLanguageModelCorpus(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<LanguageModelCorpus> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    return { data: corpus.data };
  } finally {
    corpus.close();
  }
}

/** What ends the segments of so many levels: the same everywhere, unless each level has its own. */
function levelEnds(
  separators: LanguageModelRunSettings['separators'],
  levels: number,
): readonly SegmentEndsName[] {
  return typeof separators === 'string' ? Array.from({ length: levels }, () => separators) : separators;
}

async function modelConfig(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
): Promise<ModelConfig> {
  const encoding = encodingOf(point.encoding, settings);
  const tokenizer = await getTokenizer(settings.tokenizer);
  const { levels } = createEncoding(encoding);
  return {
    style: 'llama',
    vocabSize: tokenizer.vocabularySize,
    hiddenSize: point.hiddenSize,
    intermediateSize: 4 * point.hiddenSize,
    numLayers: settings.layers,
    numHeads: settings.heads,
    trainLength: settings.trainLength,
    normEps: 1e-5,
    initializerRange: 0.02,
    tieEmbeddings: false,
    logScale: false,
    separators: levelEnds(settings.separators, levels - 1).map((ends) =>
      typeof ends === 'string' ? separatorsFor(tokenizer, ends) : ends,
    ),
    encoding,
  };
}

/** The training of a run. */
export async function languageModelTraining(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
): Promise<TrainingConfig> {
  const { steps, batchSize, learningRate, warmupSteps, weightDecay, clipNorm } = settings;
  const { products, initialCheckpoint } = settings;
  return {
    model: await modelConfig(point, settings),
    task: {
      kind: 'corpus',
      ...corpusConfig(settings),
      validationShare: settings.validationShare,
      validationMinimum: splitOf(settings).minimumLength,
      blocks: 'concatenated',
    },
    batchSize,
    seed: point.seed,
    steps,
    accumulation: 1,
    optimizer: { ...defaultAdamW, weightDecay },
    schedule: { kind: 'linear', learningRate, warmupSteps, finalFraction: 0 },
    ...(clipNorm === null ? {} : { clipNorm }),
    ...(products === 'bfloat16' ? { products } : {}),
    ...(initialCheckpoint === undefined ? {} : { initialCheckpoint }),
    logEvery: Math.max(1, Math.round(steps / 50)),
    checkpointEvery: Math.max(1, Math.min(500, Math.round(steps / 4))),
  };
}

/** A run without its evaluation. */
async function trainingOf(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
  { data }: LanguageModelCorpus,
) {
  return { item: 'language-model', revision, training: await languageModelTraining(point, settings), data };
}

/** The folder of a run's model, as `loadCheckpoint` reads it, finished or not. */
export async function languageModelCheckpoint(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
  corpus: LanguageModelCorpus,
  store: RunStore,
): Promise<string> {
  return trainedCheckpoint(await trainingOf(point, settings, corpus), store);
}

/**
 * Trains a model, or goes on, or finds it finished; then reads the validation documents with it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function languageModelRun(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
  corpus: LanguageModelCorpus,
  options: TrainedRunOptions,
): Promise<LanguageModelRun> {
  const { lengths, documentTokens } = settings;
  const run: TrainedRunSpec<LanguageModelAnswers> = {
    ...(await trainingOf(point, settings, corpus)),
    label: `${point.encoding}, hidden size ${point.hiddenSize}`,
    asked: { lengths, documentTokens },
    ask: async (decoder, parameters) => ({
      ...point,
      modalities: await perplexityByModality(decoder, parameters, settings, options.reporter),
    }),
  };
  return trainedRun(run, options);
}

/** A validation document and its kind of text. */
export interface ValidationDocument {
  readonly id: string;
  readonly modality: Modality;
  /** [tokens] */
  readonly ids: Int32Array;
}

/**
 * The documents that no model of the comparison was trained on, each cut so that blocks of every length read the same text.
 *
 * @throws ConfigError if there is none
 */
export async function validationDocuments(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<ValidationDocument[]> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    return splitDocuments(corpus.documents, splitOf(settings)).validation.map((document) => ({
      id: document.id,
      modality: document.modality,
      ids: beginningOf(corpus, document, settings),
    }));
  } finally {
    corpus.close();
  }
}

function beginningOf(
  corpus: Corpus,
  { start, length }: { readonly start: number; readonly length: number },
  { lengths, documentTokens }: LanguageModelRunSettings,
): Int32Array {
  const longest = Math.max(...lengths);
  const whole = Math.floor(Math.min(length, documentTokens) / longest) * longest;
  return corpus.read(start, whole);
}

/** Tokens of which the length of segments is taken, from the corpus' beginning. */
const tokensForSegments = 1_000_000;

/** The lengths of segments, in tokens, in the text of a comparison, by separators as text. */
export async function segmentLengthsIn(
  settings: LanguageModelRunSettings,
  separators: string,
  reporter: Reporter,
): Promise<Int32Array> {
  const corpus = await prepareCorpus(corpusConfig(settings), { reporter });
  try {
    const ids = corpus.read(0, Math.min(tokensForSegments, corpus.info.tokens));
    return segmentLengths(ids, separatorsFor(await getTokenizer(settings.tokenizer), separators));
  } finally {
    corpus.close();
  }
}

/**
 * The separators as text, where they are the same for all levels.
 *
 * @throws ConfigError if each level has its own
 */
export function commonSeparators({ separators }: Pick<LanguageModelRunSettings, 'separators'>): string {
  if (typeof separators === 'string') return separators;
  throw new ConfigError('separators: one set for all levels is needed here; give paper, released, or ids');
}

/** The mean length of a segment, in tokens, in the text that models are trained on. */
export async function tokensPerSegment(
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<number> {
  const lengths = await segmentLengthsIn(settings, commonSeparators(settings), reporter);
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}

/** A model's perplexity at each length, for each kind of text. */
export async function perplexityByModality(
  decoder: Decoder,
  parameters: ModelParameters,
  settings: LanguageModelRunSettings,
  reporter: Reporter,
): Promise<ModalityPerplexity[]> {
  const documents = await validationDocuments(settings, reporter);
  const modalities = [...new Set(documents.map(({ modality }) => modality))];
  const found: ModalityPerplexity[] = [];
  for (const modality of modalities) {
    const ids = documents.filter((document) => document.modality === modality).map((one) => one.ids);
    const byLength: PerplexityByLength[] = [];
    for (const length of settings.lengths)
      byLength.push(
        await evaluatePerplexity(decoder, parameters, ids, length, {
          // The same draws for each model, so that they are compared on the same ones.
          random: Random.fromSeed(0).fork(`perplexity of ${modality} at ${length}`),
          bins: Math.max(8, Math.round((2 * length) / settings.trainLength)),
          reporter,
        }),
      );
    found.push({ modality, byLength });
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
