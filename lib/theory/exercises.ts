// Exercises that check themselves, for a class: each takes an answer, and says whether it is right,
// and if not, what is wrong. None of them shows the solution.

import { present } from '../base/present';
import type { Automaton, BiNfa, Nfa, Word } from './automata/automaton';
import { asNfa } from './automata/flatten';
import { fragmentSummary, relationOfFragment, sameRelation } from './automata/summary';
import { fragmentPrice } from './bounds/fragment-price';
import type { Relation } from './automata/relation';

/** An answer, judged. */
export interface Verdict {
  readonly right: boolean;
  /** What was found, in a sentence. */
  readonly because: string;
}

const right = (because: string): Verdict => ({ right: true, because });
const wrong = (because: string): Verdict => ({ right: false, because });

/**
 * Exercise: find two fragments that are alike as beginnings of a word, since they lead from the
 * start to the same states, but not as fragments, since their relations differ.
 *
 * @throws DataError for a symbol that the automaton does not have
 */
export function checkAlikeAsPrefixes(automaton: Automaton, first: Word, second: Word): Verdict {
  const nfa = asNfa(automaton);
  const [a, b] = [relationOfFragment(nfa, first), relationOfFragment(nfa, second)];
  const start = nfa.states.indexOf(nfa.start);
  const from = ({ entries, columns }: Relation, row: number): string[] =>
    nfa.states.filter((_, state) => entries[row * columns + state] === 1);
  const [one, other] = [from(a, start), from(b, start)].map((states) => `{${states.join(', ')}}`);
  if (one !== other) return wrong(`from the start they lead to ${one ?? ''} and to ${other ?? ''}`);
  const row = nfa.states.findIndex((_, state) => from(a, state).join() !== from(b, state).join());
  if (row < 0) return wrong('their relations are the same: no context tells them apart');
  const [here, there] = [from(a, row), from(b, row)].map((states) => `{${states.join(', ')}}`);
  return right(
    `from the start both lead to ${one ?? ''}, but from ${present(nfa.states[row], 'state')} to ${here ?? ''} and to ${there ?? ''}`,
  );
}

/**
 * Exercise: make an automaton of a given number of states whose fragments have a given number of
 * relations.
 */
export function checkPrice(
  automaton: Nfa,
  { states, relations }: { readonly states: number; readonly relations: number },
): Verdict {
  if (automaton.states.length !== states)
    return wrong(`it has ${automaton.states.length} states, not ${states}`);
  const price = fragmentPrice(automaton, relations + 1);
  if (!price.isComplete || price.relations > relations)
    return wrong(`its fragments have more than ${relations} relations`);
  return price.relations === relations
    ? right(`its fragments have ${relations} relations, so a summary has ${price.bits.toFixed(2)} bits`)
    : wrong(`its fragments have ${price.relations} relations, not ${relations}`);
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
 * Exercise: write down the summary of a fragment of a bilevel automaton.
 *
 * @throws DataError for a symbol that the automaton does not have, or rows of another size
 */
export function checkSummary(automaton: BiNfa, fragment: Word, answer: SummaryAnswer): Verdict {
  const { before, after } = fragmentSummary(automaton, fragment);
  if (answer.first !== (after?.first ?? null))
    return wrong(
      after === null
        ? 'the fragment has no separator'
        : `its first separator is not ${JSON.stringify(answer.first)}`,
    );
  if (!sameRelation(relationFrom(answer.before), before))
    return wrong('the relation of sub-states before the first separator is another one');
  if (after === null) return right('without a separator, that relation is all there is to know');
  if (!sameRelation(relationFrom(answer.closed ?? []), after.closed))
    return wrong('the relation of the segments closed after it is another one');
  return sameRelation(relationFrom([answer.since ?? '']), after.since)
    ? right('these four parts are all there is to know of it')
    : wrong('the sub-states since its last separator are others');
}

function relationFrom(rows: readonly string[]): Relation {
  const [first = ''] = rows;
  return {
    rows: rows.length,
    columns: first.length,
    entries: Uint8Array.from(rows.flatMap((row) => Array.from(row, Number))),
  };
}
