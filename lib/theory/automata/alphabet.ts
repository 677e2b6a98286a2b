// The alphabet of an automaton: words as indices, texts as words, and a hint for an unknown name.

import { DataError } from '../../base/errors';
import { closestName } from '../../base/suggest';
import type { Automaton, Word } from './automaton';
import { indexOfNames } from './relation';

/** The names of an automaton's alphabet: symbols, then the separators of a bilevel automaton. */
export function alphabetOf(automaton: Automaton): readonly string[] {
  return automaton.type === 'nfa' ? automaton.symbols : [...automaton.symbols, ...automaton.separators];
}

/**
 * Makes a reader of words: it gives indices of an alphabet, [symbols of the word].
 *
 * @returns a function that throws DataError for a name outside the alphabet, with its place in the
 *   word, counted from 1; `where` begins the message
 */
export function wordReader(alphabet: readonly string[]): (word: Word, where?: string) => Int32Array {
  const indices = indexOfNames(alphabet);
  return (word, where = 'word') =>
    new Int32Array(
      word.map((name, place) => {
        const index = indices.get(name);
        if (index === undefined)
          throw new DataError(
            `${where}: symbol ${place + 1}, ${JSON.stringify(name)}, is not in the alphabet; ${hintFor(name, alphabet)}`,
          );
        return index;
      }),
    );
}

/**
 * Splits a text into names, the longest name at each place: `the fish.` is `the`, `fish`, `.`.
 * Whitespace that is no name separates names and is left out.
 *
 * @throws DataError with line and column where no name of the alphabet stands
 */
export function wordOf(automaton: Automaton, text: string): Word {
  const alphabet = alphabetOf(automaton);
  const longestFirst = [...alphabet].sort((a, b) => b.length - a.length);
  const word: string[] = [];
  for (let place = 0; place < text.length;) {
    const name = longestFirst.find((candidate) => text.startsWith(candidate, place));
    if (name !== undefined) word.push(name);
    else if (/\S/.test(text.charAt(place))) throw unreadable(text, place, alphabet);
    place += name?.length ?? 1;
  }
  return word;
}

function unreadable(text: string, place: number, alphabet: readonly string[]): DataError {
  const before = text.slice(0, place).split('\n');
  const name = /^\S+/.exec(text.slice(place))?.[0] ?? '';
  return new DataError(
    `word: line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: no symbol begins ${JSON.stringify(name)}; ${hintFor(name, alphabet)}`,
  );
}

const LISTED = 24;

/** Suggests the name that was probably meant, or else lists the known names. */
export function hintFor(name: string, known: readonly string[]): string {
  const closest = closestName(name, known);
  if (closest !== undefined) return `did you mean ${JSON.stringify(closest)}?`;
  const listed = known.slice(0, LISTED).map((other) => JSON.stringify(other));
  return `known: ${listed.join(', ')}${known.length > LISTED ? `, and ${known.length - LISTED} more` : ''}`;
}
