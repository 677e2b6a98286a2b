// The authors' published checkpoints, evaluated as their code does it: the part of Figure 4 that
// trains nothing. Checkpoints come from the hub, corpora from their own servers; each perplexity (a
// model, a kind of text, a length) is a run of its own in the run store, so an evaluation that was
// interrupted goes on.

import { z } from 'zod';
import { CheckpointError, DataError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { displayPath } from '../../base/paths';
import { libraryVersion } from '../../base/version';
import {
  downloadCheckpoint,
  downloadedCheckpoint,
  type HubCheckpoint,
  type HubOptions,
} from '../../data/hub';
import { type Modality } from '../../data/sources/source';
import { getTokenizer } from '../../data/tokenizers/registry';
import { type Tokenizer } from '../../data/tokenizers/tokenizer';
import { releasedEvaluationStarts } from '../../data/tokens/blocks';
import { type Corpus, verifyCorpus } from '../../data/tokens/corpus';
import { type CorpusOptions, prepareCorpus } from '../../data/tokens/prepare';
import { documentSequence, type TokenSequence } from '../../data/tokens/sequence';
import { evaluatePerplexity, type PerplexityByLength } from '../../evaluate/perplexity';
import { type Checkpoint, loadCheckpoint, readModelConfig } from '../../model/files/checkpoint';
import { disposeParameters } from '../../model/parameters';
import { createEncoding, encodingNamed } from '../../positional/registry';
import { type DataSource } from '../../report/provenance';
import { available } from '../run/available';
import { type PreparedInput, type RunContext } from '../run/definition';
import { type ModalityPerplexity } from './runs';
import { ascendingLengths, count, listOf } from '../settings/fields';
import { type Measured, measured } from '../run/measured';
import { type RunConfiguration } from '../run/store';

/** Options of downloads, for checkpoints and corpora. */
export type ReleasedPlaces = CorpusOptions & Pick<HubOptions, 'attempts' | 'backoffMs'>;

/** Checks the settings. */
export const releasedSettingsSchema = z
  .strictObject({
    checkpoints: z
      .record(z.string(), z.string())
      .refine((models) => Object.keys(models).length > 0, {
        message: 'must name a checkpoint, e.g. {"rope": "hzy00/RoPE-151M"}',
      })
      .describe('models of the hub by the names of their encodings'),
    corpora: z
      .partialRecord(z.enum(['books', 'papers', 'code']), listOf(z.string()))
      .refine((corpora) => Object.keys(corpora).length > 0, {
        message: 'must name a source, e.g. {"books": ["pg19-validation"]}',
      })
      .describe('names of data sources by the kind of text they are'),
    tokenizer: z.string().describe('the tokenizer that the models were trained with'),
    lengths: ascendingLengths(2).describe('block lengths (tokens), ascending'),
    maxTokens: count
      .nullable()
      .describe(
        'at most so many tokens of each corpus are read at each length, spread over its documents; null: all',
      ),
  })
  .readonly();

/** Settings: which checkpoints are evaluated, on which text. */
export type ReleasedSettings = z.infer<typeof releasedSettingsSchema>;

/**
 * The paper's evaluation: four encodings, three kinds of text, one to six times the training
 * length.
 */
export const releasedSettings: ReleasedSettings = {
  checkpoints: {
    bipe_rope: 'hzy00/BiPE_RoPE-151M',
    bipe_alibi: 'hzy00/BiPE_ALiBi-151M',
    rope: 'hzy00/RoPE-151M',
    alibi: 'hzy00/ALiBi-151M',
  },
  corpora: { books: ['pg19-validation'], papers: ['pile-arxiv'], code: ['pile-github'] },
  tokenizer: 'llama2',
  lengths: [1024, 2048, 3072, 4096, 5120, 6144],
  maxTokens: null,
};

/** A checkpoint that is on this machine, and the encoding it has. */
export interface ReleasedModel {
  readonly encoding: string;
  readonly checkpoint: HubCheckpoint;
  /** Tokens of a training block, by its configuration. */
  readonly trainLength: number;
}

/** A corpus of one kind of text, open. */
export interface ReleasedCorpus extends Corpus {
  readonly modality: Modality;
}

/** All that an evaluation reads. */
export interface ReleasedInput {
  readonly models: readonly ReleasedModel[];
  readonly corpora: readonly ReleasedCorpus[];
}

/** Perplexities of a released model on the corpora. */
export interface ReleasedRun {
  readonly encoding: string;
  /** The model's name on the hub. */
  readonly model: string;
  /** Tokens of a training block: the same for all models of a comparison. */
  readonly trainLength: number;
  /** In the order of the corpora, each in the order of the lengths asked for. */
  readonly modalities: readonly ModalityPerplexity[];
}

const revision = 1;

/**
 * Brings checkpoints and corpora onto this machine, unless they are here.
 *
 * @returns what is here, the caller's to close; what could not be had is among `missing`
 * @throws UsageError for a name that is none
 * @throws CheckpointError for a model that is not the one its name in `checkpoints` says, or if
 *   models were trained on blocks of different lengths, so that none is the length of training
 * @throws AbsentError, NetworkError the first failure, if not one checkpoint or not one corpus can
 *   be had
 * @throws DataError, MachineError for a damaged file, or a full disk
 */
export async function prepareReleased(
  settings: ReleasedSettings,
  options: ReleasedPlaces,
): Promise<PreparedInput<ReleasedInput>> {
  const prepared = await prepareReleasedModels(settings.checkpoints, settings.tokenizer, options);
  const { input: models } = prepared;
  checkTrainLengths(models);
  const missing = [...prepared.missing];
  const opened: Corpus[] = [];
  const close = (): void => {
    for (const corpus of opened) corpus.close();
  };
  try {
    const { tokenizer } = settings;
    const corpora = await thoseHad(Object.entries(settings.corpora), missing, async ([kind, sources]) => {
      const corpus = await prepareCorpus({ sources, tokenizer }, options);
      opened.push(corpus);
      return { ...corpus, modality: kind as Modality };
    });
    const data = [...prepared.data, ...corpora.flatMap(textSources)];
    return { input: { models, corpora }, data, missing, close };
  } catch (error) {
    close();
    throw error;
  }
}

function checkTrainLengths(models: readonly ReleasedModel[]): void {
  const [first] = models;
  const other = models.find(({ trainLength }) => trainLength !== first?.trainLength);
  if (first === undefined || other === undefined) return;
  throw new CheckpointError(
    `${other.checkpoint.model}: trained on blocks of ${other.trainLength} tokens, but ${first.checkpoint.model} on ${first.trainLength}; compare models of one length`,
  );
}

/**
 * The models alone.
 *
 * @param checkpoints models of the hub by the names of their encodings
 * @throws as `prepareReleased`, if not one checkpoint is here
 */
export async function prepareReleasedModels(
  checkpoints: Readonly<Record<string, string>>,
  tokenizer: string,
  options: ReleasedPlaces,
): Promise<PreparedInput<readonly ReleasedModel[]>> {
  const missing: string[] = [];
  const known = await getTokenizer(tokenizer);
  const models = await thoseHad(Object.entries(checkpoints), missing, ([encoding, name]) =>
    prepareModel(encoding, name, known, options),
  );
  return { input: models, data: models.map(({ checkpoint }) => checkpointSource(checkpoint)), missing };
}

/**
 * The perplexities of every model on every kind of text that were prepared. One kind of text is
 * read by all models before the next one, so that an interrupted comparison is a comparison
 * already.
 *
 * @throws ConfigError if a corpus is shorter than a block
 * @throws CheckpointError, DataError if a file was damaged since it was prepared
 */
export async function releasedCurves(
  settings: ReleasedSettings,
  { models, corpora }: ReleasedInput,
  options: RunContext,
): Promise<ReleasedRun[]> {
  const found = models.map((): ModalityPerplexity[] => []);
  for (const corpus of corpora)
    for (const [place, model] of models.entries())
      found[place]?.push(await releasedRun(model, corpus, settings, options));
  return models.map(({ encoding, checkpoint, trainLength }, place) => ({
    encoding,
    model: checkpoint.model,
    trainLength,
    modalities: found[place] ?? [],
  }));
}

/**
 * The perplexities of one model on one kind of text: those that are in the store, and the others
 * computed now. The model is read when it is first needed.
 *
 * Blocks are those of the released evaluation (`releasedEvaluationStarts`). They go on from one
 * document to the next; for intervals and comparisons each token's loss is its own document's.
 *
 * @throws as `releasedCurves`
 */
async function releasedRun(
  model: ReleasedModel,
  corpus: ReleasedCorpus,
  settings: ReleasedSettings,
  context: RunContext,
): Promise<ModalityPerplexity> {
  const { reporter } = context;
  const { encoding, checkpoint } = model;
  const { modality } = corpus;
  const byLength: PerplexityByLength[] = [];
  let opened: OpenedRun | undefined;
  try {
    for (const length of settings.lengths) {
      const configuration = runConfiguration(model, corpus, settings, length);
      const work = async (): Promise<Measured<PerplexityByLength>> => {
        opened ??= await openRun(model, corpus, settings);
        reporter.note(`${checkpoint.model}, ${modality}, blocks of ${length.toLocaleString('en')} tokens`);
        const { decoder, parameters, documents } = opened;
        const result = await evaluatePerplexity(decoder, parameters, documents, length, {
          blocks: releasedEvaluationStarts(documents, length),
          ...(settings.maxTokens !== null && { maxTokens: settings.maxTokens }),
          reporter,
        });
        return { result };
      };
      // Of the data the configuration has the hashes; where it came from and what it is called is
      // the comparison's to say.
      const label = `${encoding}, ${modality}, ${length} tokens`;
      const { result } = await measured(context, configuration, { label }, work);
      byLength.push(result);
    }
  } finally {
    if (opened) disposeParameters(opened.parameters);
  }
  return { modality, byLength };
}

/** A loaded model and the documents that it reads. */
interface OpenedRun extends Checkpoint {
  readonly documents: readonly TokenSequence[];
}

async function openRun(
  { checkpoint: { folder: modelFolder } }: ReleasedModel,
  corpus: ReleasedCorpus,
  { tokenizer }: ReleasedSettings,
): Promise<OpenedRun> {
  const { folder, info } = corpus;
  const { sha256: found } = await verifyCorpus(folder, await getTokenizer(tokenizer));
  if (found !== info.sha256)
    throw new DataError(`${displayPath(folder)}: other ids than a moment ago; run the same command again`);
  const documents = corpus.documents.map((document) => documentSequence(corpus, [document]));
  return { ...(await loadCheckpoint(modelFolder)), documents };
}

/**
 * Everything that a perplexity depends on: the files of the model and the ids, not their places or
 * names.
 */
function runConfiguration(
  { encoding, checkpoint }: ReleasedModel,
  { modality, info }: ReleasedCorpus,
  { maxTokens }: ReleasedSettings,
  length: number,
): RunConfiguration {
  const { sha256: ids, tokenizer, sources } = info;
  return {
    item: 'released-model',
    revision,
    libraryVersion,
    settings: {
      encoding,
      files: fileHashes(checkpoint),
      modality,
      ids,
      tokenizer: tokenizer.fingerprint,
      sources: sources.map(({ checksum }) => checksum),
      length,
      maxTokens,
    },
    data: [],
  };
}

function fileHashes({ files }: HubCheckpoint): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file.name, file.sha256]));
}

/** A checkpoint as provenance names it: its checksum is that of the lines `<SHA-256>  <file>`. */
export function checkpointSource({ model, revision: version, files }: HubCheckpoint): DataSource {
  const lines = files.map((file) => `${file.sha256}  ${file.name}\n`);
  return { name: model, version, checksum: sha256(lines.join('')) };
}

/** A corpus as provenance names it. */
function textSources({ info: { sources } }: ReleasedCorpus): DataSource[] {
  return sources.map(({ name, version, checksum }) => ({ name, version, checksum }));
}

async function prepareModel(
  encoding: string,
  name: string,
  tokenizer: Tokenizer,
  options: ReleasedPlaces,
): Promise<ReleasedModel> {
  const wanted = createEncoding(encodingNamed(encoding)).name;
  const checkpoint = (await downloadedCheckpoint(name, options)) ?? (await downloadCheckpoint(name, options));
  const config = await readModelConfig(checkpoint.folder);
  const { name: found } = createEncoding(config.encoding);
  if (found !== wanted)
    throw new CheckpointError(
      `${name}: has the encoding ${found}, not ${wanted}; give it that name in checkpoints`,
    );
  if (config.vocabSize !== tokenizer.vocabularySize)
    throw new CheckpointError(
      `${name}: has a vocabulary of ${config.vocabSize}, but the tokenizer ${tokenizer.name} has ${tokenizer.vocabularySize} tokens; give the one it was trained with`,
    );
  return { encoding, checkpoint, trainLength: config.trainLength };
}

/** The things that can be had; each of the others adds a line to `missing`. */
async function thoseHad<Wanted, Had>(
  wanted: readonly Wanted[],
  missing: string[],
  get: (one: Wanted) => Promise<Had>,
): Promise<readonly Had[]> {
  const { had, absent } = await available(wanted, get);
  const [first] = absent;
  if (had.length === 0 && first !== undefined) throw first.error;
  missing.push(...absent.map(({ error }) => error.message));
  return had;
}
