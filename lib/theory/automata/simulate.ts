// Simulates sets of states: the reachable states after every prefix of a word. This is the
// reference for compiled Transformers. It follows the definitions of both kinds of automata
// directly, and uses neither relation matrices nor the flattened NFA.

import { present } from '../../base/present';
import { alphabetOf, wordReader } from './alphabet';
import { type Automaton, type BiNfa, type Nfa, pairName, type Word } from './automaton';
import { checkAutomaton } from './problems';
import { indexOfNames } from './relation';

/** An automaton that is ready to read words. */
export interface Simulator {
  /**
   * The names of the columns: states of an NFA, or pairs `"s,k"` of a Bi-NFA, grouped by segment
   * state.
   */
  readonly states: readonly string[];
  /**
   * Reads a word: [symbols of the word + 1, states], a row for each prefix, the empty one first. An
   * entry is 1 if the state is reachable.
   *
   * @throws DataError for a symbol that the automaton does not have, with its place in the word
   */
  readonly run: (word: Word) => Uint8Array;
}

/**
 * Makes a simulator of an automaton's sets of states.
 *
 * @throws DataError if the automaton is not sound
 */
export function simulator(automaton: Automaton): Simulator {
  checkAutomaton(automaton);
  return automaton.type === 'nfa' ? nfaSimulator(automaton) : biNfaSimulator(automaton);
}

/**
 * The names of the reachable states after each prefix of a word, the empty one first, each list
 * sorted.
 */
export function simulate(automaton: Automaton, word: Word): string[][] {
  const { states, run } = simulator(automaton);
  const sets = run(word);
  return Array.from({ length: word.length + 1 }, (_, prefix) =>
    states.filter((_state, index) => sets[prefix * states.length + index] === 1).sort(),
  );
}

/**
 * Checks if an accepting state is reachable at the end of the word; for a Bi-NFA, an accepting
 * segment state with any sub-state.
 */
export function isAccepted(automaton: Automaton, word: Word): boolean {
  const { states, run } = simulator(automaton);
  const last = run(word).subarray(word.length * states.length);
  const perAccepting = automaton.type === 'nfa' ? 1 : automaton.subStates.length;
  const names = automaton.type === 'nfa' ? automaton.states : automaton.segmentStates;
  const accepting = new Set(automaton.accept);
  return names.some(
    (name, index) =>
      accepting.has(name) && last.subarray(index * perAccepting, (index + 1) * perAccepting).includes(1),
  );
}

/** The targets of each pair of indices: targets[first * size + second]. */
type Moves = readonly (readonly number[])[];

function movesOf(
  firsts: readonly string[],
  seconds: readonly string[],
  arrows: readonly (readonly [first: string, second: string, target: number])[],
): Moves {
  const [indexOfFirst, indexOfSecond] = [indexOfNames(firsts), indexOfNames(seconds)];
  const moves = Array.from({ length: firsts.length * seconds.length }, (): number[] => []);
  for (const [first, second, target] of arrows) {
    const place =
      present(indexOfFirst.get(first), first) * seconds.length + present(indexOfSecond.get(second), second);
    present(moves[place], 'place').push(target);
  }
  return moves;
}

function nfaSimulator(automaton: Nfa): Simulator {
  const { states, symbols } = automaton;
  const indexOfState = indexOfNames(states);
  const moves = movesOf(
    symbols,
    states,
    automaton.transitions.map(([from, symbol, to]) => [symbol, from, present(indexOfState.get(to), to)]),
  );
  const read = wordReader(symbols);
  const size = states.length;
  const start = present(indexOfState.get(automaton.start), automaton.start);
  return {
    states,
    run(word) {
      const indices = read(word);
      const sets = new Uint8Array((word.length + 1) * size);
      sets[start] = 1;
      for (let prefix = 0; prefix < indices.length; prefix++) {
        const [now, next] = [prefix * size, (prefix + 1) * size];
        const symbol = (indices[prefix] ?? 0) * size;
        for (let state = 0; state < size; state++)
          if (sets[now + state] === 1) mark(sets, next, moves[symbol + state]);
      }
      return sets;
    },
  };
}

function biNfaSimulator(automaton: BiNfa): Simulator {
  const { segmentStates, subStates, symbols, separators } = automaton;
  const [indexOfSegment, indexOfSub] = [indexOfNames(segmentStates), indexOfNames(subStates)];
  const perSegment = subStates.length;
  const size = segmentStates.length * perSegment;
  const subStart = present(indexOfSub.get(automaton.subStart), automaton.subStart);
  const subMoves = movesOf(
    symbols,
    subStates,
    automaton.subTransitions.map(([from, symbol, to]) => [symbol, from, present(indexOfSub.get(to), to)]),
  );
  // By separator, then by segment state and sub-state.
  const segmentMoves = separators.map((separator) =>
    movesOf(
      segmentStates,
      subStates,
      automaton.segmentTransitions
        .filter(([, , name]) => name === separator)
        .map(([from, subState, , to]) => [
          from,
          subState,
          present(indexOfSegment.get(to), to) * perSegment + subStart,
        ]),
    ),
  );
  const read = wordReader(alphabetOf(automaton));
  const start = present(indexOfSegment.get(automaton.segmentStart), automaton.segmentStart);
  return {
    states: segmentStates.flatMap((state) => subStates.map((subState) => pairName(state, subState))),
    run(word) {
      const indices = read(word);
      const sets = new Uint8Array((word.length + 1) * size);
      sets[start * perSegment + subStart] = 1;
      for (let prefix = 0; prefix < indices.length; prefix++) {
        const [now, next] = [prefix * size, (prefix + 1) * size];
        const index = indices[prefix] ?? 0;
        const across = segmentMoves[index - symbols.length];
        for (let pair = 0; pair < size; pair++) {
          if (sets[now + pair] !== 1) continue;
          if (across) mark(sets, next, across[pair]);
          else {
            const subState = pair % perSegment;
            mark(sets, next + pair - subState, subMoves[index * perSegment + subState]);
          }
        }
      }
      return sets;
    },
  };
}

function mark(sets: Uint8Array, offset: number, targets: readonly number[] = []): void {
  for (const target of targets) sets[offset + target] = 1;
}
