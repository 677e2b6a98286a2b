// How large a compiled network is.

import { type Block, blockSize } from './layout';
import type { Matrix, Network } from './network';
import { weightNorm, type WeightNorm } from './norms';

/** The size of a network. */
export interface NetworkSize {
  /** Layers of attention. */
  readonly depth: number;
  /** Coordinates of the residual stream. */
  readonly width: number;
  readonly blocks: readonly { readonly name: string; readonly size: number }[];
  /**
   * Of the width, what holds relations: what the theorems are about. The rest tells tokens and
   * places apart.
   */
  readonly relationWidth: number;
  /** Units of the widest feed-forward block. */
  readonly hidden: number;
  /** Weights that are not 0, biases included. */
  readonly weights: number;
  /** Of all of them. */
  readonly weightNorm: WeightNorm;
}

/** The size of a network. */
export function networkSize({ layout, embedding, places, layers }: Network): NetworkSize {
  const mlps = layers.flatMap(({ feedForward }) => feedForward.map(({ mlp }) => mlp));
  const matrices = [embedding, places, ...layers.flatMap(({ head }) => [head.query, head.key])];
  const units = mlps.flatMap(({ inputWeight, bias, outputWeight }) => [inputWeight, bias, outputWeight]);
  // Of a layer, the matrices of values and of outputs are the identity between two blocks.
  const values = layers.reduce((sum, { head }) => sum + 2 * head.value.size, 0);
  return {
    depth: layers.length,
    width: layout.width,
    blocks: layout.blocks.map((block) => ({ name: block.name, size: blockSize(block) })),
    relationWidth: layout.blocks.filter(holdsRelations).reduce((sum, block) => sum + blockSize(block), 0),
    hidden: Math.max(0, ...mlps.map(({ hidden }) => hidden)),
    weights: [...matrices.map((matrix) => matrix.values), ...units].reduce(
      (sum, weights) => sum + weights.reduce((nonzero, weight) => nonzero + (weight === 0 ? 0 : 1), 0),
      values,
    ),
    weightNorm: joint([weightNorm(...mlps), ...matrices.map(matrixNorm)]),
  };
}

function holdsRelations({ name }: Block): boolean {
  return name === 'copied' || name.endsWith('relation');
}

function matrixNorm({ values }: Matrix): WeightNorm {
  let [largest, squares] = [0, 0];
  for (const value of values) {
    largest = Math.max(largest, Math.abs(value));
    squares += value * value;
  }
  return { largest, euclidean: Math.sqrt(squares) };
}

function joint(norms: readonly WeightNorm[]): WeightNorm {
  return {
    largest: Math.max(...norms.map(({ largest }) => largest)),
    euclidean: Math.hypot(...norms.map(({ euclidean }) => euclidean)),
  };
}
