// A model's configuration as `config.json` of a Hugging Face checkpoint. The standard fields are
// read as transformers 4 and 5 and the authors' code (their `MyLlamaConfig`,
// github.com/zhenyuhe00/BiPE, config_llama.py) read them, and a model that one of these can compute
// is written so that it does. A field of this project's own has the whole configuration; it counts
// only for models that no other code can compute, because other code keeps the field unchanged
// while it changes the rest.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { canonicalJson } from '../../base/json';
import { parseWith } from '../../base/schema';
import { type EncodingConfig, encodingNamed } from '../../positional/registry';
import { type RopeConfig } from '../../positional/rope';
import { separatorSets } from '../../segment/separators';
import { layersSchema, sizeSchema } from '../architecture';
import { type ModelConfig, parseModelConfig } from '../config';
import { only, readRope, ropeFields, writeRope } from './hugging-face-rope';

const relativeTypes = ['rope', 'alibi', 'bipe_rope', 'bipe_alibi'] as const;

/**
 * The field with this project's whole configuration, and the `model_type` of models that no other
 * code can compute.
 */
const own = 'bipe_workbench';

/** The fields of a file. */
type Fields = Readonly<Record<string, unknown>>;

/** Fields that a model depends on. Others, such as most token ids and versions, are ignored. */
const standardSchema = z.object({
  vocab_size: sizeSchema,
  hidden_size: sizeSchema,
  intermediate_size: sizeSchema,
  num_hidden_layers: layersSchema,
  num_attention_heads: sizeSchema,
  num_key_value_heads: z.number().nullish(),
  head_dim: z.number().nullish(),
  hidden_act: z.literal('silu', { error: 'only silu is supported' }).default('silu'),
  initializer_range: z.number().nonnegative().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  pad_token_id: z.int().nullish(),
  max_position_embeddings: sizeSchema.default(2048),
  ...ropeFields,
  rpe_type: z.enum(relativeTypes).nullish(),
  log_scale: z.boolean().nullish(),
  train_scale: sizeSchema.nullish(),
  model_type: only('llama'),
  attention_bias: only(false),
  attention_dropout: only(0),
  mlp_bias: only(false),
  sliding_window: only(null),
  quantization_config: only(null),
});

/** Training length that the released code assumes without one in the file. */
const releasedTrainScale = 256;

/**
 * Reads a model from a Hugging Face `config.json`.
 *
 * The standard fields count. If they cannot describe the model, this project's own field does, and
 * they must agree with it.
 *
 * @param where the file's name, the first words of the message
 * @throws ConfigError naming the field that is missing, wrong, of an unsupported model, or in
 *   contradiction to the own field
 */
export function fromHuggingFace(value: unknown, where: string): ModelConfig {
  const file: Fields = parseWith(z.record(z.string(), z.unknown()), value, where);
  if (file[own] === undefined) return fromStandardFields(file, where);
  const config = parseModelConfig(file[own], `${where}: ${own}`);
  if ((file['model_type'] ?? own) === own) {
    checkAgreement(file, standardFields(config), where);
    return config;
  }
  if (describedElsewhere(config) === undefined)
    throw new ConfigError(
      `${where}: model_type: ${JSON.stringify(file['model_type'])}, but ${own} describes a model of no such type; set it to "${own}", or take that field out`,
    );
  const read = fromStandardFields(file, where);
  return meaningOf(read) === meaningOf(config) ? config : read;
}

/**
 * The part of a model that the standard fields can express: what it computes, not how it is trained
 * or spelled.
 */
function meaningOf(config: ModelConfig): string {
  const { encoding } = config;
  const plain = isRope(encoding) && encoding.base === 10_000 ? { ...encoding, base: undefined } : encoding;
  return canonicalJson({
    ...config,
    dropout: undefined,
    paddingIndex: writePadding(config),
    encoding: plain,
  });
}

/** Makes sure that no standard field contradicts a model that only the own field describes. */
function checkAgreement(said: Fields, meant: Fields, where: string): void {
  for (const field of Object.keys(standardSchema.omit({ model_type: true }).shape)) {
    const [one, other] = [said, meant].map((fields) => canonicalJson(fields[field] ?? null));
    if (one === 'null' || one === other) continue;
    throw new ConfigError(
      `${where}: ${field}: ${one}, but ${own}, which alone describes this model, says ${other}; change both`,
    );
  }
}

/** Reads a model from the standard fields. */
function fromStandardFields(file: Fields, where: string): ModelConfig {
  const fields = parseWith(standardSchema, file, where);
  const { num_attention_heads: heads, num_key_value_heads: keyHeads, head_dim: headDim } = fields;
  const { rpe_type: type, log_scale: logScale, max_position_embeddings: maxPositions } = fields;
  if ((keyHeads ?? heads) !== heads)
    throw new ConfigError(
      `${where}: num_key_value_heads: ${keyHeads ?? heads} for ${heads} heads; shared keys are not supported`,
    );
  if (headDim != null && headDim * heads !== fields.hidden_size)
    throw new ConfigError(
      `${where}: head_dim: ${headDim} for ${heads} heads; only hidden_size / num_attention_heads is supported`,
    );
  const isReleased = type != null || logScale != null;
  const trainLength = fields.train_scale ?? (isReleased ? releasedTrainScale : maxPositions);
  const encoding = encodingOf(
    type ?? 'rope',
    trainLength,
    readRope(fields, { trainLength, maxPositions }, where),
    where,
  );
  return parseModelConfig(
    {
      style: 'llama',
      vocabSize: fields.vocab_size,
      hiddenSize: fields.hidden_size,
      intermediateSize: fields.intermediate_size,
      numLayers: fields.num_hidden_layers,
      numHeads: heads,
      trainLength,
      normEps: fields.rms_norm_eps,
      initializerRange: fields.initializer_range,
      tieEmbeddings: fields.tie_word_embeddings,
      ...readPadding(fields.pad_token_id, fields.vocab_size, encoding, where),
      separators: encoding.kind === 'bipe' ? [separatorSets.released] : [],
      logScale: logScale ?? false,
      encoding,
    } satisfies ModelConfig,
    where,
  );
}

/**
 * The released code's encoding: its intra-segment table has `train_scale` rows, and its RoPE one
 * base and no YaRN.
 */
function encodingOf(
  type: (typeof relativeTypes)[number],
  rows: number,
  rope: RopeConfig,
  where: string,
): EncodingConfig {
  if (type === 'rope') return rope;
  if (rope.base !== undefined)
    throw new ConfigError(`${where}: rope_theta: ${rope.base}; with ${type} only 10000 is supported`);
  if (rope.scaling?.type === 'yarn')
    throw new ConfigError(`${where}: rope_scaling: yarn; with ${type} only linear and dynamic are supported`);
  const intra = { kind: 'learned', rows } as const;
  switch (type) {
    case 'alibi':
      return encodingNamed('alibi');
    case 'bipe_rope':
      return { kind: 'bipe', intra, inter: rope };
    case 'bipe_alibi':
      return { kind: 'bipe', intra, inter: { kind: 'alibi', slopeFactor: 96 } };
  }
}

/**
 * The row that gets no gradient. The last one of the vocabulary is -1, as the authors write it,
 * except with a table inside segments, whose last row is another one.
 */
function readPadding(
  id: number | null | undefined,
  vocabSize: number,
  encoding: EncodingConfig,
  where: string,
): Pick<ModelConfig, 'paddingIndex'> {
  if (id == null) return {};
  if (id < -vocabSize || id >= vocabSize)
    throw new ConfigError(
      `${where}: pad_token_id: ${id} in a vocabulary of ${vocabSize}; give one of its ids, or null`,
    );
  return { paddingIndex: encoding.kind !== 'bipe' && id === vocabSize - 1 ? -1 : id };
}

/** The row as an id of the vocabulary, since transformers 4 saves no model with a negative one. */
function writePadding({ paddingIndex, vocabSize, encoding }: ModelConfig): number | null {
  if (paddingIndex === undefined) return null;
  return paddingIndex < 0 && encoding.kind !== 'bipe' ? vocabSize + paddingIndex : paddingIndex;
}

/**
 * Writes `config.json` of a model: complete in a field of its own, and in standard fields as the
 * released code reads it if that can compute it, otherwise as transformers reads it if that can.
 */
export function toHuggingFace(config: ModelConfig): Record<string, unknown> {
  const unknownElsewhere = {
    architectures: ['BipeWorkbenchDecoder'],
    model_type: own,
    ...standardFields(config),
  };
  return { ...(describedElsewhere(config) ?? unknownElsewhere), [own]: config };
}

/** `toHuggingFace` as text. Python distinguishes 4 from 4.0, and other code expects floats here. */
export function huggingFaceJson(config: ModelConfig): string {
  const text = JSON.stringify(toHuggingFace(config), null, 2);
  return `${text.replace(/("(?:factor|rope_theta|beta_fast|beta_slow)": \d+)(?=,?$)/gm, '$1.0')}\n`;
}

/** The standard fields of a model, and the released code's. */
function standardFields(config: ModelConfig): Fields {
  return {
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    num_key_value_heads: config.numHeads,
    max_position_embeddings: config.trainLength,
    train_scale: config.trainLength,
    rms_norm_eps: config.normEps,
    initializer_range: config.initializerRange,
    tie_word_embeddings: config.tieEmbeddings,
    log_scale: config.logScale,
    rope_scaling: null,
    pad_token_id: writePadding(config),
    pretraining_tp: 1,
    torch_dtype: 'float32',
    ...releasedScaling(config.encoding),
  };
}

/**
 * Fields by which other code can compute a model: the released code, or transformers' Llama;
 * undefined if none can.
 */
function describedElsewhere(config: ModelConfig): Fields | undefined {
  const { encoding, trainLength } = config;
  const llama = { ...standardFields(config), model_type: 'llama', hidden_act: 'silu' };
  const released = relativeTypes.map((type) => ({
    architectures: ['MyLlamaForCausalLM'],
    ...llama,
    rpe_type: type,
  }));
  const plain =
    isRope(encoding) && !config.logScale
      ? [{ architectures: ['LlamaForCausalLM'], ...llama, ...writeRope(encoding, trainLength) }]
      : [];
  return [...released, ...plain].find((fields) => describes(fields, config));
}

function isRope(encoding: EncodingConfig): encoding is RopeConfig {
  return encoding.kind === 'rope';
}

function describes(fields: Fields, config: ModelConfig): boolean {
  try {
    return meaningOf(fromStandardFields(fields, '')) === meaningOf(config);
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/**
 * A scaling in the released code's fields; no field without a scaling, or with one that it does not
 * support.
 */
function releasedScaling(encoding: EncodingConfig): Fields {
  if (encoding.kind === 'bipe') return releasedScaling(encoding.inter);
  if (encoding.kind !== 'rope' || encoding.scaling === undefined || encoding.scaling.type === 'yarn')
    return {};
  const { type, factor } = encoding.scaling;
  const originalLength = type === 'dynamic' ? encoding.scaling.originalLength : undefined;
  return {
    rope_scaling: { type, factor },
    ...(originalLength !== undefined && { max_position_embeddings: originalLength }),
  };
}
