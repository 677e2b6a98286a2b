// Feed-forward blocks in closed form. One multiplies Boolean matrices (Lemma 1.4), which counts
// ways; a second one rounds each count to 1 if there is any way, else 0; a third moves segment
// states at separators.

import { float32 } from '../lemmas/certificate';
import { bestProductScale, conjoin, multiply } from '../lemmas/product';
import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import { type Block, blockNamed, blockSize, coordinateOf, type Layout } from '../network/layout';
import { type Connection, type Units } from '../network/mlp';
import type { Instruction } from './program';

/** GELU is within 2e-9 / 32 of ReLU where a count to be rounded errs by at most 0.15. */
export const steepness = 32;

/** A feed-forward block before it is built. */
export interface BlockPlan {
  readonly name: string;
  /** Adds the block's hidden units, always the same in the same order. */
  readonly addUnits: (mlp: Units) => void;
  /** The products that it counts. */
  readonly products: readonly Product[];
  /** What it rounds beside counts, which has a bound of its own. */
  readonly sums?: RoundedSum;
}

/**
 * Sums that are rounded: those by which fragments are joined, sub-states and the separator, a set
 * and the kind of a token, or a mean of sets.
 */
export type RoundedSum = 'choice' | 'transition' | 'move' | 'mean';

/** A matrix in the residual stream, row by row from coordinate `start` on. */
export interface StreamMatrix {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

/** to := left x right, as counts of ways. `to` may be the same as one of the factors. */
export interface Product {
  readonly left: StreamMatrix;
  readonly right: StreamMatrix;
  readonly to: StreamMatrix;
}

/** A block's coordinates as a matrix. */
export function matrixOf({ start, rows, columns }: Block): StreamMatrix {
  return { start, rows: rows.length, columns: columns.length };
}

/**
 * The scale of a sum of `states` products of 0 and 1: the one with the smallest bound in float32.
 */
export function booleanProductScale(states: number): number {
  return bestProductScale(1, float32, states);
}

/** The blocks of a `multiply` step. */
export function multiplyBlocks(register: Block, copied: Block): BlockPlan[] {
  const own = matrixOf(register);
  const product: Product = { left: { ...own, start: copied.start }, right: own, to: own };
  return [
    {
      name: 'product',
      products: [product],
      // register := copied x register; copied := 0.
      addUnits: (mlp) => {
        for (let row = 0; row < own.rows; row++)
          for (let column = 0; column < own.columns; column++) {
            addWays(mlp, product, row, column);
            erase(mlp, own.start + row * own.columns + column);
            erase(mlp, copied.start + row * own.columns + column);
          }
      },
    },
    {
      name: 'rounding',
      products: [],
      addUnits: (mlp) => {
        addRounding(mlp, register);
      },
    },
  ];
}

/** Adds an entry of a product to its coordinate in `to`. */
export function addWays(mlp: Units, { left, right, to }: Product, row: number, column: number): void {
  const out = to.start + row * to.columns + column;
  const scale = booleanProductScale(left.columns);
  for (let middle = 0; middle < left.columns; middle++) {
    const [a, b] = [left.start + row * left.columns + middle, right.start + middle * right.columns + column];
    if (mlp.activation === 'gelu') multiply(mlp, a, b, out, scale);
    else conjoin(mlp, a, b, out);
  }
}

/** block := 1 where it is at least 1, else 0. */
export function addRounding(mlp: Units, block: Block): void {
  for (let entry = block.start; entry < block.start + blockSize(block); entry++) {
    atLeastOne(mlp, [[entry, 1]], 0, [[entry, 1]], steepness);
    erase(mlp, entry);
  }
}

/**
 * The block of a `transition` step. At each separator: to[s, s'] := 1 if a reached sub-state lets s
 * move to s'. Other tokens are unchanged.
 */
export function transitionBlock(
  { from, row, to, relations }: Extract<Instruction, { op: 'transition' }>,
  layout: Layout,
): BlockPlan {
  const [source, target] = [blockNamed(layout, from), blockNamed(layout, to)];
  const separators = blockNamed(layout, 'separators').start;
  const most = source.columns.length;
  return {
    name: 'transition',
    products: [],
    sums: 'transition',
    addUnits: (mlp) => {
      relations.forEach((bySubState, separator) => {
        target.rows.forEach((_, begin) => {
          target.columns.forEach((__, end) => {
            const reached = bySubState.flatMap(({ entries, columns }, subState): Connection[] =>
              entries[begin * columns + end] === 1 ? [[coordinateOf(source, row, subState), 1]] : [],
            );
            if (reached.length === 0) return;
            // At other tokens the sum is at most 0, because `most` is subtracted.
            const here: Connection = [separators + separator, most];
            atLeastOne(mlp, [...reached, here], -most, [[coordinateOf(target, begin, end), 1]], steepness);
          });
        });
      });
    },
  };
}

/** Adds minus a coordinate to itself. */
export function erase(mlp: Units, coordinate: number): void {
  pass(mlp, [[coordinate, 1]], [[coordinate, -1]]);
}
