// A model's configuration as `config.json` of a Hugging Face checkpoint: the authors' own is read as it is (their
// `MyLlamaConfig`, github.com/zhenyuhe00/BiPE, config_llama.py), and a model that their code can compute is written so
// that it does. What theirs cannot say stands in a field of this project's own, and alone there.

import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { canonicalJson } from '../base/json';
import { parseWith } from '../base/schema';
import { type EncodingConfig, encodingNamed } from '../positional/registry';
import { type RopeScaling } from '../positional/rope-scaling';
import { separatorSets } from '../segment/separators';
import { type ModelConfig, parseModelConfig } from './config';

const relativeTypes = ['rope', 'alibi', 'bipe_rope', 'bipe_alibi'] as const;

/** Where a configuration stands as this project writes it, complete. */
const ownField = 'bipe_workbench';

const count = z.number().int().positive();

/** A field of other Llamas, which may say nothing but what holds of the authors'. */
const only = (value: string | number | boolean | null): z.ZodType =>
  z.literal(value, { error: `only ${value} is known here` }).nullish();

/** The authors' code takes exactly these two fields; it accepts `yarn` too, of which its model knows nothing. */
const releasedScalingSchema = z.strictObject({
  type: z.enum(['linear', 'dynamic'], { error: 'only linear and dynamic are known here' }),
  factor: z.number().gt(1),
});

/** The fields that a model of the authors' depends on. Others, such as token ids and versions, are passed over. */
const releasedSchema = z.object({
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  hidden_act: z.literal('silu', { error: 'only silu is known here' }).default('silu'),
  initializer_range: z.number().nonnegative().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  max_position_embeddings: count.default(2048),
  rope_scaling: releasedScalingSchema.nullish(),
  rpe_type: z.enum(relativeTypes).default('rope'),
  log_scale: z.boolean().default(false),
  train_scale: count.default(256),
  model_type: only('llama'),
  rope_theta: only(10_000),
  rope_parameters: only(null),
  partial_rotary_factor: only(1),
  attention_bias: only(false),
  mlp_bias: only(false),
  sliding_window: only(null),
  quantization_config: only(null),
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
  const { num_attention_heads: heads, num_key_value_heads: keyHeads, head_dim: headDim } = released;
  const { rpe_type: type, train_scale: trainLength } = released;
  if ((keyHeads ?? heads) !== heads)
    throw new ConfigError(
      `${where}: num_key_value_heads: ${keyHeads ?? heads} for ${heads} heads; shared keys are not known here`,
    );
  if (headDim != null && headDim * heads !== released.hidden_size)
    throw new ConfigError(
      `${where}: head_dim: ${headDim} for ${heads} heads; only hidden_size / num_attention_heads is known here`,
    );
  return parseModelConfig(
    {
      style: 'llama',
      vocabSize: released.vocab_size,
      hiddenSize: released.hidden_size,
      intermediateSize: released.intermediate_size,
      numLayers: released.num_hidden_layers,
      numHeads: heads,
      trainLength,
      normEps: released.rms_norm_eps,
      initializerRange: released.initializer_range,
      tieEmbeddings: released.tie_word_embeddings,
      separators: type.startsWith('bipe') ? [separatorSets.released] : [],
      logScale: released.log_scale,
      encoding: releasedEncoding(type, trainLength, scalingIn(released)),
    } satisfies ModelConfig,
    where,
  );
}

/** Dynamic scaling begins beyond `max_position_embeddings`. */
function scalingIn({
  rope_scaling: scaling,
  max_position_embeddings: originalLength,
  train_scale: trainLength,
}: z.infer<typeof releasedSchema>): RopeScaling | undefined {
  if (scaling?.type !== 'dynamic' || originalLength === trainLength) return scaling ?? undefined;
  return { type: 'dynamic', factor: scaling.factor, originalLength };
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

/** `config.json` for a model: complete in a field of its own, and as the released code reads it if that can compute it. */
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
    rope_scaling: null,
    pad_token_id: -1,
    pretraining_tp: 1,
    torch_dtype: 'float32',
    ...scalingFields(config.encoding),
  };
  const type = relativeTypes.find((candidate) => describes({ ...fields, rpe_type: candidate }, config));
  const kind =
    type === undefined
      ? { architectures: ['BipeWorkbenchDecoder'], model_type: 'bipe_workbench' }
      : { architectures: ['MyLlamaForCausalLM'], model_type: 'llama', hidden_act: 'silu', rpe_type: type };
  return { ...kind, ...fields, [ownField]: config };
}

/** It as text. Python tells 4 from 4.0, and the released code wants a scaling's factor to be a float. */
export function huggingFaceJson(config: ModelConfig): string {
  const text = JSON.stringify(toHuggingFace(config), null, 2);
  return `${text.replace(/("factor": \d+)(?=,?$)/gm, '$1.0')}\n`;
}

function describes(fields: unknown, config: ModelConfig): boolean {
  try {
    return canonicalJson(fromHuggingFace(fields, '')) === canonicalJson(config);
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** A scaling as the released code says it; nothing where there is none, or one that it does not know. */
function scalingFields(encoding: EncodingConfig): Record<string, unknown> {
  if (encoding.kind === 'bipe') return scalingFields(encoding.inter);
  if (encoding.kind !== 'rope' || encoding.scaling === undefined || encoding.scaling.type === 'yarn')
    return {};
  const { type, factor } = encoding.scaling;
  const originalLength = type === 'dynamic' ? encoding.scaling.originalLength : undefined;
  return {
    rope_scaling: { type, factor },
    ...(originalLength !== undefined && { max_position_embeddings: originalLength }),
  };
}
