// A decoder's sizes and habits: all of a model's configuration but its encoding.

import type { NestedSeparators } from '../segment/levels';
import type { StyleName } from './style';

/** A decoder's sizes and habits, without its encoding. */
export interface Architecture {
  readonly style: StyleName;
  readonly vocabSize: number;
  /**
   * What the head scores where that is not the tokens, such as the states of an automaton; left
   * out: `vocabSize`.
   */
  readonly outputs?: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  /** They divide the width. */
  readonly numHeads: number;
  /** The sequence length it is trained at. */
  readonly trainLength: number;
  readonly normEps: number;
  /** The deviation of weights before training. */
  readonly initializerRange: number;
  /** Whether the head is the embedding's table. */
  readonly tieEmbeddings: boolean;
  /**
   * Token ids that end a unit of each level but the outermost, innermost first, or rules; [] for
   * encodings of one level.
   */
  readonly separators: NestedSeparators;
  /** Whether queries grow with the logarithm of their position (released code, `log_scale`). */
  readonly logScale: boolean;
  /** Each token sees this many, itself included; left out: all before it. */
  readonly window?: number;
  /** The share that is dropped in training; left out: none. */
  readonly dropout?: number;
  /**
   * The row of the embedding's table, and of tables of positions, that starts at 0 and gets no
   * gradient as an input (PyTorch's `padding_idx`); -1 is each table's last, as in the released
   * code. Left out: all rows are trained.
   */
  readonly paddingIndex?: number;
}
