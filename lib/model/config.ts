// A model's configuration as checked JSON: architecture, encoding and separators; and the paper's
// sizes by name.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { parseWith } from '../base/schema';
import { createEncoding, type EncodingConfig, encodingSchema } from '../positional/registry';
import { separatorIds } from '../segment/levels';
import { type Architecture, architectureFields } from './architecture';
import { type Decoder, decoderWith } from './decoder';
import { checkModelSize } from './size';

/** A whole model's configuration. */
export interface ModelConfig extends Architecture {
  readonly encoding: EncodingConfig;
}

/**
 * Checks a model's configuration field by field; `parseModelConfig` also checks relations between
 * fields.
 */
export const modelConfigSchema: z.ZodType<ModelConfig> = z
  .strictObject({ ...architectureFields, encoding: encodingSchema })
  .superRefine((config, context) => {
    const fail = (field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [field], message });
    };
    if (config.hiddenSize % config.numHeads !== 0)
      fail(
        'numHeads',
        `${config.numHeads} heads do not divide the width ${config.hiddenSize}; ${divisorsNear(config)}`,
      );
    if (config.outputs !== undefined && config.tieEmbeddings)
      fail('outputs', 'the head is the embedding, which scores tokens; set tieEmbeddings to false');
    const { paddingIndex = 0, vocabSize } = config;
    if (paddingIndex < -vocabSize || paddingIndex >= vocabSize)
      fail('paddingIndex', `${paddingIndex} in a vocabulary of ${vocabSize}; give an id, or -1 for the last`);
    if (separatorIds(config.separators).some((id) => id >= config.vocabSize))
      fail('separators', `an id is not in the vocabulary; ids go up to ${config.vocabSize - 1}`);
  });

function divisorsNear({ hiddenSize, numHeads }: Architecture): string {
  const upToRoot = Array.from({ length: Math.sqrt(hiddenSize) }, (_, index) => index + 1).filter(
    (heads) => hiddenSize % heads === 0,
  );
  const divisors = [...upToRoot, ...upToRoot.map((heads) => hiddenSize / heads)];
  const below = Math.max(...divisors.filter((heads) => heads < numHeads));
  const above = Math.min(...divisors.filter((heads) => heads > numHeads));
  return `${[below, above].filter(Number.isFinite).join(' or ')} would`;
}

/**
 * Checks a model's configuration.
 *
 * @param where first words of the message, e.g. the file it is from
 * @throws ConfigError naming the field
 */
export function parseModelConfig(value: unknown, where = 'model'): ModelConfig {
  const config = parseWith(modelConfigSchema, value, where);
  const { levels, name } = createEncoding(config.encoding);
  if (config.separators.length !== levels - 1)
    throw new ConfigError(
      `${where}: separators: ${config.separators.length} given, but ${name} has ${levels} levels of position and needs ${levels - 1}: a list of token ids, or a rule, for each level but the outermost`,
    );
  return config;
}

/**
 * Makes the decoder of a configuration.
 *
 * @param where first words of the message, e.g. the file it is from
 * @throws ConfigError naming the field that is wrong, or that makes the model larger than this
 *   machine's memory
 */
export function createDecoder(config: ModelConfig, where = 'model'): Decoder {
  const { encoding: settings, ...architecture } = parseModelConfig(config, where);
  const encoding = createEncoding(settings);
  checkModelSize(architecture, encoding, where);
  return decoderWith(architecture, encoding);
}

/** Architecture of a model whose encoding, separators and vocabulary the caller chooses. */
export type ModelSize = Omit<Architecture, 'separators' | 'vocabSize' | 'outputs'>;

const paperHabits = {
  style: 'llama',
  normEps: 1e-5,
  initializerRange: 0.02,
  tieEmbeddings: false,
  logScale: false,
} as const;

/**
 * The paper's language models, which it calls 151M. With Llama 2's vocabulary of 32,000 they have
 * 162.4 million parameters, of which embedding and head have 24.6 million each.
 */
export const languageModelSize: ModelSize = {
  ...paperHabits,
  hiddenSize: 768,
  intermediateSize: 3072,
  numLayers: 12,
  numHeads: 12,
  trainLength: 1024,
};

/**
 * The arithmetic models: 3 layers and 4 heads (Feng et al. 2023) at several widths; of the paper's,
 * 48 is known.
 *
 * @param trainLength tokens of the longest instance; 87 with 6 operators
 */
export function arithmeticModelSize(hiddenSize: number, trainLength = 87): ModelSize {
  return {
    ...paperHabits,
    hiddenSize,
    intermediateSize: 4 * hiddenSize,
    numLayers: 3,
    numHeads: 4,
    trainLength,
  };
}
