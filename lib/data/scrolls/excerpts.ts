// Excerpts of a text, cut between words: drawn anywhere, or around a place that has to be in them.

import { type Random } from '../../engine/random/random';

/** Places in a text, from the first character to the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * An excerpt of a text of at most that many characters, between spaces; the whole text if it is
 * short.
 */
export function drawExcerpt(text: string, length: number, random: Random): string {
  if (text.length <= length) return text;
  const start = text.indexOf(' ', random.integer(0, text.length - length));
  const end = text.lastIndexOf(' ', start + length);
  return text.slice(start + 1, end);
}

/**
 * Draws an excerpt that has a span in it, at any place of the excerpt with the same chance as far
 * as the text reaches.
 *
 * @param length most characters, at least those of the span
 */
export function drawSpanAround(text: string, within: Span, length: number, random: Random): Span {
  if (text.length <= length) return { start: 0, end: text.length };
  const first = Math.max(0, within.end - length);
  const last = Math.min(within.start, text.length - length);
  const from = random.integer(first, last + 1);
  const start = from === 0 ? 0 : text.indexOf(' ', from) + 1;
  const to = from + length;
  const end = to === text.length ? to : text.lastIndexOf(' ', to);
  // A span may stand between other signs than spaces.
  return {
    start: start === 0 && from > 0 ? within.start : Math.min(start, within.start),
    end: Math.max(end, within.end),
  };
}
