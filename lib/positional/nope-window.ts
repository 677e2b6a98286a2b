// No positional encoding, and a window: each query sees the keys of the nearest positions alone, as
// in sliding window attention (Beltagy, Peters and Cohan 2020, "Longformer", arXiv 2004.05150,
// section 3.1). The window is all that a layer knows of distance; over several layers information
// passes from window to window.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { countUpTo } from '../base/schema';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings } from './kind';
import { distancesBack, isAtLeast } from './spans';

const schema = z.strictObject({
  kind: z.literal('nope_window'),
  /**
   * Positions that a query sees, its own included; a quarter of the training length, rounded up, if
   * left out. Between segments, a position is a segment.
   */
  window: countUpTo(2 ** 24).exactOptional(),
});

/** Settings. */
export type NopeWindowConfig = z.infer<typeof schema>;

/** Added to the score of a key outside the window: its weight is then 0 in float32. */
const outsideScore = -1e9;

/** NoPE with a window: a key `window` or more positions back is not seen, others are all alike. */
export function nopeWindow({ window }: Settings<NopeWindowConfig> = {}): Encoding {
  return {
    name: 'nope_window',
    levels: 1,
    parameters: () => [],
    apply: ([tokens], [keys], { trainLength }) => ({
      bias: (querySpan, keySpan) =>
        tf.tidy(() => {
          const distance = distancesBack(tokens, keys, querySpan, keySpan);
          return tf.mul(isAtLeast(distance, window ?? Math.ceil(trainLength / 4)), outsideScore);
        }),
    }),
  };
}

/** NoPE with a window for the registry. */
export const nopeWindowKind: EncodingKind<NopeWindowConfig> = {
  kind: 'nope_window',
  schema,
  create: nopeWindow,
};
