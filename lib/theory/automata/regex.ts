// Regular expressions as NFAs, by Glushkov's construction: a start, and a state for each position
// of the pattern that reads a character; no empty moves. The pattern has to match the whole word,
// and has the meaning that JavaScript's `u` flag gives it.

import type { Nfa } from './automaton';
import { Positions } from './regex-positions';
import { parsePattern } from './regex-syntax';

/**
 * Compiles a pattern to an NFA: literals, escapes (`\d \w \s \n \t \r` and those of punctuation),
 * `.`, classes `[a-z]` and `[^a-z]`, `|`, groups, and the quantifiers `* + ? {m} {m,} {m,n}`.
 *
 * @param given the alphabet, single characters; left out, the characters that the pattern names by
 *   themselves, by a range, or by an escape (its ASCII characters). `.` and `[^...]` name none and
 *   stand for the symbols that they match
 * @returns states `start`, and `p1`, `p2`, ... for the positions of the pattern from left to right,
 *   quantifiers written out
 * @throws DataError with the character of the pattern, counted from 1, and what to write instead
 */
export function compileRegex(pattern: string, given?: readonly string[]): Nfa {
  const { tree, symbols } = parsePattern(pattern, given);
  const positions = new Positions(pattern, symbols);
  const whole = positions.add(tree);
  positions.checkArrows(whole.first);
  const name = (position: number): string => `p${position + 1}`;
  const arrows = (from: string, targets: Iterable<number>): (readonly [string, string, string])[] =>
    [...targets]
      .sort((a, b) => a - b)
      .flatMap((target) => positions.read(target).map((symbol) => [from, symbol, name(target)] as const));
  const states = Array.from({ length: positions.count }, (_, position) => name(position));
  return {
    type: 'nfa',
    states: ['start', ...states],
    symbols,
    start: 'start',
    accept: [...(whole.nullable ? ['start'] : []), ...[...whole.last].sort((a, b) => a - b).map(name)],
    transitions: [
      ...arrows('start', whole.first),
      ...states.flatMap((state, position) => arrows(state, positions.follow(position))),
    ],
  };
}
