// The witness automaton of Theorem 3.1: its words have every relation between n states, 2^(n^2) of
// them. We have not seen the theorem's own automaton; this one is the project's.

import { UsageError } from '../../base/errors';
import type { Nfa } from '../automata/automaton';

/**
 * Prime Boolean matrices: relations that are a product only if one factor is a permutation. One of
 * each class up to the order of rows and columns, found by trying all factors; rows from the first
 * state on.
 */
const primes: Readonly<Record<number, readonly string[]>> = {
  3: ['110 101 011'],
  4: ['1000 0110 0101 0011', '1100 1010 1001 0111', '1100 1010 0101 0011'],
  5: [
    '10000 01000 00110 00101 00011',
    '10000 01100 01010 01001 00111',
    '10000 01100 01010 00101 00011',
    '11000 10100 10010 10001 01111',
    '11000 10100 10010 01001 00111',
    '11000 10100 01010 00101 00011',
    '11000 10100 01010 00101 10011',
    '11000 10100 01010 01101 10011',
    '11000 10100 01110 01101 10011',
  ],
};

/**
 * Makes the witness automaton of n states. The first state is the start and the accepting state.
 *
 * Its symbols are `stay` (the identity, so that words of one length have the relations of all
 * shorter ones), `turn` (each state to the next, the last to the first), `swap` (the first two),
 * `join` (stays, and also leads from the first state to the second), `drop` (stays, but the first
 * state leads nowhere) and one for each prime relation. For n <= 4 a test shows that none but
 * `stay` can be left out. For n <= 5 words have every relation, as counting the transition monoid
 * shows; with more states they have every permutation and every single transition.
 *
 * @throws UsageError for a number of states that is not a whole number of at least 1
 */
export function witnessAutomaton(states: number): Nfa {
  if (!Number.isInteger(states) || states < 1)
    throw new UsageError(`witness automaton: ${states} states; it must be a whole number of at least 1`);
  const names = Array.from({ length: states }, (_, state) => `q${state}`);
  const every = names.map((_, state) => state);
  const loops = every.map((state): Arrow => [state, state]);
  const symbols: (readonly [name: string, arrows: readonly Arrow[]])[] = [['stay', loops]];
  if (states > 1) symbols.push(['turn', every.map((state) => [state, (state + 1) % states])]);
  if (states > 2) symbols.push(['swap', every.map((state) => [state, state < 2 ? 1 - state : state])]);
  if (states > 1) symbols.push(['join', [...loops, [0, 1]]]);
  symbols.push(['drop', loops.slice(1)]);
  (primes[states] ?? []).forEach((rows, index) => symbols.push([`prime${index + 1}`, arrowsOf(rows)]));
  return {
    type: 'nfa',
    states: names,
    symbols: symbols.map(([name]) => name),
    start: 'q0',
    accept: ['q0'],
    transitions: symbols.flatMap(([name, arrows]) =>
      arrows.map(([from, to]) => [`q${from}`, name, `q${to}`] as const),
    ),
  };
}

type Arrow = readonly [from: number, to: number];

function arrowsOf(rows: string): Arrow[] {
  return rows
    .split(' ')
    .flatMap((row, from) =>
      Array.from(row, (entry, to): Arrow[] => (entry === '1' ? [[from, to]] : [])).flat(),
    );
}
