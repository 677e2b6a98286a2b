// Draws words that test a network of a Bi-NFA. After most random words no state is reachable, and a
// network that answers "none" is right then, whatever it remembers. So a live word has a reachable
// state after every prefix; and an ending word has none from its first symbol on, though all that
// follows would be live without it: a network that does not look back to the first symbol, from
// whatever distance, sees states there.

import type { Random } from '../../engine/random/random';
import type { BiNfa, Word } from './automaton';
import { LevelReader } from './level-reader';
import { checkAutomaton } from './problems';

/** The length of a word. */
export interface TestWordSize {
  readonly segments: number;
  /** Most symbols in a segment, without its separator. */
  readonly maxSegmentLength: number;
}

/** Sources of words; each draws a word, or undefined if there seems to be none. */
export interface TestWords {
  /** Segments of 0 to `maxSegmentLength` symbols; some state is reachable after every prefix. */
  readonly live: (random: Random) => Word | undefined;
  /** Segments of `maxSegmentLength` symbols; no state is reachable from the first symbol on. */
  readonly ending: (random: Random) => Word | undefined;
}

/** How often a segment is drawn before giving up. */
const attempts = 50;

/**
 * Makes both sources.
 *
 * @throws DataError if the automaton is not sound
 */
export function testWords(automaton: BiNfa, { segments, maxSegmentLength }: TestWordSize): TestWords {
  checkAutomaton(automaton);
  const reader = new LevelReader(automaton);
  const { symbols } = automaton;
  return {
    live: (random) => {
      const word = new Drawing(reader, automaton, [reader.segmentStart]);
      for (let segment = 0; segment < segments; segment++)
        if (!word.draw(random, () => random.integer(0, maxSegmentLength + 1))) return undefined;
      return word.symbols;
    },
    ending: (random) => {
      const endings = symbols.filter((name) => !reader.symbol(reader.subStart, name).includes(1));
      if (endings.length === 0) return undefined;
      const first = new Drawing(reader, automaton, [reader.segmentStart]);
      if (!first.draw(random, () => maxSegmentLength - 1)) return undefined;
      // What follows is live after the first segment without its first symbol, and by itself.
      const others = new Drawing(reader, automaton, [reader.segmentStart, ...first.reached]);
      for (let segment = 1; segment < segments; segment++)
        if (!others.draw(random, () => maxSegmentLength)) return undefined;
      return [random.choice(endings), ...first.symbols, ...others.symbols];
    },
  };
}

/** A word that grows by segments. */
class Drawing {
  readonly symbols: string[] = [];

  constructor(
    private readonly reader: LevelReader,
    private readonly automaton: BiNfa,
    /** Sets of segment states, none of which may become empty. */
    public reached: readonly Uint8Array[],
  ) {}

  /** Adds a segment of some length, closed by a separator; false if none was found. */
  draw(random: Random, length: () => number): boolean {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const content = this.content(random, length());
      if (content === undefined) continue;
      const closings = this.automaton.separators
        .map((separator) => ({
          separator,
          reached: this.reached.map((from) => this.reader.separator(from, content.subs, separator)),
        }))
        .filter(({ reached }) => reached.every((set) => set.includes(1)));
      if (closings.length === 0) continue;
      const { separator, reached } = random.choice(closings);
      this.symbols.push(...content.symbols, separator);
      this.reached = reached;
      return true;
    }
    return false;
  }

  /** Symbols after each of which some sub-state is reachable, and the last sub-states. */
  private content(
    random: Random,
    length: number,
  ): { readonly symbols: readonly string[]; readonly subs: Uint8Array } | undefined {
    const symbols: string[] = [];
    let subs = this.reader.subStart;
    while (symbols.length < length) {
      const next = this.automaton.symbols
        .map((name) => ({ name, subs: this.reader.symbol(subs, name) }))
        .filter((one) => one.subs.includes(1));
      if (next.length === 0) return undefined;
      const chosen = random.choice(next);
      symbols.push(chosen.name);
      subs = chosen.subs;
    }
    return { symbols, subs };
  }
}
