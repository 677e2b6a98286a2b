// Words as the ids a network takes; what it cannot take is refused here, before anything is
// computed.

import { DataError } from '../../base/errors';
import { alphabetOf, wordReader } from '../automata/alphabet';
import type { Word } from '../automata/automaton';
import type { Network } from './network';

/**
 * What turns words into the ids of a network's tokens, [length], without the start.
 *
 * @returns a function that throws DataError for a symbol that is not of the automaton, and for a
 *   word beyond the bounds of the network; `where` is the message's first words
 */
export function tokenReader(network: Network): (word: Word, where?: string) => Int32Array {
  const read = wordReader(alphabetOf(network.automaton));
  return (word, where = 'word') => {
    const ids = read(word, where).map((index) => index + 1);
    checkBounds(network, word, where);
    return ids;
  };
}

function checkBounds({ automaton, bounds }: Network, word: Word, where: string): void {
  const check = (count: number, most: number, what: string, option: string): void => {
    if (count > most)
      throw new DataError(
        `${where}: ${count} ${what}, and the network was compiled for ${most}; compile it with ${option} ${count}`,
      );
  };
  if (bounds.encoding === 'ape') {
    check(word.length, bounds.maxLength, 'symbols', '--max-length');
    return;
  }
  const separators = new Set(automaton.type === 'bi-nfa' ? automaton.separators : []);
  const lengths = symbolsInSegments(word, separators);
  check(lengths.length, bounds.maxSegments, 'segments', '--max-segments');
  check(Math.max(0, ...lengths), bounds.maxSegmentLength, 'symbols in a segment', '--max-segment');
}

/**
 * Symbols of each segment, its separator left out; a last one without a separator counts if it has
 * any.
 */
export function symbolsInSegments(word: Word, separators: ReadonlySet<string>): number[] {
  const lengths: number[] = [];
  let open = 0;
  for (const symbol of word)
    if (separators.has(symbol)) {
      lengths.push(open);
      open = 0;
    } else open += 1;
  return open > 0 ? [...lengths, open] : lengths;
}
