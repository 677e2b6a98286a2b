// A decoder's architecture: all of a model's configuration but its encoding.

import type { NestedSeparators } from '../segment/levels';
import type { StyleName } from './style';

/** A decoder's architecture, without its encoding. */
export interface Architecture {
  readonly style: StyleName;
  readonly vocabSize: number;
  /**
   * Number of outputs that the head scores if they are not the tokens, e.g. states of an automaton;
   * left out: `vocabSize`.
   */
  readonly outputs?: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  /** Must divide the width. */
  readonly numHeads: number;
  /** Sequence length in training. */
  readonly trainLength: number;
  readonly normEps: number;
  /** Standard deviation of weights before training. */
  readonly initializerRange: number;
  /** True if the head shares the embedding's table. */
  readonly tieEmbeddings: boolean;
  /**
   * Token ids that end a unit of each level but the outermost, innermost first, or rules; [] for
   * encodings of one level.
   */
  readonly separators: NestedSeparators;
  /** True if queries grow with the logarithm of their position (released code, `log_scale`). */
  readonly logScale: boolean;
  /** Number of tokens that each token sees, itself included; left out: all before it. */
  readonly window?: number;
  /** Dropout rate in training; left out: none. */
  readonly dropout?: number;
  /**
   * The row of the embedding's table, and of tables of positions, that starts at 0 and gets no
   * gradient as an input (PyTorch's `padding_idx`); -1 is the last row of each table, as in the
   * released code. Left out: all rows are trained.
   */
  readonly paddingIndex?: number;
}
