// The reachable states of a Bi-NFA on each level: |S| + k bits, which determine the k|S| bits of
// its pairs, since a pair is reachable exactly if both of its halves are.

import type { BiNfa, Word } from './automaton';
import { simulator } from './simulate';

/** A Bi-NFA that is ready to read words. */
export interface LevelSimulator {
  /** The names of the columns: segment states, then sub-states. */
  readonly states: readonly string[];
  /**
   * Reads a word: [symbols of the word + 1, |S| + k], a row for each prefix, the empty one first.
   * An entry is 1 if the state is half of a reachable pair.
   *
   * @throws DataError for a symbol that the automaton does not have, with its place in the word
   */
  readonly run: (word: Word) => Uint8Array;
}

/**
 * Makes a simulator of both levels from the set simulator.
 *
 * @throws DataError if the automaton is not sound
 */
export function levelSimulator(automaton: BiNfa): LevelSimulator {
  const { segmentStates, subStates } = automaton;
  const pairs = simulator(automaton);
  const [perSegment, width] = [subStates.length, segmentStates.length + subStates.length];
  return {
    states: [...segmentStates, ...subStates],
    run(word) {
      const sets = pairs.run(word);
      const levels = new Uint8Array((word.length + 1) * width);
      for (const [place, bit] of sets.entries()) {
        if (bit === 0) continue;
        const pair = place % pairs.states.length;
        const row = Math.floor(place / pairs.states.length) * width;
        levels[row + Math.floor(pair / perSegment)] = 1;
        levels[row + segmentStates.length + (pair % perSegment)] = 1;
      }
      return levels;
    },
  };
}
