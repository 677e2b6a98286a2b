// A model's configuration as `config.json` of a Hugging Face checkpoint: the authors' own is read as it is (their
// `MyLlamaConfig`, github.com/zhenyuhe00/BiPE, config_llama.py), and what is written here can be read by their code
// wherever their code knows such a model. What theirs cannot say stands in a field of this project's own.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { canonicalJson } from '../base/json';
import { parseWith } from '../base/schema';
import { type EncodingConfig, encodingNamed } from '../positional/registry';
import { type RopeScaling, ropeScalingSchema } from '../positional/rope-scaling';
import { separatorSets } from '../segment/separators';
import { type ModelConfig, parseModelConfig } from './config';

const relativeTypes = ['rope', 'alibi', 'bipe_rope', 'bipe_alibi'] as const;

/** Where a configuration stands as this project writes it, complete. */
const ownField = 'bipe_workbench';

const count = z.number().int().positive();

/** The fields that a model of the authors' depends on. Others, such as token ids and versions, are passed over. */
const releasedSchema = z.object({
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  hidden_act: z.literal('silu', { error: 'only silu is known here' }).default('silu'),
  initializer_range: z.number().nonnegative().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  rope_scaling: ropeScalingSchema.nullish(),
  rpe_type: z.enum(relativeTypes).default('rope'),
  log_scale: z.boolean().default(false),
  train_scale: count.default(256),
});

/**
 * The model that a Hugging Face `config.json` describes.
 *
 * @param where the file's name, as the message's first words
 * @throws ConfigError naming the field that is missing, wrong, or not of a model known here
 */
export function fromHuggingFace(value: unknown, where: string): ModelConfig {
  if (typeof value === 'object' && value !== null && ownField in value)
    return parseModelConfig(value[ownField], `${where}: ${ownField}`);
  const released = parseWith(releasedSchema, value, where);
  const { num_attention_heads: heads, num_key_value_heads: keyHeads, rpe_type: type } = released;
  if ((keyHeads ?? heads) !== heads)
    throw new ConfigError(
      `${where}: num_key_value_heads: ${keyHeads ?? heads} for ${heads} heads; shared keys are not known here`,
    );
  return parseModelConfig(
    {
      style: 'llama',
      vocabSize: released.vocab_size,
      hiddenSize: released.hidden_size,
      intermediateSize: released.intermediate_size,
      numLayers: released.num_hidden_layers,
      numHeads: heads,
      trainLength: released.train_scale,
      normEps: released.rms_norm_eps,
      initializerRange: released.initializer_range,
      tieEmbeddings: released.tie_word_embeddings,
      separators: type.startsWith('bipe') ? [separatorSets.released] : [],
      logScale: released.log_scale,
      encoding: releasedEncoding(type, released.train_scale, released.rope_scaling ?? undefined),
    } satisfies ModelConfig,
    where,
  );
}

/** The released code's encoding: its intra-segment table has `train_scale` rows. */
function releasedEncoding(
  type: (typeof relativeTypes)[number],
  rows: number,
  scaling: RopeScaling | undefined,
): EncodingConfig {
  const rope = { kind: 'rope', ...(scaling && { scaling }) } as const;
  switch (type) {
    case 'rope':
      return rope;
    case 'alibi':
      return encodingNamed('alibi');
    case 'bipe_rope':
      return { kind: 'bipe', intra: { kind: 'learned', rows }, inter: rope };
    case 'bipe_alibi':
      return { kind: 'bipe', intra: { kind: 'learned', rows }, inter: { kind: 'alibi', slopeFactor: 96 } };
  }
}

/** `config.json` for a model: complete in a field of its own, and as the released code reads it as far as that goes. */
export function toHuggingFace(config: ModelConfig): Record<string, unknown> {
  const fields = {
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
    rope_scaling: scalingOf(config.encoding),
    pad_token_id: -1,
    pretraining_tp: 1,
    torch_dtype: 'float32',
  };
  const type = relativeTypes.find((candidate) => describes({ ...fields, rpe_type: candidate }, config));
  const kind =
    type === undefined
      ? { architectures: ['BipeWorkbenchDecoder'], model_type: 'bipe_workbench' }
      : { architectures: ['MyLlamaForCausalLM'], model_type: 'llama', hidden_act: 'silu', rpe_type: type };
  return { ...kind, ...fields, [ownField]: config };
}

function describes(fields: unknown, config: ModelConfig): boolean {
  try {
    return canonicalJson(fromHuggingFace(fields, '')) === canonicalJson(config);
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function scalingOf(encoding: EncodingConfig): unknown {
  if (encoding.kind === 'bipe') return scalingOf(encoding.inter);
  return encoding.kind === 'rope' ? (encoding.scaling ?? null) : null;
}
