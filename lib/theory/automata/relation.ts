// Relations between states as Boolean matrices: of a symbol, of a fragment of a word, and of the
// compiled Transformer's residual stream.

import type { BiNfa, Nfa } from './automaton';

/**
 * A Boolean matrix [rows, columns], row by row: entry q * columns + r is 1 if r can be reached from
 * q.
 */
export interface Relation {
  readonly rows: number;
  readonly columns: number;
  readonly entries: Uint8Array;
}

/** The identity relation. */
export function identityRelation(size: number): Relation {
  const entries = new Uint8Array(size * size);
  for (let state = 0; state < size; state++) entries[state * size + state] = 1;
  return { rows: size, columns: size, entries };
}

/** Composes two relations, first `left`, then `right`: their Boolean product. */
export function compose(left: Relation, right: Relation): Relation {
  if (left.columns !== right.rows) throw new Error(`relations of ${left.columns} and ${right.rows} states`);
  const { columns } = right;
  const entries = new Uint8Array(left.rows * columns);
  for (let row = 0; row < left.rows; row++)
    for (let middle = 0; middle < left.columns; middle++) {
      if (left.entries[row * left.columns + middle] !== 1) continue;
      for (let column = 0; column < columns; column++)
        if (right.entries[middle * columns + column] === 1) entries[row * columns + column] = 1;
    }
  return { rows: left.rows, columns, entries };
}

/** The index of each name in a list. */
export function indexOfNames(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]));
}

/**
 * The relation of each symbol of an automaton, in the order of its `symbols`: [states, states]
 * each.
 */
export function symbolRelations({ states, symbols, transitions }: Nfa): Relation[] {
  return relationsOf(states, symbols, transitions);
}

/** The relation of each symbol on the sub-states of a bilevel automaton. */
export function subRelations({ subStates, symbols, subTransitions }: BiNfa): Relation[] {
  return relationsOf(subStates, symbols, subTransitions);
}

/**
 * The relations of separators, in the order of `separators`: for each sub-state reached, a relation
 * [segment states, segment states].
 */
export function separatorRelations(automaton: BiNfa): Relation[][] {
  const { segmentStates, subStates, separators, segmentTransitions } = automaton;
  return separators.map((separator) =>
    subStates.flatMap((subState) => {
      const chosen = segmentTransitions.filter(([, sub, name]) => sub === subState && name === separator);
      const moves = chosen.map(([from, , name, to]) => [from, name, to] as const);
      return relationsOf(segmentStates, [separator], moves);
    }),
  );
}

function relationsOf(
  states: readonly string[],
  symbols: readonly string[],
  transitions: readonly (readonly [string, string, string])[],
): Relation[] {
  const size = states.length;
  const [indexOfState, indexOfSymbol] = [indexOfNames(states), indexOfNames(symbols)];
  const relations = symbols.map(() => ({ rows: size, columns: size, entries: new Uint8Array(size * size) }));
  for (const [from, symbol, to] of transitions) {
    const [row, column] = [indexOfState.get(from), indexOfState.get(to)];
    const relation = relations[indexOfSymbol.get(symbol) ?? -1];
    if (row === undefined || column === undefined || relation === undefined)
      throw new Error(`transition ${from} ${symbol} ${to}: not of this automaton`);
    relation.entries[row * size + column] = 1;
  }
  return relations;
}
