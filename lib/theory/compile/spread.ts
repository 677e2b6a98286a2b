// The spread construction: relations, but one column at each token. Places are grouped into blocks
// of n, as many as there are states, and the token at index j of a block holds column j of a
// relation: the states from which state j is reached. So a token is O(n + log L) wide.
//
//   1. n layers read the block before, from its last symbol to its first: column j, at first state
//      j alone, becomes column j of that block's relation.
//   2. A layer doubles: with P the relation of earlier blocks and R that of later ones, column j of
//      P R is the union of those columns k of P for which k is in column j of R. The token attends
//      to the tokens of the earlier block at the indices in its own column, and takes their mean.
//      After ceil(log2 (blocks - 2)) layers the last block but one has columns of the relation of
//      all blocks before it, which is all that is asked for.
//   3. The start state's row of that relation is the set at the beginning of the block; its entries
//      lie at the block's n tokens. A token collects them from the block before its own, for only
//      that one is complete when it comes; so it has the set at the beginning of the block before.
//   4. 2n layers read the symbols of the block before and of the own block, as far as they are not
//      after the token.
//
// So there are 3n + ceil(log2 (blocks - 2)) + 1 layers, for ceil(length / n) blocks, 3 at least.

import type { Nfa } from '../automata/automaton';
import { identityRelation, type Relation } from '../automata/relation';
import type { BlockShape } from '../network/layout';
import { relationsByToken, startingSet, statesRegister, tokenOf } from './carried';
import { doubledDistances, type Instruction, type Register, type RelationProgram } from './program';

/** The column that a token holds; its first entry is 1 for the start token alone. */
export const columnRegister = 'column';

/** An entry of the start state's row, at the token of its column. */
export const entryRegister = 'entry';

/** The block to which a `read` copies the kind of a token. */
export const readToken = 'copied token';

/** The block to which a `unite` copies the mean of columns. */
export const copiedColumn = 'copied column';

/** How many blocks back each `unite` looks. */
export function spreadDistances(size: number, maxLength: number): number[] {
  return doubledDistances(Math.max(1, Math.ceil(maxLength / size) - 2));
}

/** The spread construction: width O(n + log length + symbols). */
export function spreadProgram(automaton: Nfa, maxLength: number): RelationProgram {
  const { states, symbols, start } = automaton;
  const size = states.length;
  const forward = relationsByToken(automaton);
  const backward = forward.map(transposed);
  const token = tokenOf(automaton);
  const column: Register = {
    name: columnRegister,
    rows: [''],
    columns: ['start', ...states],
    initial: [
      { rows: 1, columns: 1 + size, entries: Uint8Array.of(1, ...states.map(() => 0)) },
      ...symbols.map(() => undefined),
    ],
    marksIndex: true,
  };
  const indices = Array.from({ length: size }, (_, index) => index);
  const read = (register: string, back: number, at: number, relations: readonly Relation[]): Instruction => ({
    op: 'read',
    register,
    source: { among: 'block', back, at },
    relations,
  });
  const copies = ({ columns }: Register, name: string): BlockShape => ({ name, rows: [''], columns });
  return {
    automaton,
    bounds: { encoding: 'spread', maxLength },
    blockLength: size,
    registers: [
      token,
      column,
      startingSet(entryRegister, automaton),
      { name: statesRegister, rows: [''], columns: states, initial: token.columns.map(() => undefined) },
    ],
    scratch: [copies(token, readToken), copies(column, copiedColumn)],
    instructions: [
      ...indices.toReversed().map((at) => read(columnRegister, 1, at, backward)),
      ...spreadDistances(size, maxLength).map((back): Instruction => ({
        op: 'unite',
        register: columnRegister,
        source: { among: 'block', back, at: 'marked' },
      })),
      { op: 'pick', from: columnRegister, state: states.indexOf(start), to: entryRegister },
      {
        op: 'collect',
        from: entryRegister,
        to: statesRegister,
        source: { among: 'block', back: 1, at: 'all' },
      },
      ...[1, 0].flatMap((back) => indices.map((at) => read(statesRegister, back, at, forward))),
    ],
    reads: [{ name: 'states', register: statesRegister, row: 0, anewAtSeparators: false }],
  };
}

function transposed({ rows, columns, entries }: Relation): Relation {
  const { entries: turned } = identityRelation(rows);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = entries[row * columns + column] ?? 0;
  return { rows: columns, columns: rows, entries: turned };
}
