// A trained vector for each position, added to the embedding: Gehring et al. 2017, "Convolutional
// Sequence to Sequence Learning" (arXiv 1705.03122), section 3.1, later BERT and GPT. BiPE uses it
// inside segments.

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ConfigError } from '../base/errors';
import { countUpTo } from '../base/schema';
import { lookup, rowAt } from '../engine/lookup';
import { type Encoding } from './encoding';
import { type EncodingKind, type Settings, trained } from './kind';

const schema = z.strictObject({
  kind: z.literal('learned'),
  /**
   * Rows of the table; the training length if left out. Positions beyond use the last row; inside
   * segments, the released code uses row 1,023 for any table.
   */
  rows: countUpTo(2 ** 31 - 1).exactOptional(),
});

/** Settings. */
export type LearnedConfig = z.infer<typeof schema>;

/** Name of the table, as the released code names the table inside segments. */
export const tableName = 'model.embeds.0.weight';

/** Learned encoding: adds row `position` of a trained table [rows, hiddenSize] to the embedding. */
export function learned({ rows }: Settings<LearnedConfig> = {}): Encoding {
  return {
    name: 'learned',
    levels: 1,
    parameters: ({ hiddenSize, trainLength, paddingIndex }) => [
      {
        name: tableName,
        shape: [rows ?? trainLength, hiddenSize],
        initial: 'normal',
        ...(paddingIndex !== undefined && { zeroRow: paddingRow(paddingIndex, rows ?? trainLength) }),
      },
    ],
    apply: ([tokens], _keys, { paddingIndex }, parameters) => ({
      embed: (embeddings) =>
        tf.tidy(() => {
          const table = trained(parameters, tableName) as tf.Tensor2D;
          const row = tf.clipByValue(tokens.toFloat(), 0, table.shape[0] - 1).toInt();
          return tf.add(embeddings, lookup(table, row, paddingIndex));
        }),
    }),
  };
}

function paddingRow(index: number, rows: number): number {
  const row = rowAt(index, rows);
  if (row >= 0 && row < rows) return row;
  throw new ConfigError(
    `encoding learned: paddingIndex ${index}, but its table has ${rows} rows; give -1 for the last`,
  );
}

/** Learned encoding for the registry. */
export const learnedKind: EncodingKind<LearnedConfig> = {
  kind: 'learned',
  schema,
  create: learned,
};
