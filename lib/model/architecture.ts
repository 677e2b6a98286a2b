// A decoder's architecture as checked JSON: all of a model's configuration but its encoding.

import { z } from 'zod';
import { countUpTo } from '../base/schema';
import { segmentEndsSchema } from '../segment/ends';
import type { NestedSeparators } from '../segment/levels';

/** A size: a tensor's axis is an int32. */
export const sizeSchema = countUpTo(2 ** 31 - 1);

/** Number of layers: each is a dozen tensors, however small. */
export const layersSchema = countUpTo(10_000);

const separatorsSchema: z.ZodType<NestedSeparators> = z.array(segmentEndsSchema);

/** Checks the architecture field by field. */
export const architectureFields = {
  style: z.enum(['llama', 'gpt2']),
  vocabSize: sizeSchema,
  /**
   * Number of outputs that the head scores if they are not the tokens, e.g. states of an automaton;
   * left out: `vocabSize`.
   */
  outputs: sizeSchema.exactOptional(),
  hiddenSize: sizeSchema,
  intermediateSize: sizeSchema,
  numLayers: layersSchema,
  /** Must divide the width. */
  numHeads: sizeSchema,
  /** Sequence length in training. */
  trainLength: sizeSchema,
  normEps: z.number().positive(),
  /** Standard deviation of weights before training. */
  initializerRange: z.number().nonnegative(),
  /** True if the head shares the embedding's table. */
  tieEmbeddings: z.boolean(),
  /**
   * Token ids that end a unit of each level but the outermost, innermost first, or rules; [] for
   * encodings of one level.
   */
  separators: separatorsSchema,
  /** True if queries grow with the logarithm of their position (released code, `log_scale`). */
  logScale: z.boolean(),
  /** Number of tokens that each token sees, itself included; left out: all before it. */
  window: sizeSchema.exactOptional(),
  /** Dropout rate in training; left out: none. */
  dropout: z.number().min(0).lt(1).exactOptional(),
  /**
   * The row of the embedding's table, and of tables of positions, that starts at 0 and gets no
   * gradient as an input (PyTorch's `padding_idx`); -1 is the last row of each table, as in the
   * released code. Left out: all rows are trained.
   */
  paddingIndex: z.int().exactOptional(),
};

/** A decoder's architecture, without its encoding. */
export type Architecture = Readonly<z.infer<z.ZodObject<typeof architectureFields>>>;
