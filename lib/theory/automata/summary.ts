// The summary of a fragment of a bilevel automaton's word: what there is to know of it, wherever it
// begins and ends. The compact construction holds it at every token (`compile/compact.ts`).

import { DataError } from '../../base/errors';
import { present } from '../../base/present';
import { alphabetOf, wordReader } from './alphabet';
import type { BiNfa, Nfa, Word } from './automaton';
import {
  compose,
  identityRelation,
  type Relation,
  separatorRelations,
  subRelations,
  symbolRelations,
} from './relation';

/** The summary of a fragment. k is the number of sub-states, |S| that of segment states. */
export interface FragmentSummary {
  /** The relation of sub-states of the symbols before its first separator: [k, k]. */
  readonly before: Relation;
  /** What follows its first separator; null if it has none. */
  readonly after: {
    /** The first separator. */
    readonly first: string;
    /** The relation of segment states of the segments closed after it: [|S|, |S|]. */
    readonly closed: Relation;
    /** The sub-states since the last separator: [1, k]. */
    readonly since: Relation;
  } | null;
}

/**
 * Summarizes a fragment.
 *
 * @throws DataError for a symbol that the automaton does not have
 */
export function fragmentSummary(automaton: BiNfa, fragment: Word): FragmentSummary {
  const [symbols, separators] = [subRelations(automaton), separatorRelations(automaton)];
  const start: Relation = {
    rows: 1,
    columns: automaton.subStates.length,
    entries: Uint8Array.from(automaton.subStates, (name) => (name === automaton.subStart ? 1 : 0)),
  };
  const ids = [...wordReader(alphabetOf(automaton))(fragment, 'fragment')];
  const symbolOf = (id: number): Relation => present(symbols[id], 'symbol');
  const isSeparator = (id: number): boolean => id >= symbols.length;
  const cut = ids.findIndex(isSeparator);
  const before = (cut < 0 ? ids : ids.slice(0, cut))
    .map(symbolOf)
    .reduce(compose, identityRelation(automaton.subStates.length));
  if (cut < 0) return { before, after: null };
  let [closed, since] = [identityRelation(automaton.segmentStates.length), start];
  for (const id of ids.slice(cut + 1))
    if (isSeparator(id)) {
      const bySubState = present(separators[id - symbols.length], 'separator');
      [closed, since] = [compose(closed, moved(bySubState, since)), start];
    } else since = compose(since, symbolOf(id));
  const first = present(fragment[cut], 'separator');
  return { before, after: { first, closed, since } };
}

/** T_a(R): the relation of segment states that a separator makes of the sub-states in a row R. */
function moved(bySubState: readonly Relation[], row: Relation): Relation {
  const [first] = bySubState;
  if (first === undefined) throw new Error('no sub-states');
  const entries = first.entries.map((_, place) =>
    bySubState.some((relation, subState) => row.entries[subState] === 1 && relation.entries[place] === 1)
      ? 1
      : 0,
  );
  return { rows: first.rows, columns: first.columns, entries };
}

/**
 * The relation between pairs "s,k" that a summary stands for: [k |S|, k |S|], in the order of
 * `flatten`.
 */
export function relationOfSummary(automaton: BiNfa, { before, after }: FragmentSummary): Relation {
  const [k, s] = [automaton.subStates.length, automaton.segmentStates.length];
  const separator = after === null ? -1 : automaton.separators.indexOf(after.first);
  const ways = separatorRelations(automaton)[separator];
  const size = k * s;
  const entries = new Uint8Array(size * size);
  for (let q = 0; q < k; q++) {
    const row: Relation = { rows: 1, columns: k, entries: before.entries.slice(q * k, (q + 1) * k) };
    const [between, end] =
      after === null || ways === undefined
        ? [identityRelation(s), row]
        : [compose(moved(ways, row), after.closed), after.since];
    for (let from = 0; from < s; from++)
      for (let to = 0; to < s; to++)
        for (let r = 0; r < k; r++)
          entries[(from * k + q) * size + to * k + r] =
            between.entries[from * s + to] === 1 && end.entries[r] === 1 ? 1 : 0;
  }
  return { rows: size, columns: size, entries };
}

/**
 * The relation of a fragment between the states of an NFA: from which states it leads to which.
 *
 * @throws DataError for a symbol that the automaton does not have
 */
export function relationOfFragment(automaton: Nfa, fragment: Word): Relation {
  const relations = symbolRelations(automaton);
  const ids = [...wordReader(automaton.symbols)(fragment, 'fragment')];
  return ids.reduce(
    (product, id) => compose(product, present(relations[id], 'relation')),
    identityRelation(automaton.states.length),
  );
}

/** Whether two relations are the same. */
export function sameRelation(a: Relation, b: Relation): boolean {
  if (a.rows !== b.rows || a.columns !== b.columns)
    throw new DataError(
      `relations: ${a.rows} x ${a.columns} and ${b.rows} x ${b.columns} entries; they must be equally large`,
    );
  return a.entries.every((entry, place) => entry === b.entries[place]);
}
