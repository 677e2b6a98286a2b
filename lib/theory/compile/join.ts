// The feed-forward blocks of a `join` step: the summaries of two fragments become that of both, one
// after the other (`compact.ts` has the summary). With (h1, a1, M1, x1) copied from the source
// token and (h, a, M, x) the token's own, in seven blocks:
//
//   moved := x1 h                       the sub-states that the left one's last segment leads to
//   passage := the relation of the right one's first separator for `moved`, if both have one, and
//     else the identity; h := h, or the identity if the left one has a separator; x := x, or
//     `moved` if the right one has none; a := a1, or a if the left one has none
//   h := h1 h and passage := M1 passage
//   M := passage M
//
// Each product is rounded. Without a separator M is the identity, so that products need no cases.

import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import { type Block, blockNamed, blockSize, coordinateOf, type Layout } from '../network/layout';
import type { Connection, Units } from '../network/mlp';
import { addRounding, addWays, type BlockPlan, erase, matrixOf, type Product, steepness } from './blocks';
import { copyOf, scratch, summary } from './compact';
import type { Instruction } from './program';

type Join = Extract<Instruction, { op: 'join' }>;

/** The blocks of a `join` step. */
export function joinBlocks({ relations }: Join, layout: Layout): BlockPlan[] {
  const named = (name: string): Block => blockNamed(layout, name);
  const [h, m, x] = [named(summary.sub), named(summary.segment), named(summary.reached)];
  const [h1, m1, x1] = [h, m, x].map(({ name }) => named(copyOf(name))) as [Block, Block, Block];
  const [moved, passage] = [named(scratch.moved), named(scratch.passage)];
  const product = (left: Block, right: Block, to: Block): Product => ({
    left: matrixOf(left),
    right: matrixOf(right),
    to: matrixOf(to),
  });
  return [
    productBlock('moved', [product(x1, h, moved)], [x1]),
    roundingBlock('rounding moved', [moved]),
    choiceBlock(relations, layout),
    productBlock('products', [product(h1, h, h), product(m1, passage, passage)], [h, h1, passage, m1]),
    roundingBlock('rounding products', [h, passage]),
    productBlock('segment product', [product(passage, m, m)], [m, passage]),
    roundingBlock('rounding segment product', [m]),
  ];
}

/** Counts products, and erases blocks: factors that were used up, and what the products replace. */
function productBlock(name: string, products: readonly Product[], erased: readonly Block[]): BlockPlan {
  return {
    name,
    products,
    addUnits: (mlp) => {
      for (const product of products)
        for (let row = 0; row < product.to.rows; row++)
          for (let column = 0; column < product.to.columns; column++) addWays(mlp, product, row, column);
      for (const block of erased) eraseBlock(mlp, block);
    },
  };
}

function roundingBlock(name: string, blocks: readonly Block[]): BlockPlan {
  return {
    name,
    products: [],
    addUnits: (mlp) => {
      for (const block of blocks) addRounding(mlp, block);
    },
  };
}

function eraseBlock(mlp: Units, { start, ...shape }: Block): void {
  for (let entry = 0; entry < blockSize(shape); entry++) erase(mlp, start + entry);
}

/** The block with the cases; each result is rounded anew, so that errors do not add up. */
function choiceBlock(relations: Join['relations'], layout: Layout): BlockPlan {
  const named = (name: string): Block => blockNamed(layout, name);
  const [a, h, x] = [named(summary.first), named(summary.sub), named(summary.reached)];
  const [a1, moved, passage] = [named(copyOf(summary.first)), named(scratch.moved), named(scratch.passage)];
  const one = named('one').start;
  // 1 where the left or the right fragment has a separator or the start, else 0.
  const [left, right] = [a1, a].map(
    ({ start, columns }) =>
      (weight: number): Connection[] =>
        columns.map((_, column) => [start + column, weight]),
  ) as [(weight: number) => Connection[], (weight: number) => Connection[]];
  const set = (mlp: Units, to: number, inputs: readonly Connection[]): void => {
    atLeastOne(mlp, inputs, 0, [[to, 1]], steepness);
  };
  return {
    name: 'choice',
    products: [],
    sums: 'choice',
    addUnits: (mlp) => {
      addPassage(mlp, { relations, moved, first: a, passage });
      const diagonal = passage.rows.map((_, state) => coordinateOf(passage, state, state));
      pass(
        mlp,
        [[one, 1]],
        diagonal.map((entry) => [entry, 1]),
      );
      // The start, the first of `a`, passes on as the identity does.
      atLeastOne(
        mlp,
        [...left(1), ...right(1).slice(1)],
        -1,
        diagonal.map((entry) => [entry, -1]),
        steepness,
      );
      for (let row = 0; row < h.rows.length; row++)
        for (let column = 0; column < h.columns.length; column++) {
          const entry = coordinateOf(h, row, column);
          set(mlp, entry, [[entry, 1], ...left(row === column ? 1 : -1)]);
          erase(mlp, entry);
        }
      x.columns.forEach((_, column) => {
        const [entry, instead] = [x.start + column, moved.start + column];
        set(mlp, entry, [[entry, 1]]);
        set(mlp, entry, [[instead, 1], ...right(-1)]);
        erase(mlp, entry);
        erase(mlp, instead);
      });
      a.columns.forEach((_, column) => {
        const [entry, instead] = [a.start + column, a1.start + column];
        set(mlp, entry, [[instead, 1]]);
        set(mlp, entry, [[entry, 1], ...left(-1)]);
        erase(mlp, entry);
        erase(mlp, instead);
      });
    },
  };
}

/**
 * passage[s, s'] := 1 if a sub-state in `moved` lets s move to s' at the first separator of the
 * right fragment. `moved` is 0 if the left one has no separator.
 */
function addPassage(
  mlp: Units,
  of: {
    readonly relations: Join['relations'];
    readonly moved: Block;
    readonly first: Block;
    readonly passage: Block;
  },
): void {
  const most = of.moved.columns.length;
  of.relations.forEach((bySubState, separator) => {
    of.passage.rows.forEach((_, begin) => {
      of.passage.columns.forEach((__, end) => {
        const reached = bySubState.flatMap(({ entries, columns }, subState): Connection[] =>
          entries[begin * columns + end] === 1 ? [[of.moved.start + subState, 1]] : [],
        );
        if (reached.length === 0) return;
        // Where another separator is the first, the sum is at most 0: `most` is subtracted.
        const here: Connection = [of.first.start + 1 + separator, most];
        const entry = coordinateOf(of.passage, begin, end);
        atLeastOne(mlp, [...reached, here], -most, [[entry, 1]], steepness);
      });
    });
  });
}
