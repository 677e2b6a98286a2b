// Fixed sines and cosines of the position, added to the embedding. Vaswani et al. 2017, "Attention
// Is All You Need" (arXiv 1706.03762), section 3.5.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Encoding } from './encoding';
import { type EncodingKind, halfOf, type Settings } from './kind';
import { frequencies } from './by-distance';
import { angles } from './rotation';

const schema = z.strictObject({
  kind: z.literal('sinusoidal'),
  /** Base of the wavelengths; 10,000 if left out. */
  base: z.number().gt(1).exactOptional(),
  /**
   * Amplitude; 1 if left out. The source multiplies embeddings by the square root of their width
   * first; without that, the initializer's range as amplitude gives the same proportion.
   */
  scale: z.number().positive().exactOptional(),
});

/** Settings. */
export type SinusoidalConfig = z.infer<typeof schema>;

/**
 * Sinusoidal encoding: adds PE(position, 2i) = sin(position / base^(2i / hiddenSize)) and
 * PE(position, 2i + 1) = cos of the same to the embedding.
 */
export function sinusoidal({ base = 10_000, scale = 1 }: Settings<SinusoidalConfig> = {}): Encoding {
  return {
    name: 'sinusoidal',
    levels: 1,
    parameters: ({ hiddenSize }) => {
      halfOf(hiddenSize, 'sinusoidal', 'hiddenSize');
      return [];
    },
    apply: ([tokens], _keys, { hiddenSize }) => ({
      embed: (embeddings) =>
        tf.tidy(() => {
          const turns = angles(tokens, frequencies(hiddenSize, base));
          const [batch, time] = tokens.shape;
          const waves = tf.stack([tf.sin(turns), tf.cos(turns)], 3).reshape([batch, time, hiddenSize]);
          return tf.add(embeddings, scale === 1 ? waves : tf.mul(waves, scale));
        }),
    }),
  };
}

/** Sinusoidal encoding for the registry. */
export const sinusoidalKind: EncodingKind<SinusoidalConfig> = {
  kind: 'sinusoidal',
  schema,
  create: sinusoidal,
};
