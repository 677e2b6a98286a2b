// Starting points of finetunings on SCROLLS, or on quick tasks: a language model that this project
// trained on books, or a checkpoint that the authors released.

import { z } from 'zod';
import { ConfigError } from '../../../base/errors';
import { ownEntry } from '../../../base/own';
import { present } from '../../../base/present';
import { type Reporter } from '../../../base/progress';
import { readModelConfig } from '../../../model/files/checkpoint';
import { type ModelConfig } from '../../../model/config';
import { type DataSource } from '../../../report/provenance';
import { prepareLanguageModels } from '../../language-models/comparison';
import { trainedLanguageModel } from '../../language-models/runs';
import { languageModelFields } from '../../language-models/settings';
import {
  checkpointSource,
  prepareReleasedModels,
  releasedSettings,
} from '../../language-models/released-models';
import { trainingCost } from '../../run/compared-models';
import { type TrainedRunOptions } from '../../run/trained-run';
import { count } from '../../settings/fields';
import { counted } from '../../settings/preset-words';

/** A language model of this project's, of which there is one for each encoding. */
const languageModelStart = z.strictObject({
  kind: z.literal('language-model'),
  hiddenSize: count,
  seed: z.int().min(0),
  ...languageModelFields,
});

/** Checks what is started from: such a model, or the authors' of 151 million parameters. */
export const startSchema = z.discriminatedUnion('kind', [
  languageModelStart,
  z.strictObject({ kind: z.literal('released') }),
]);

type LanguageModelStart = Readonly<z.infer<typeof languageModelStart>>;

/** Settings: what finetunings start from. */
export type StartSettings = Readonly<z.infer<typeof startSchema>>;

/** A checkpoint that a finetuning can begin with. */
export interface Start {
  readonly model: ModelConfig;
  /** Its folder, as `loadCheckpoint` reads it. */
  readonly folder: string;
  /**
   * Data that it was made of, for the provenance of trainings that start from it: the language
   * model's corpus, or the checkpoint itself.
   */
  readonly data: readonly DataSource[];
}

/**
 * Everything that is ready before the first finetuning: the encodings that have a starting point,
 * and how it is got.
 */
export interface PreparedStarts {
  readonly encodings: readonly string[];
  /** A description of the models for readers. */
  readonly models: string;
  /** Of all of them. */
  readonly data: readonly DataSource[];
  /** Encodings without a model, and why; one line each. */
  readonly missing: readonly string[];
  /** About how long the training of one takes, as `trainingCost` counts; 0 where there is none. */
  readonly cost: number;
  /** Gives back the corpus, where there is one. */
  readonly close?: () => void;
  /** Trains what has to be trained first. */
  readonly startOf: (encoding: string, options: TrainedRunOptions) => Promise<Start>;
}

/**
 * Makes ready what finetunings start from: the language models' corpus, or the released
 * checkpoints.
 *
 * @param tokenizer the one that inputs are read with, whose vocabulary the models must have
 * @throws ConfigError, UsageError if a setting is not right
 */
export async function prepareStarts(
  settings: StartSettings,
  encodings: readonly string[],
  tokenizer: string,
  reporter: Reporter,
): Promise<PreparedStarts> {
  return settings.kind === 'released'
    ? releasedStarts(encodings, tokenizer, reporter)
    : languageModelStarts(settings, encodings, tokenizer, reporter);
}

async function languageModelStarts(
  settings: LanguageModelStart,
  encodings: readonly string[],
  tokenizer: string,
  reporter: Reporter,
): Promise<PreparedStarts> {
  if (tokenizer !== settings.tokenizer)
    throw new ConfigError(
      `tokenizer: ${tokenizer}, but the models to start from read ${settings.tokenizer}; give the same`,
    );
  const { input, data, missing, close } = await prepareLanguageModels(settings, encodings, reporter);
  return {
    encodings,
    models: `models of ${counted(settings.layers, 'layer')} of width ${settings.hiddenSize}, trained on ${input.settings.sources.join(', ')},`,
    data,
    missing,
    cost: trainingCost({ ...settings, time: settings.trainLength }),
    ...(close && { close }),
    startOf: async (encoding, options) => {
      const point = { encoding, hiddenSize: settings.hiddenSize, seed: settings.seed };
      const folder = await trainedLanguageModel(point, input.settings, input.corpus, options);
      return { folder, model: await readModelConfig(folder), data };
    },
  };
}

async function releasedStarts(
  encodings: readonly string[],
  tokenizer: string,
  reporter: Reporter,
): Promise<PreparedStarts> {
  const checkpoints = Object.fromEntries(encodings.map((encoding) => [encoding, releasedName(encoding)]));
  const { input: models, data, missing } = await prepareReleasedModels(checkpoints, tokenizer, { reporter });
  return {
    encodings: models.map(({ encoding }) => encoding),
    models: 'the released models',
    data,
    missing,
    cost: 0,
    startOf: async (encoding) => {
      const { checkpoint } = present(
        models.find((model) => model.encoding === encoding),
        `the checkpoint of ${encoding}`,
      );
      const { folder } = checkpoint;
      return { folder, model: await readModelConfig(folder), data: [checkpointSource(checkpoint)] };
    },
  };
}

function releasedName(encoding: string): string {
  const { checkpoints } = releasedSettings;
  const name = ownEntry(checkpoints, encoding);
  if (name !== undefined) return name;
  throw new ConfigError(
    `encodings: no checkpoint of ${encoding} was released; take some of ${Object.keys(checkpoints).join(', ')}`,
  );
}
