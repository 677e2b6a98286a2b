// One block of the decoder: attention and feed-forward, each on normalized input and added to the
// residual stream. The caller gives the form of attention (over the whole sequence, or over a
// cache).

import * as tf from '@tensorflow/tfjs';
import type { ParameterSpec } from '../positional/encoding';
import type { Architecture } from './architecture';
import type { AttentionHeads } from './attention';
import { drop, type Dropout } from './dropout';
import { linear, type ModelParameters } from './parameters';
import { separateHeads } from './heads';
import { decoderStyles } from './style';

/** The prefix of a block's parameter names. */
export function blockName(layer: number): string {
  return `model.layers.${layer}`;
}

/** The parameters of one block. */
export function blockParameters(architecture: Architecture, layer: number): ParameterSpec[] {
  const { hiddenSize } = architecture;
  const style = decoderStyles[architecture.style];
  const name = blockName(layer);
  const square = { in: hiddenSize, out: hiddenSize };
  return [
    ...['q', 'k', 'v', 'o'].flatMap((part) =>
      style.linearParameters(`${name}.self_attn.${part}_proj`, square),
    ),
    ...style.feedForwardParameters(`${name}.mlp`, architecture),
    ...style.normParameters(`${name}.input_layernorm`, hiddenSize),
    ...style.normParameters(`${name}.post_attention_layernorm`, hiddenSize),
  ];
}

/** A block's layer, the batch, and its dropout. */
export interface BlockPlace {
  readonly layer: number;
  readonly batch: number;
  readonly dropout?: Dropout | undefined;
}

/**
 * Computes the hidden states after a block.
 *
 * @param hidden [batch * time, hiddenSize]
 * @param attend computes the context [batch, time, heads, headDim] from the projected heads, which
 *   are not scaled yet
 */
export function decoderBlock(
  architecture: Architecture,
  parameters: ModelParameters,
  { layer, batch, dropout }: BlockPlace,
  hidden: tf.Tensor2D,
  attend: (heads: AttentionHeads) => tf.Tensor4D,
): tf.Tensor2D {
  const { normEps, numHeads } = architecture;
  const style = decoderStyles[architecture.style];
  const name = blockName(layer);
  return tf.tidy(() => {
    const asked = style.norm(parameters, `${name}.input_layernorm`, hidden, normEps);
    const projections = ['q', 'k', 'v'].map((part) => `${name}.self_attn.${part}_proj`);
    const context = attend(splitHeads(linear(parameters, projections, asked), batch, numHeads));
    const joined = tf.reshape<tf.Rank.R2>(context, asked.shape);
    const attended = linear(parameters, `${name}.self_attn.o_proj`, joined);
    const between = tf.add<tf.Tensor2D>(hidden, drop(attended, dropout, { layer, part: 0 }));
    const fed = style.feedForward(
      parameters,
      `${name}.mlp`,
      style.norm(parameters, `${name}.post_attention_layernorm`, between, normEps),
    );
    return tf.add(between, drop(fed, dropout, { layer, part: 1 }));
  });
}

/** [batch * time, 3 * heads * headDim] -> three of [batch, heads, time, headDim] */
function splitHeads(x: tf.Tensor2D, batch: number, numHeads: number): AttentionHeads {
  const [tokens, width] = x.shape;
  const parts: tf.Tensor5D = tf.reshape(x, [batch, tokens / batch, 3, numHeads, width / numHeads / 3]);
  const [queries, keys, values] = separateHeads(parts);
  return { queries, keys, values };
}
