// The two styles of decoder: Llama's (RMSNorm, SwiGLU, no biases), used by the paper's language
// models, and GPT-2's (LayerNorm, GELU, biases), used in the first work on the arithmetic task
// (Feng et al. 2023).

import type * as tf from '@tensorflow/tfjs';
import type { ParameterSpec } from '../positional/encoding';
import { tanhGelu, swiglu } from './feed-forward';
import { layerNorm, rmsNorm } from './norm';
import { linear, type ModelParameters, vector } from './parameters';

/** The styles by name. */
export type StyleName = 'llama' | 'gpt2';

/** The widths of a block. */
export interface BlockSizes {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
}

/** One style. Hidden states are [tokens, hiddenSize]. */
export interface DecoderStyle {
  /** The parameters of a normalization of this name. */
  readonly normParameters: (name: string, width: number) => ParameterSpec[];
  readonly norm: (parameters: ModelParameters, name: string, x: tf.Tensor2D, eps: number) => tf.Tensor2D;
  /** The parameters of a linear map of this name. */
  readonly linearParameters: (name: string, width: { in: number; out: number }) => ParameterSpec[];
  /** The parameters of a feed-forward layer of this name. */
  readonly feedForwardParameters: (name: string, sizes: BlockSizes) => ParameterSpec[];
  readonly feedForward: (parameters: ModelParameters, name: string, x: tf.Tensor2D) => tf.Tensor2D;
}

const weightOnly: DecoderStyle['linearParameters'] = (name, width) => [
  { name: `${name}.weight`, shape: [width.out, width.in], initial: 'normal' },
];

const weightAndBias: DecoderStyle['linearParameters'] = (name, width) => [
  ...weightOnly(name, width),
  { name: `${name}.bias`, shape: [width.out], initial: 0 },
];

const llama: DecoderStyle = {
  normParameters: (name, width) => [{ name: `${name}.weight`, shape: [width], initial: 1 }],
  norm: (parameters, name, x, eps) => rmsNorm(x, vector(parameters, `${name}.weight`), eps),
  linearParameters: weightOnly,
  feedForwardParameters: (name, { hiddenSize, intermediateSize }) => [
    ...weightOnly(`${name}.gate_proj`, { in: hiddenSize, out: intermediateSize }),
    ...weightOnly(`${name}.up_proj`, { in: hiddenSize, out: intermediateSize }),
    ...weightOnly(`${name}.down_proj`, { in: intermediateSize, out: hiddenSize }),
  ],
  feedForward: (parameters, name, x) => {
    const gate = linear(parameters, `${name}.gate_proj`, x);
    const up = linear(parameters, `${name}.up_proj`, x);
    return linear(parameters, `${name}.down_proj`, swiglu(gate, up));
  },
};

const gpt2: DecoderStyle = {
  normParameters: (name, width) => [
    { name: `${name}.weight`, shape: [width], initial: 1 },
    { name: `${name}.bias`, shape: [width], initial: 0 },
  ],
  norm: (parameters, name, x, eps) =>
    layerNorm(x, vector(parameters, `${name}.weight`), vector(parameters, `${name}.bias`), eps),
  linearParameters: weightAndBias,
  feedForwardParameters: (name, { hiddenSize, intermediateSize }) => [
    ...weightAndBias(`${name}.up_proj`, { in: hiddenSize, out: intermediateSize }),
    ...weightAndBias(`${name}.down_proj`, { in: intermediateSize, out: hiddenSize }),
  ],
  feedForward: (parameters, name, x) =>
    linear(parameters, `${name}.down_proj`, tanhGelu(linear(parameters, `${name}.up_proj`, x))),
};

/** The styles a decoder can have. */
export const decoderStyles: Readonly<Record<StyleName, DecoderStyle>> = { llama, gpt2 };
