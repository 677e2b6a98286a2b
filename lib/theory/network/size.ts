// The size of a compiled network.

import { blockNamed, blockSize, type Layout } from './layout';
import type { Mlp } from './mlp';
import type { Network } from './network';
import { normOf, weightNorm, type WeightNorm } from './norms';

/** The depth, width and weights of a network. */
export interface NetworkSize {
  /** Layers of attention. */
  readonly depth: number;
  /** Coordinates of the residual stream. */
  readonly width: number;
  readonly blocks: readonly { readonly name: string; readonly size: number }[];
  /**
   * The part of the width that holds relations and sets of states, which the theorems are about.
   * The rest tells tokens and places apart.
   */
  readonly relationWidth: number;
  /** Units of the widest feed-forward block. */
  readonly hidden: number;
  /** Number of weights that are not 0, biases included. */
  readonly weights: number;
  /** The norm of all weights. */
  readonly weightNorm: WeightNorm;
}

/** Measures a network. */
export function networkSize({ layout, embedding, places, layers }: Network): NetworkSize {
  const mlps = layers.flatMap(({ feedForward }) => feedForward.map(({ mlp }) => mlp));
  const matrices = [embedding, places, ...layers.flatMap(({ head }) => [head.query, head.key])];
  // Layers share blocks.
  const measured = new Map([...new Set(mlps)].map((mlp) => [mlp, measureMlp(mlp)]));
  const blocks = mlps.flatMap((mlp) => measured.get(mlp) ?? []);
  // W_V and W_O of a layer are the identity on a block each.
  const values = layers.reduce((sum, { head }) => sum + 2 * head.value.size, 0);
  return {
    depth: layers.length,
    width: layout.width,
    blocks: layout.blocks.map((block) => ({ name: block.name, size: blockSize(block) })),
    relationWidth: layout.width - endOfPlaces(layout),
    hidden: Math.max(0, ...mlps.map(({ hidden }) => hidden)),
    weights:
      values +
      matrices.reduce((sum, matrix) => sum + nonzero(matrix.values), 0) +
      blocks.reduce((sum, { weights }) => sum + weights, 0),
    weightNorm: joint([...blocks.map(({ norm }) => norm), ...matrices.map(({ values }) => normOf([values]))]),
  };
}

function measureMlp(mlp: Mlp): { readonly weights: number; readonly norm: WeightNorm } {
  return {
    weights: nonzero(mlp.inputWeight) + nonzero(mlp.bias) + nonzero(mlp.outputWeight),
    norm: weightNorm(mlp),
  };
}

function nonzero(weights: Float64Array): number {
  let count = 0;
  for (const weight of weights) if (weight !== 0) count += 1;
  return count;
}

/** Blocks after that of places hold relations. */
function endOfPlaces(layout: Layout): number {
  const place = blockNamed(layout, 'place');
  return place.start + blockSize(place);
}

function joint(norms: readonly WeightNorm[]): WeightNorm {
  return {
    largest: Math.max(...norms.map(({ largest }) => largest)),
    euclidean: Math.hypot(...norms.map(({ euclidean }) => euclidean)),
  };
}
