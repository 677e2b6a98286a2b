// The models of Figure 5: a language model trained short; the same with its RoPE scaled and nothing
// else done; and finetuned on longer blocks for a few steps, with RoPE scaled or as it was.

import { z } from 'zod';
import { ConfigError } from '../../../base/errors';
import { displayPath } from '../../../base/paths';
import { type Corpus } from '../../../data/tokens/corpus';
import { loadCheckpoint } from '../../../model/files/checkpoint';
import { createDecoder } from '../../../model/config';
import { type EncodingConfig } from '../../../positional/registry';
import { type RopeScaling } from '../../../positional/rope-scaling';
import {
  languageModelCheckpoint,
  languageModelRun,
  type LanguageModelRun,
  type ModalityPerplexity,
  perplexityByModality,
  type ReadModel,
  trainedLanguageModel,
} from '../../language-models/runs';
import { encodingOf, languageModelFields } from '../../language-models/settings';
import { tokensPerSegment } from '../../language-models/text';
import { type ModelPoint } from '../../run/compared-models';
import { type TrainedRunOptions } from '../../run/trained-run';
import { count, type SettingsWith, trainingFields } from '../../settings/fields';

/** Names of the scalings that are compared; `none` finetunes without one. */
export const scalingNames = ['none', 'yarn', 'linear', 'dynamic'] as const;

/** A way to scale RoPE. */
export type ScalingName = (typeof scalingNames)[number];

/** A model as it was trained, with its RoPE scaled, or finetuned. */
export interface ScaledModel {
  readonly encoding: string;
  readonly stage: 'trained' | 'scaled' | 'finetuned';
  readonly scaling: ScalingName;
  readonly modalities: readonly ModalityPerplexity[];
}

/**
 * An encoding with its RoPE scaled, wherever in it RoPE stands: between segments of a bilevel
 * encoding, lengths are counted in segments.
 *
 * @param originalLength positions that training had: tokens, or segments
 * @throws ConfigError if there is no RoPE in it
 */
export function scaledEncoding(
  encoding: EncodingConfig,
  scaling: Exclude<ScalingName, 'none'>,
  lengths: ScaledLengths,
): EncodingConfig {
  const between = (config: EncodingConfig, positions: number): EncodingConfig => {
    if (config.kind === 'rope') return { ...config, scaling: ropeScaling(scaling, lengths, positions) };
    if (config.kind === 'bipe' && 'inter' in config)
      return {
        ...config,
        inter: between(config.inter, lengths.segments),
      } as EncodingConfig;
    throw new ConfigError(`encoding ${config.kind}: there is no RoPE in it to scale; give rope or bipe_rope`);
  };
  return between(encoding, lengths.tokens);
}

/** Lengths in training, and the factor by which they are to grow. */
export interface ScaledLengths {
  /** Of a block of training. */
  readonly tokens: number;
  /** In a block of training, typically. */
  readonly segments: number;
  /** The factor by which blocks are to grow. */
  readonly factor: number;
}

function ropeScaling(
  scaling: Exclude<ScalingName, 'none'>,
  { tokens, factor }: ScaledLengths,
  positions: number,
): RopeScaling {
  switch (scaling) {
    case 'yarn':
      return { type: 'yarn', factor, originalLength: positions };
    case 'linear':
      return { type: 'linear', factor };
    case 'dynamic':
      // Its lengths are those of sequences, in tokens, also where positions are segments.
      return { type: 'dynamic', originalLength: tokens };
  }
}

/** The fields of the settings that the models of a comparison share. */
export const scaledModelFields = {
  finetune: z
    .strictObject({
      /** Block length (tokens); RoPE is scaled by this over the training length. */
      length: count.min(2),
      ...trainingFields,
    })
    .describe('how models are finetuned: length of the blocks (tokens), steps and learning rate'),
  ...languageModelFields,
};

/** Settings that the models of a comparison share. */
export type ScaledModelSettings = SettingsWith<typeof scaledModelFields>;

/** Makes, or finds, the models of one encoding. */
export class ScaledModels {
  constructor(
    readonly point: ModelPoint,
    readonly settings: ScaledModelSettings,
    readonly corpus: Corpus,
    readonly options: TrainedRunOptions,
  ) {}

  /**
   * The model before anything is done: the run that Figure 4 has, where settings are the same.
   * Never made anew, which is Figure 4's to do.
   */
  async trained(): Promise<LanguageModelRun> {
    return languageModelRun(this.point, this.settings, this.corpus, this.#notAnew());
  }

  /** The trained model, read with its RoPE scaled. */
  async scaled(scaling: Exclude<ScalingName, 'none'>): Promise<readonly ModalityPerplexity[]> {
    const folder = await this.#checkpoint();
    const encoding = await this.#encoding(scaling);
    const model: ReadModel = {
      identity: { checkpoint: displayPath(folder), encoding },
      encoding,
      label: `${this.point.encoding}, ${scaling}`,
      seed: this.point.seed,
      open: async () => {
        const { config, parameters } = await loadCheckpoint(await this.#trained());
        return { decoder: createDecoder({ ...config, encoding }), parameters };
      },
    };
    return perplexityByModality(model, this.settings, this.corpus, this.options);
  }

  /** The trained model after a few steps on longer blocks. */
  async finetuned(scaling: ScalingName): Promise<LanguageModelRun> {
    const { length, ...recipe } = this.settings.finetune;
    const encoding = await this.#encoding(scaling);
    const name = `${this.point.encoding} ${scaling}`;
    const initialCheckpoint = displayPath(await this.#checkpoint());
    const settings = {
      ...this.settings,
      ...recipe,
      trainLength: length,
      variants: { [name]: encoding },
      initialCheckpoint,
    };
    return languageModelRun({ ...this.point, encoding: name }, settings, this.corpus, {
      ...this.options,
      onStart: () => this.#trained(),
    });
  }

  #notAnew(): TrainedRunOptions {
    const { store, reporter } = this.options;
    return { store, reporter };
  }

  /** The same folder as `#checkpoint`; what is damaged there is made anew first. */
  #trained(): Promise<string> {
    return trainedLanguageModel(this.point, this.settings, this.corpus, this.#notAnew());
  }

  #checkpoint(): Promise<string> {
    return languageModelCheckpoint(this.point, this.settings, this.corpus, this.options.store);
  }

  async #encoding(scaling: ScalingName): Promise<EncodingConfig> {
    const encoding = encodingOf(this.point.encoding, this.settings);
    if (scaling === 'none') return encoding;
    const { trainLength, finetune } = this.settings;
    const segments = Math.max(
      1,
      Math.round(trainLength / (await tokensPerSegment(this.corpus, this.settings))),
    );
    return scaledEncoding(encoding, scaling, {
      tokens: trainLength,
      segments,
      factor: finetune.length / trainLength,
    });
  }
}
