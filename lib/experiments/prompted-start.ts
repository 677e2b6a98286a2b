// What a finetuning on SCROLLS, or on a quick task, starts from: a language model that this project trained on books, or a checkpoint
// that the authors released.

import { z } from 'zod';
import { ConfigError, messageOf, NetworkError } from '../base/errors';
import { sha256 } from '../base/files';
import { type Reporter } from '../base/progress';
import { downloadCheckpoint } from '../data/hub';
import { readModelConfig } from '../model/checkpoint';
import { type ModelConfig } from '../model/config';
import { type DataSource } from '../report/provenance';
import { type RunStore } from './run-store';
import {
  checkLanguageModelSettings,
  type LanguageModelCorpus,
  languageModelCheckpoint,
  languageModelFields,
  languageModelRun,
  type LanguageModelRunPoint,
  type LanguageModelRunSettings,
  prepareLanguageModelCorpus,
} from './language-model-runs';
import { type TrainedRunOptions } from './trained-run';

/** A language model of this project's, of which there is one for each encoding. */
export interface LanguageModelStart extends LanguageModelRunSettings {
  readonly kind: 'language-model';
  readonly hiddenSize: number;
  readonly seed: number;
}

/** The authors' models, of 151 million parameters. */
export interface ReleasedStart {
  readonly kind: 'released';
}

/** Either of them. */
export type StartSettings = LanguageModelStart | ReleasedStart;

/** Checks what is started from. */
export const startSchema: z.ZodType<StartSettings> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('language-model'),
    hiddenSize: z.int().min(1),
    seed: z.int().min(0),
    ...languageModelFields,
  }),
  z.strictObject({ kind: z.literal('released') }),
]);

/** The released checkpoints of 151 million parameters, by encoding [C]. */
const released: Readonly<Record<string, string | undefined>> = {
  bipe_rope: 'hzy00/BiPE_RoPE-151M',
  rope: 'hzy00/RoPE-151M',
  bipe_alibi: 'hzy00/BiPE_ALiBi-151M',
  alibi: 'hzy00/ALiBi-151M',
};

/** A checkpoint that a finetuning can begin with. */
export interface Start {
  readonly model: ModelConfig;
  /** Its folder, as `loadCheckpoint` reads it. */
  readonly folder: string;
}

/** What is made ready before the first finetuning: for which encodings there is something to start from, and how it is got. */
export interface PreparedStarts {
  readonly encodings: readonly string[];
  readonly data: readonly DataSource[];
  /** For which there is none, and why; one line each. */
  readonly missing: readonly string[];
  /** Trains what has to be trained first. */
  readonly startOf: (encoding: string, options: TrainedRunOptions) => Promise<Start>;
}

/**
 * Makes ready what finetunings start from: the language models' corpus, or the released checkpoints.
 *
 * @throws ConfigError, UsageError if a setting is not right
 */
export async function prepareStarts(
  settings: StartSettings,
  encodings: readonly string[],
  reporter: Reporter,
): Promise<PreparedStarts> {
  return settings.kind === 'released'
    ? releasedStarts(encodings, reporter)
    : languageModelStarts(settings, encodings, reporter);
}

async function languageModelStarts(
  settings: LanguageModelStart,
  encodings: readonly string[],
  reporter: Reporter,
): Promise<PreparedStarts> {
  checkLanguageModelSettings(settings, encodings);
  const corpus = await prepareLanguageModelCorpus(settings, reporter);
  return {
    encodings,
    data: corpus.data,
    missing: [],
    startOf: async (encoding, options) => {
      const point = { encoding, hiddenSize: settings.hiddenSize, seed: settings.seed };
      await languageModelRun(point, settings, corpus, options);
      return trainedStart(point, settings, corpus, options.store);
    },
  };
}

async function trainedStart(
  point: LanguageModelRunPoint,
  settings: LanguageModelRunSettings,
  corpus: LanguageModelCorpus,
  store: RunStore,
): Promise<Start> {
  const folder = await languageModelCheckpoint(point, settings, corpus, store);
  return { folder, model: await readModelConfig(folder) };
}

async function releasedStarts(encodings: readonly string[], reporter: Reporter): Promise<PreparedStarts> {
  const folders = new Map<string, string>();
  const data: DataSource[] = [];
  const missing: string[] = [];
  for (const encoding of encodings) {
    const name = released[encoding];
    if (name === undefined)
      throw new ConfigError(
        `no checkpoint of ${encoding} was released; leave it out, or take ${Object.keys(released).join(', ')}`,
      );
    try {
      const { folder, revision, files } = await downloadCheckpoint(name, { reporter });
      folders.set(encoding, folder);
      data.push({ name, version: revision, checksum: sha256(files.map((file) => file.sha256).join(' ')) });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      missing.push(messageOf(error));
    }
  }
  return {
    encodings: [...folders.keys()],
    data,
    missing,
    startOf: async (encoding) => {
      const folder = folders.get(encoding);
      if (folder === undefined) throw new RangeError(`no checkpoint of ${encoding}`);
      return { folder, model: await readModelConfig(folder) };
    },
  };
}
