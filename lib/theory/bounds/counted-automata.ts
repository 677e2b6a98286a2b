// Automata whose fragments can be counted with pencil and paper: how many relations they have, and
// the rank of these. A search for relations and an elimination are tried on them, and they show
// that a rank says nothing of bits: equal ranks go with very different counts.

import type { Nfa } from '../automata/automaton';
import { flatten } from '../automata/flatten';
import { witnessAutomaton } from './witness';

/** An automaton, and what counting gives. */
export interface CountedAutomaton {
  /** Which relations its fragments have. */
  readonly name: string;
  readonly automaton: Nfa;
  /** Different relations of its fragments. */
  readonly relations: number;
  /** Rank over the rationals of these relations, as rows of n^2 numbers. */
  readonly rank: number;
}

/**
 * The automata of n >= 2 states:
 *
 * - all relations (the witness): 2^(n^2), rank n^2;
 * - single arrows: the n^2 relations of one arrow, none, and the identity; rank n^2;
 * - partial functions: (n + 1)^n, rank n^2, for the single arrows are among them;
 * - functions: n^n, rank n^2 - n + 1, for all rows of a function have the same sum;
 * - permutations: n!, rank (n - 1)^2 + 1 (Birkhoff's polytope has dimension (n - 1)^2).
 *
 * And one of two levels, `twoLevels`, whatever n is.
 */
export function countedAutomata(states: number): CountedAutomaton[] {
  const n = states;
  const all = Array.from({ length: n }, (_, state) => state);
  const turn = all.map((state): Arrow => [state, (state + 1) % n]);
  const swap = all.map((state): Arrow => [state, state < 2 ? 1 - state : state]);
  const loops = all.map((state): Arrow => [state, state]);
  /** The second state goes where the first does. */
  const merge = all.map((state): Arrow => [state, state === 1 ? 0 : state]);
  const arrows = all.flatMap((from) => all.map((to): Arrow[] => [[from, to]]));
  const factorial = all.reduce((product, state) => product * (state + 1), 1);
  return [
    { name: 'all relations', automaton: witnessAutomaton(n), relations: 2 ** (n ** 2), rank: n ** 2 },
    twoLevels(),
    {
      name: 'partial functions',
      automaton: nfaOf(n, [turn, swap, merge, loops.slice(1)]),
      relations: (n + 1) ** n,
      rank: n ** 2,
    },
    { name: 'single arrows', automaton: nfaOf(n, arrows), relations: n ** 2 + 2, rank: n ** 2 },
    {
      name: 'functions',
      automaton: nfaOf(n, [turn, swap, merge]),
      relations: n ** n,
      rank: n ** 2 - n + 1,
    },
    {
      name: 'permutations',
      automaton: nfaOf(n, [turn, swap]),
      relations: factorial,
      rank: (n - 1) ** 2 + 1,
    },
  ];
}

/**
 * The flattened automaton of two sub-states and two segment states with every symbol and every
 * separator that there can be: 772 relations of 65,536, and rank 16 all the same.
 *
 * A fragment without a separator leaves the segment state as it is, and has one of the 16 relations
 * of sub-states. Any other has T[q][s, s'] x[q'], for one of the 2^8 choices of T and the 2^2 of x:
 * (2^8 - 1)(2^2 - 1) relations that are not 0. (2^2 - 1)^2 of those without a separator are among
 * them, those whose rows are x or 0. So there are 765 + 16 - 9.
 */
function twoLevels(): CountedAutomaton {
  const [two, pairs] = [
    [0, 1],
    ['00', '01', '10', '11'],
  ];
  const subsets = <T>(items: readonly T[]): T[][] =>
    Array.from({ length: 2 ** items.length }, (_, chosen) =>
      items.filter((_item, index) => ((chosen >> index) & 1) === 1),
    );
  const symbols = subsets(pairs);
  const separators = subsets(two.flatMap((subState) => pairs.map((move) => `${subState}${move}`)));
  const automaton = flatten({
    type: 'bi-nfa',
    segmentStates: ['s0', 's1'],
    segmentStart: 's0',
    accept: ['s0'],
    subStates: ['k0', 'k1'],
    subStart: 'k0',
    symbols: symbols.map((_, index) => `a${index}`),
    separators: separators.map((_, index) => `;${index}`),
    subTransitions: symbols.flatMap((moves, index) =>
      moves.map(([from = '', to = '']) => [`k${from}`, `a${index}`, `k${to}`] as const),
    ),
    segmentTransitions: separators.flatMap((moves, index) =>
      moves.map(
        ([subState = '', from = '', to = '']) => [`s${from}`, `k${subState}`, `;${index}`, `s${to}`] as const,
      ),
    ),
  });
  return { name: 'two levels, k = |S| = 2', automaton, relations: 765 + 16 - 9, rank: 16 };
}

type Arrow = readonly [from: number, to: number];

/** An NFA of these relations, a symbol for each. */
function nfaOf(size: number, relations: readonly (readonly Arrow[])[]): Nfa {
  const states = Array.from({ length: size }, (_, state) => `q${state}`);
  return {
    type: 'nfa',
    states,
    symbols: relations.map((_, symbol) => `a${symbol}`),
    start: 'q0',
    accept: ['q0'],
    transitions: relations.flatMap((arrows, symbol) =>
      arrows.map(([from, to]) => [`q${from}`, `a${symbol}`, `q${to}`] as const),
    ),
  };
}
