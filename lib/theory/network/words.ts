// Turns words into a network's token ids, and refuses words beyond its bounds before anything is
// computed.

import { DataError } from '../../base/errors';
import { alphabetOf, wordReader } from '../automata/alphabet';
import type { Word } from '../automata/automaton';
import type { Network } from './network';

/**
 * Makes a reader of words: it gives the ids of a network's tokens, [length], without the start.
 *
 * @returns a function that throws DataError for a symbol that the automaton does not have, and for
 *   a word beyond the network's bounds; `where` begins the message
 */
export function tokenReader(network: Network): (word: Word, where?: string) => Int32Array {
  const read = wordReader(alphabetOf(network.automaton));
  return (word, where = 'word') => {
    const ids = read(word, where).map((index) => index + 1);
    const problem = beyondBounds(network, word);
    if (problem !== undefined) throw new DataError(`${where}: ${problem}`);
    return ids;
  };
}

/** Says where a word is beyond a network's bounds, and what to do; undefined if it is within. */
export function beyondBounds({ automaton, bounds }: Network, word: Word): string | undefined {
  const excess = (count: number, most: number, what: string, option: string): string | undefined =>
    count <= most
      ? undefined
      : `${count} ${what}, and the network was compiled for ${most}; compile it with ${option} ${count}`;
  if (bounds.encoding !== 'bipe') return excess(word.length, bounds.maxLength, 'symbols', '--max-length');
  const separators = new Set(automaton.type === 'bi-nfa' ? automaton.separators : []);
  const lengths = symbolsInSegments(word, separators);
  return (
    excess(lengths.length, bounds.maxSegments, 'segments', '--max-segments') ??
    excess(Math.max(0, ...lengths), bounds.maxSegmentLength, 'symbols in a segment', '--max-segment')
  );
}

/**
 * The number of symbols of each segment, without its separator. A last segment without a separator
 * counts if it has symbols.
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
