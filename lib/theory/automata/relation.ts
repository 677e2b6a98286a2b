// Relations between states as Boolean matrices: what a symbol does, what a fragment of a word does,
// what the compiled Transformer holds in its residual stream.

import type { BiNfa, Nfa } from './automaton';

/**
 * M[q * columns + r] is 1 where r can be reached from q, else 0: [rows, columns], row after row.
 */
export interface Relation {
  readonly rows: number;
  readonly columns: number;
  readonly entries: Uint8Array;
}

/** The relation that leaves every state where it is. */
export function identityRelation(size: number): Relation {
  const entries = new Uint8Array(size * size);
  for (let state = 0; state < size; state++) entries[state * size + state] = 1;
  return { rows: size, columns: size, entries };
}

/** Boolean product: first `left`, then `right`. */
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

/** Where each name stands in a list. */
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
 * What each separator does to a segment state by the sub-state it finds, in the order of
 * `separators`: for each sub-state a relation [segment states, segment states].
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
