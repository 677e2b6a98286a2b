// Draws random words that a Bi-NFA can read: after every prefix some state is reachable. In an
// automaton with few transitions most other words reach no state after some segments, and then
// there is nothing left to predict.

import type { Random } from '../../engine/random/random';
import type { BiNfa, Word } from './automaton';
import { LevelReader } from './level-reader';
import { checkAutomaton } from './problems';
import { randomWord } from './random';

/** The length of a random word and of its segments. */
export interface LiveWordSize {
  /** Number of symbols and separators. */
  readonly length: number;
  /** Most symbols in a segment, without its separator. */
  readonly maxSegmentLength: number;
}

/** How often a segment, and a word, is drawn before giving up. */
const attempts = 100;

/**
 * Makes a source of words of segments of 0 to `maxSegmentLength` symbols, cut to their length. Each
 * segment is closed by a separator, and drawn again until some state is reachable after it.
 *
 * @returns a function that draws a word, or undefined if there seems to be none
 * @throws DataError if the automaton is not sound
 */
export function liveWords(automaton: BiNfa, size: LiveWordSize): (random: Random) => Word | undefined {
  checkAutomaton(automaton);
  const reader = new LevelReader(automaton);
  return (random) => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const word = tryWord(random, automaton, size, reader);
      if (word !== undefined) return word;
    }
    return undefined;
  };
}

function tryWord(
  random: Random,
  { symbols, separators }: BiNfa,
  { length, maxSegmentLength }: LiveWordSize,
  reader: LevelReader,
): Word | undefined {
  const word: string[] = [];
  let segmentStates = reader.segmentStart;
  let failures = 0;
  while (word.length < length) {
    const content = randomWord(random, symbols, random.integer(0, maxSegmentLength + 1));
    const separator = random.choice(separators);
    const reached = content.reduce((states, symbol) => reader.symbol(states, symbol), reader.subStart);
    const next = reader.separator(segmentStates, reached, separator);
    if (next.includes(1)) {
      word.push(...content, separator);
      [segmentStates, failures] = [next, 0];
    } else if (++failures === attempts) return undefined;
  }
  return word.slice(0, length);
}
