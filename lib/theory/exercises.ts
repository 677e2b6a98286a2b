// Exercises on automata that check themselves: tests of answers, for `exercises.check`. None of
// them shows the solution.

import { present } from '../base/present';
import type { AnswerTest, Reason } from '../report/notebook/exercise';
import type { Automaton, BiNfa, Nfa, Word } from './automata/automaton';
import { asNfa } from './automata/flatten';
import { fragmentSummary, relationOfFragment, sameRelation } from './automata/summary';
import { fragmentPrice } from './bounds/fragment-price';
import type { Relation } from './automata/relation';

/**
 * Tests that two fragments are alike as beginnings of a word, since they lead from the start to the
 * same states, but not as fragments, since their relations differ. The test throws DataError for a
 * symbol that the automaton does not have.
 */
export function alikeAsPrefixes(
  automaton: Automaton,
): AnswerTest<readonly [first: Word, second: Word], Reason> {
  const nfa = asNfa(automaton);
  const start = nfa.states.indexOf(nfa.start);
  const from = ({ entries, columns }: Relation, row: number): string =>
    `{${nfa.states.filter((_, state) => entries[row * columns + state] === 1).join(', ')}}`;
  return ([first, second]) => {
    const [a, b] = [relationOfFragment(nfa, first), relationOfFragment(nfa, second)];
    const [one, other] = [from(a, start), from(b, start)];
    if (one !== other) return `from the start they lead to ${one} and to ${other}`;
    const row = nfa.states.findIndex((_, state) => from(a, state) !== from(b, state));
    if (row < 0) return 'their relations are the same: no context tells them apart';
    return {
      right: `from the start both lead to ${one}, but from ${present(nfa.states[row], 'state')} to ${from(a, row)} and to ${from(b, row)}`,
    };
  };
}

/** Tests that an automaton has so many states, and its fragments so many relations. */
export function hasPrice({
  states,
  relations,
}: {
  readonly states: number;
  readonly relations: number;
}): AnswerTest<Nfa, Reason> {
  return (automaton) => {
    if (automaton.states.length !== states) return `it has ${automaton.states.length} states, not ${states}`;
    const price = fragmentPrice(automaton, relations + 1);
    if (!price.isComplete || price.relations > relations)
      return `its fragments have more than ${relations} relations`;
    return price.relations === relations
      ? { right: `its fragments have ${relations} relations, so a summary has ${price.bits.toFixed(2)} bits` }
      : `its fragments have ${price.relations} relations, not ${relations}`;
  };
}

/** The summary of a fragment as an answer: rows of zeros and ones, e.g. `['10', '01']`. */
export interface SummaryAnswer {
  /** Relation of sub-states before the first separator, a text for each row. */
  readonly before: readonly string[];
  /** The first separator; null without one, and then the two others do not matter. */
  readonly first: string | null;
  /** Relation of segment states of the segments closed after it, a text for each row. */
  readonly closed?: readonly string[];
  /** Sub-states since the last separator, one text. */
  readonly since?: string;
}

/**
 * Tests the summary of a fragment of a bilevel automaton. The test throws DataError for rows of
 * another size.
 *
 * @throws DataError for a symbol that the automaton does not have
 */
export function summarizes(automaton: BiNfa, fragment: Word): AnswerTest<SummaryAnswer, Reason> {
  const { before, after } = fragmentSummary(automaton, fragment);
  return (answer) => {
    if (answer.first !== (after?.first ?? null))
      return after === null
        ? 'the fragment has no separator'
        : `its first separator is not ${JSON.stringify(answer.first)}`;
    if (!sameRelation(relationFrom(answer.before), before))
      return 'the relation of sub-states before the first separator is another one';
    if (after === null) return { right: 'without a separator, that relation is all there is to know' };
    if (!sameRelation(relationFrom(answer.closed ?? []), after.closed))
      return 'the relation of the segments closed after it is another one';
    return sameRelation(relationFrom([answer.since ?? '']), after.since)
      ? { right: 'these four parts are all there is to know of it' }
      : 'the sub-states since its last separator are others';
  };
}

function relationFrom(rows: readonly string[]): Relation {
  const [first = ''] = rows;
  return {
    rows: rows.length,
    columns: first.length,
    entries: Uint8Array.from(rows.flatMap((row) => Array.from(row, Number))),
  };
}
