// A text as tokens with their positions, at its own length, which stands for the training length,
// and repeated to a greater one. Words and marks are tokens here, so that the page needs no
// vocabulary.

import { bilevelArrays } from '../../lib/segment/arrays';

/** Marks that end a segment, by the words for them. */
export const segmentEndings = {
  '. and new line (as in the paper)': ['.', '\n'],
  '. ! ? and new line': ['.', '!', '?', '\n'],
  '. ! ? , ; : and new line': ['.', '!', '?', ',', ';', ':', '\n'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A choice of marks. */
export type Ending = keyof typeof segmentEndings;

/** The choices in the order of the list. */
export const endings = Object.keys(segmentEndings) as readonly Ending[];

/** Tokens of a text that are shown; the rest is left out. */
export const mostTokens = 40;

/** The longest text is as many times as long as the one that was trained on. */
export const mostTimes = 16;

/** A text of tokens, and where each stands. Each array is [tokens]. */
export interface Reading {
  readonly tokens: readonly string[];
  /** The one position of a one-level encoding. */
  readonly position: Int32Array;
  /** Place inside the segment. */
  readonly place: Int32Array;
  /** Index of the segment. */
  readonly segment: Int32Array;
}

/** The words, numbers, marks and line ends of a text. */
export function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}]+|\p{N}+|\n|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
}

/** Reads `length` tokens of a text that is repeated as often as that takes. */
export function read(text: readonly string[], ending: Ending, length: number): Reading {
  const vocabulary = [...new Set(text)];
  const idOf = new Map(vocabulary.map((token, id) => [token, id]));
  const marks: readonly string[] = segmentEndings[ending];
  const separators = vocabulary.flatMap((token, id) => (marks.includes(token) ? [id] : []));
  const tokens = Array.from({ length }, (_, index) => text[index % text.length] ?? '');
  const ids = tokens.map((token) => idOf.get(token) ?? 0);
  const { intra: place, segment } = bilevelArrays(ids, separators);
  return { tokens, position: Int32Array.from(tokens.keys()), place, segment };
}

/** The largest of positions; 0 if there are none. */
export function largest(positions: Int32Array): number {
  return positions.reduce((most, position) => Math.max(most, position), 0);
}
