// Draws random words that a Bi-NFA can read: after every prefix some state is reachable. In an
// automaton with few transitions most other words reach no state after some segments, and then
// there is nothing left to predict.

import { present } from '../../base/present';
import type { Random } from '../../engine/random/random';
import type { BiNfa, Word } from './automaton';
import { checkAutomaton } from './problems';
import { randomWord } from './random';
import { indexOfNames, type Relation, separatorRelations, subRelations } from './relation';

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
  const reader = new SegmentReader(automaton);
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
  reader: SegmentReader,
): Word | undefined {
  const word: string[] = [];
  let segmentStates = reader.start;
  let failures = 0;
  while (word.length < length) {
    const content = randomWord(random, symbols, random.integer(0, maxSegmentLength + 1));
    const separator = random.choice(separators);
    const next = reader.read(segmentStates, content, separator);
    if (next.includes(1)) {
      word.push(...content, separator);
      [segmentStates, failures] = [next, 0];
    } else if (++failures === attempts) return undefined;
  }
  return word.slice(0, length);
}

/** Moves the reachable segment states from segment to segment. */
class SegmentReader {
  readonly start: Uint8Array;
  private readonly subStart: Uint8Array;
  private readonly subs: ReadonlyMap<string, Relation>;
  /** By separator, then by sub-state. */
  private readonly segments: ReadonlyMap<string, readonly Relation[]>;

  constructor(automaton: BiNfa) {
    const { segmentStates, subStates, symbols, separators } = automaton;
    const [ofSymbols, ofSeparators] = [subRelations(automaton), separatorRelations(automaton)];
    this.start = only(automaton.segmentStart, segmentStates);
    this.subStart = only(automaton.subStart, subStates);
    this.subs = new Map(symbols.map((name, index) => [name, present(ofSymbols[index], name)]));
    this.segments = new Map(separators.map((name, index) => [name, present(ofSeparators[index], name)]));
  }

  /** The segment states after a segment and its separator, [segment states]. */
  read(from: Uint8Array, content: Word, separator: string): Uint8Array {
    const reached = content.reduce(
      (states, symbol) => image(states, present(this.subs.get(symbol), symbol)),
      this.subStart,
    );
    const next = new Uint8Array(from.length);
    for (const [subState, relation] of present(this.segments.get(separator), separator).entries())
      if (reached[subState] === 1)
        for (const [state, bit] of image(from, relation).entries()) if (bit === 1) next[state] = 1;
    return next;
  }
}

function only(name: string, names: readonly string[]): Uint8Array {
  const states = new Uint8Array(names.length);
  states[present(indexOfNames(names).get(name), name)] = 1;
  return states;
}

/** The image of a set of states under a relation. */
function image(states: Uint8Array, { columns, entries }: Relation): Uint8Array {
  const next = new Uint8Array(columns);
  for (const [row, bit] of states.entries())
    if (bit === 1)
      for (let column = 0; column < columns; column++)
        if (entries[row * columns + column] === 1) next[column] = 1;
  return next;
}
