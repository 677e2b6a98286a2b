// The price of a fragment, by automaton: where counting gives it, to try the search for relations
// and the elimination; and of the examples, beside what the registers of compiled networks hold.

import { type Reporter } from '../../../base/progress';
import { automatonExamples } from '../../../theory/automata/examples';
import { fragmentRelations } from '../../../theory/automata/fragments';
import { type NamedAutomaton } from '../../../theory/automata/automaton';
import { countedAutomata } from '../../../theory/bounds/counted-automata';
import { type FragmentPrice, fragmentPrice } from '../../../theory/bounds/fragment-price';
import { RowSpace } from '../../../theory/bounds/rank';
import { witnessAutomaton } from '../../../theory/bounds/witness';

/** What was found and what counting gives. */
interface Counted {
  readonly found: number;
  readonly wanted: number;
}

/** An automaton whose relations can be counted with pencil and paper. */
export interface CountedResult {
  readonly name: string;
  readonly states: number;
  readonly relations: Counted;
  readonly rank: Counted;
}

/** An automaton and the price of its fragments. */
export interface PriceResult extends FragmentPrice {
  readonly name: string;
}

/** Searches the relations of the counted automata of n states, and eliminates them. */
export function countedResults(states: number, reporter: Reporter): CountedResult[] {
  const counted = countedAutomata(states);
  const task = reporter.task('automata that can be counted', counted.length, 'automata');
  const results = counted.map(({ name, automaton, relations, rank }, index): CountedResult => {
    // One more than there should be, so that too many are noticed.
    const fragments = fragmentRelations(automaton, relations + 1);
    const space = new RowSpace();
    const entries = automaton.states.length ** 2;
    for (let place = 0; place < fragments.size && space.rank < entries; place++)
      space.add(fragments.relation(place).entries);
    task.update(index + 1);
    return {
      name,
      states: automaton.states.length,
      relations: { found: fragments.size, wanted: relations },
      rank: { found: space.rank, wanted: rank },
    };
  });
  task.finish();
  return results;
}

/** States of an automaton whose relations are too many for any search. */
const statesBeyond = 6;

/** Prices of the examples, and of an automaton of which the search sees a small part. */
export function priceResults(most: number): PriceResult[] {
  // Its generators without the prime relations, which are not known here for so many states.
  const beyond = {
    name: `generators of ${statesBeyond} states, no primes`,
    automaton: witnessAutomaton(statesBeyond),
  };
  return pricesOf([...automatonExamples, beyond], most);
}

/** The price of each automaton, with its name. */
export function pricesOf(automata: readonly NamedAutomaton[], most?: number): PriceResult[] {
  return automata.map(({ name, automaton }) => ({ name, ...fragmentPrice(automaton, most) }));
}
