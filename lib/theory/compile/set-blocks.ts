// Feed-forward blocks of programs over sets of states: moving a set by a symbol, and the union of
// sets of which a head has taken the mean.

import { atLeastOne } from '../lemmas/rectifier';
import type { Relation } from '../automata/relation';
import { type Block, blockNamed, blockSize, coordinateOf, type Layout } from '../network/layout';
import type { Connection, Units } from '../network/mlp';
import { type BlockPlan, erase, steepness } from './blocks';
import { tokenRegister } from './carried';
import type { SetInstruction } from './program';
import { copiedColumn, readToken } from './spread';

type Step<Op extends SetInstruction['op']> = Extract<SetInstruction, { op: Op }>;

/** The block of a `carry` step: the copied set moves by the token's own symbol. */
export function carryBlock({ register, relations }: Step<'carry'>, layout: Layout): BlockPlan {
  const copied = blockNamed(layout, 'copied');
  const to = statesOf(blockNamed(layout, register), relations);
  return moveBlock(
    relations,
    { from: statesOf(copied, relations), to, token: blockNamed(layout, tokenRegister) },
    [copied],
  );
}

/** The block of a `read` step: the own set moves by the copied symbol. */
export function readBlock({ register, relations }: Step<'read'>, layout: Layout): BlockPlan {
  const set = statesOf(blockNamed(layout, register), relations);
  const token = blockNamed(layout, readToken);
  return moveBlock(relations, { from: set, to: set, token }, [token]);
}

/** Coordinates of a set of states: the last ones of its block. */
function statesOf(block: Block, [first]: readonly Relation[]): number[] {
  const size = first?.rows ?? 0;
  const start = block.start + blockSize(block) - size;
  return Array.from({ length: size }, (_, state) => start + state);
}

/**
 * to := from, moved by the relation of the token of which `token` is the kind, and `cleared` := 0.
 * At other kinds the sum is at most 0, because the number of states is subtracted.
 */
function moveBlock(
  relations: readonly Relation[],
  {
    from,
    to,
    token,
  }: { readonly from: readonly number[]; readonly to: readonly number[]; readonly token: Block },
  cleared: readonly Block[],
): BlockPlan {
  const most = from.length;
  return {
    name: 'move',
    products: [],
    sums: 'move',
    addUnits: (mlp) => {
      to.forEach((entry, state) => {
        relations.forEach(({ entries, columns }, kind) => {
          const reaching = from.flatMap((coordinate, before): Connection[] =>
            entries[before * columns + state] === 1 ? [[coordinate, 1]] : [],
          );
          if (reaching.length === 0) return;
          atLeastOne(
            mlp,
            [...reaching, [coordinateOf(token, 0, kind), most]],
            -most,
            [[entry, 1]],
            steepness,
          );
        });
        erase(mlp, entry);
      });
      for (const block of cleared) eraseAll(mlp, block);
    },
  };
}

function eraseAll(mlp: Units, block: Block): void {
  for (let entry = 0; entry < blockSize(block); entry++) erase(mlp, block.start + entry);
}

/**
 * The block of a `unite` step. The copied set is a mean of at most n sets, so n times it is at
 * least 1 where any has a state. If it is the start's, whose mark is copied with it, the own set
 * stays.
 */
export function uniteBlock({ register }: Step<'unite'>, layout: Layout): BlockPlan {
  const [own, copied] = [blockNamed(layout, register), blockNamed(layout, copiedColumn)];
  const states = own.columns.length - 1;
  return {
    name: 'union',
    products: [],
    sums: 'mean',
    addUnits: (mlp) => {
      for (let state = 1; state <= states; state++) {
        const [entry, mean] = [own.start + state, copied.start + state];
        atLeastOne(mlp, [[mean, states]], 0, [[entry, 1]], steepness);
        atLeastOne(
          mlp,
          [
            [entry, 1],
            [copied.start, 1],
          ],
          -1,
          [[entry, 1]],
          steepness,
        );
        erase(mlp, entry);
      }
      eraseAll(mlp, copied);
    },
  };
}

/** The block of a `pick` step: to[index] := 1 at the token's index, if its set has the state. */
export function pickBlock(
  { from, state, to }: Step<'pick'>,
  layout: Layout,
  index: readonly number[],
): BlockPlan {
  const [set, target] = [blockNamed(layout, from), blockNamed(layout, to)];
  const asked = set.start + set.columns.length - index.length + state;
  return {
    name: 'pick',
    products: [],
    sums: 'move',
    addUnits: (mlp) => {
      index.forEach((coordinate, at) => {
        atLeastOne(
          mlp,
          [
            [coordinate, 1],
            [asked, 1],
          ],
          -1,
          [[target.start + at, 1]],
          steepness,
        );
      });
    },
  };
}

/**
 * The block of a `collect` step: the mean of up to n sets, which the head has written, as a union.
 */
export function collectBlock({ to }: Step<'collect'>, layout: Layout): BlockPlan {
  const target = blockNamed(layout, to);
  return {
    name: 'union',
    products: [],
    sums: 'mean',
    addUnits: (mlp) => {
      target.columns.forEach((_, state) => {
        const entry = target.start + state;
        atLeastOne(mlp, [[entry, target.columns.length]], 0, [[entry, 1]], steepness);
        erase(mlp, entry);
      });
    },
  };
}
